import type { KeyService } from "../../../src/sops/index.ts";
import type { Io } from "../../io.ts";
import type { SopsFlags } from "../call/flags.ts";
import type { Doubts } from "../call/log.ts";

/** The remote key services that flags, or else the variable, name, in the order in which they are asked. */
export async function remoteKeyServices(io: Io, flags: SopsFlags, doubts: Doubts): Promise<readonly KeyService[]> {
  const ofFlags = flags.texts("keyservice");
  const texts = ofFlags.length > 0 ? ofFlags : (io.env["SOPS_KEYSERVICE"] ?? "").split(",");
  const named = texts.map((address) => address.trim()).filter((address) => address !== "");
  if (named.length === 0) return [];
  // Most calls name none, and the clouds are long to load.
  const { parseServiceAddress, remoteKeyService } = await import("../../../src/kms/index.ts");
  const { serviceCaller } = await import("../../../src/kms/remote/client-adapter.ts");
  const services: KeyService[] = [];
  for (const text of named) {
    const address = parseServiceAddress(text);
    if (address === undefined) {
      await doubts.raise(
        `the key service ${JSON.stringify(text)} is passed over: it is not of the form tcp://host:port or unix:///path`,
      );
    } else services.push(remoteKeyService(address, serviceCaller(address, { signal: io.signal })));
  }
  return services;
}
