import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeyService } from "../sops/index.ts";
import { gpgKeyService } from "./gpg.ts";
import { pgpFailure } from "./pgp-failure.ts";
import { type SystemPgpOptions, systemPgpPorts } from "./ports-adapter.ts";

/** A GnuPG home of its own, with some keys in it. */
export interface PrivateGpgHome {
  readonly service: KeyService;
  /** Ends its agent and removes the folder. */
  end(): Promise<void>;
}

export interface PrivateGpgHomeOptions extends SystemPgpOptions {
  /** Where the folder is made, the shorter the better: the agent's socket is in it. The system's for temporary files when absent. */
  readonly folder?: string | undefined;
}

/**
 * Imports armored keys into a GnuPG home that nobody else uses. Only for keys without passphrase.
 *
 * @throws {KeyServiceError} `KEY_SERVICE_UNREACHABLE` without gpg, `KEY_SERVICE_BAD_SETTINGS` when a text is no key.
 */
export async function privateGpgHome(
  armored: readonly string[],
  { env, signal, folder = tmpdir() }: PrivateGpgHomeOptions,
): Promise<PrivateGpgHome> {
  const path = await mkdtemp(join(folder, "sealkit-gpg-"));
  const ports = systemPgpPorts({ env: { ...env, GNUPGHOME: path }, signal });
  const program = ports.env("SOPS_GPG_EXEC") ?? "gpg";
  const end = async () => {
    await ports.run("gpgconf", ["--kill", "all"], new Uint8Array());
    await rm(path, { recursive: true, force: true });
  };
  for (const text of armored) {
    const imported = await ports.run(program, ["--batch", "--no-tty", "--import"], Buffer.from(text));
    if (imported.kind === "ended" && imported.code === 0) continue;
    await end();
    throw pgpFailure({
      code: imported.kind === "ended" ? "KEY_SERVICE_BAD_SETTINGS" : "KEY_SERVICE_UNREACHABLE",
      verb: "decrypt",
      state:
        imported.kind === "ended" ? "gpg does not import the keys" : `${program} cannot be started: ${imported.reason}`,
      library: "could not load secring",
      binary: imported.kind === "ended" ? imported.stderr.trim() : "",
      hints: ["export them anew: gpg --armor --export-secret-keys FINGERPRINT"],
    });
  }
  return { service: gpgKeyService(ports), end };
}
