import { awsKms, vaultTransit } from "../../src/kms/index.ts";
import { systemPorts } from "../../src/kms/ports-adapter.ts";
import type { KeyServices } from "../../src/sops/index.ts";
import type { Io } from "../io.ts";
import { runForCredentials } from "./credential-process-adapter.ts";

const ofProcess = new WeakMap<Io, KeyServices>();

/** The key services of this machine, besides age: each made once for a process. */
export function localKeyServices(io: Io): KeyServices {
  const known = ofProcess.get(io) ?? makeLocal(io);
  ofProcess.set(io, known);
  return known;
}

function makeLocal(io: Io): KeyServices {
  const ports = systemPorts({ env: io.env, signal: io.signal, run: (line) => runForCredentials(io, line) });
  return new Map([
    ["kms", awsKms(ports)],
    ["hc_vault", vaultTransit(ports)],
  ]);
}
