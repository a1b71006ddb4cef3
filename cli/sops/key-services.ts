import { vaultTransit } from "../../src/kms/index.ts";
import { systemPorts } from "../../src/kms/ports-adapter.ts";
import type { KeyService, KeyServices } from "../../src/sops/index.ts";
import type { Io } from "../io.ts";
import type { SopsFlags } from "./flags.ts";
import type { Doubts } from "./log.ts";

const ofProcess = new WeakMap<Io, KeyServices>();

/** The key services of this machine, besides age: each made once for a process. */
export function localKeyServices(io: Io): KeyServices {
  const known = ofProcess.get(io) ?? makeLocal(io);
  ofProcess.set(io, known);
  return known;
}

function makeLocal(io: Io): KeyServices {
  const ports = systemPorts({ env: io.env, signal: io.signal });
  return new Map([["hc_vault", vaultTransit(ports)]]);
}

/** The remote key services that flags and variables name, in the order in which they are asked. */
export async function remoteKeyServices(io: Io, flags: SopsFlags, doubts: Doubts): Promise<readonly KeyService[]> {
  const named = [...flags.texts("keyservice"), ...(io.env["SOPS_KEYSERVICE"] ?? "").split(",")];
  if (named.some((address) => address !== "")) {
    await doubts.raise("key services are not supported yet: only the identities of this machine are used");
  }
  return [];
}
