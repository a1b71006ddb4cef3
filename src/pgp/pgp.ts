import { type KeyService, KeyServiceError } from "../sops/index.ts";
import { gpgFolder, gpgKeyService } from "./gpg.ts";
import { openPgpKeyService } from "./openpgp.ts";
import type { PgpPorts } from "./ports.ts";

/**
 * PGP with the keys of this machine: the `gpg` binary, and where it is not there or has not the key, the optional package
 * `openpgp` with the rings that old versions of GnuPG kept and `gpg --export` still writes: `secring.gpg`, `pubring.gpg`.
 */
export function pgpKeyService(ports: PgpPorts): KeyService {
  const gpg = gpgKeyService(ports);
  const rings = openPgpKeyService(() => readRings(ports));
  const elsewhere = async <T>(first: () => Promise<T>, second: () => Promise<T>): Promise<T> => {
    try {
      return await first();
    } catch (error) {
      if (!(error instanceof KeyServiceError) || !ELSEWHERE.has(error.code)) throw error;
      if ((await readRings(ports)).length === 0) throw error;
      return await second();
    }
  };
  return {
    name: "PGP",
    encrypt: (key, dataKey) =>
      elsewhere(
        () => gpg.encrypt(key, dataKey),
        () => rings.encrypt(key, dataKey),
      ),
    decrypt: (key) =>
      elsewhere(
        () => gpg.decrypt(key),
        () => rings.decrypt(key),
      ),
  };
}

/** Failures of the binary after which a ring may still help. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  "KEY_SERVICE_UNREACHABLE",
  "KEY_SERVICE_MISSING_KEY",
  "KEY_SERVICE_NO_MATCH",
]);

async function readRings(ports: PgpPorts): Promise<readonly Uint8Array[]> {
  const folder = gpgFolder(ports);
  const rings = await Promise.all(["secring.gpg", "pubring.gpg"].map((name) => ports.readFile(`${folder}/${name}`)));
  return rings.filter((ring) => ring !== undefined && ring.length > 0).map((ring) => ring ?? new Uint8Array());
}
