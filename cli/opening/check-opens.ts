import { type Keyring, SealedError, scopeLabel, sealItem } from "../../src/sealed/index.ts";
import type { SealingCertificate } from "../../src/x509/index.ts";
import { CliError } from "../errors.ts";
import type { Io } from "../io.ts";
import { warn } from "../output.ts";

const PROBE = new TextEncoder().encode("probe");

/**
 * Proves once that what is sealed for the certificate opens with a key at hand, before anything is replaced. Warns
 * when its private key is not there.
 *
 * @throws {CliError} `CLI_BAD_INPUT`
 */
export async function checkOpens(keyring: Keyring, { spki, fingerprint }: SealingCertificate, io: Io): Promise<void> {
  if (!keyring.fingerprints.includes(fingerprint)) {
    await warn(io, `the private key of ${fingerprint} is not among those at hand: no one here can check that it opens`);
    return;
  }
  const label = scopeLabel("cluster-wide", "", "");
  try {
    const { clearText } = await keyring.open(await sealItem(spki, PROBE, label), label, { only: fingerprint });
    if (Buffer.from(clearText.reveal()).equals(PROBE)) return;
  } catch (cause) {
    if (!(cause instanceof SealedError)) throw cause;
  }
  throw new CliError(
    "CLI_BAD_INPUT",
    `Cannot seal for ${fingerprint}: its private key does not open what is sealed for it`,
    {
      hints: ["the set of keys is damaged: take another copy"],
    },
  );
}
