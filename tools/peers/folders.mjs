import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** Where the Go modules and Python requirements that pin the tools are. */
export const pins = (...parts) => join(root, "test/peers", ...parts);

/** The folder that holds the binaries: `.peers/bin`, or what `SEALKIT_PEERS` names. */
export function peersFolder() {
  const chosen = process.env.SEALKIT_PEERS;
  return chosen ? resolve(chosen) : join(root, ".peers/bin");
}
