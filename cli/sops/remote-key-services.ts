import { parseServiceAddress, remoteKeyService } from "../../src/kms/index.ts";
import { serviceCaller } from "../../src/kms/remote/client-adapter.ts";
import type { KeyService } from "../../src/sops/index.ts";
import type { Io } from "../io.ts";
import type { SopsFlags } from "./flags.ts";
import type { Doubts } from "./log.ts";

/** The remote key services that flags, or else the variable, name, in the order in which they are asked. */
export async function remoteKeyServices(io: Io, flags: SopsFlags, doubts: Doubts): Promise<readonly KeyService[]> {
  const ofFlags = flags.texts("keyservice");
  const named = ofFlags.length > 0 ? ofFlags : (io.env["SOPS_KEYSERVICE"] ?? "").split(",");
  const services: KeyService[] = [];
  for (const text of named.map((address) => address.trim()).filter((address) => address !== "")) {
    const address = parseServiceAddress(text);
    if (address === undefined) {
      await doubts.raise(
        `the key service ${JSON.stringify(text)} is passed over: it is not of the form tcp://host:port or unix:///path`,
      );
    } else services.push(remoteKeyService(address, serviceCaller(address, { signal: io.signal })));
  }
  return services;
}
