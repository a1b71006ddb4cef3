import type { KeyServices } from "../../src/sops/index.ts";
import type { Io } from "../io.ts";
import { keyServicesForMany } from "../sops/keys/key-services.ts";

/**
 * The key services of whoever rehearses. Without PGP, as without age: a keyring that this machine happens to have would
 * prove nothing of the backup.
 */
export function askedKeyServices(io: Io): KeyServices {
  return new Map([...keyServicesForMany(io)].filter(([type]) => type !== "pgp"));
}
