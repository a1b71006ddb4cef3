import { KeyServiceError, type KeyServiceErrorCode } from "../sops/index.ts";

export type Verb = "encrypt" | "decrypt";

/** What went wrong, for people and for the original's line. */
export interface PgpFailure {
  readonly code: KeyServiceErrorCode;
  readonly verb: Verb;
  /** One clause. */
  readonly state: string;
  /** What the original says of its library, and of the binary behind it. */
  readonly library: string;
  readonly binary: string;
  readonly details?: readonly string[];
  readonly hints?: readonly string[];
  readonly cause?: unknown;
}

export function pgpFailure({ code, verb, state, library, binary, details, hints, cause }: PgpFailure): KeyServiceError {
  return new KeyServiceError(code, `Cannot ${verb} the data key with PGP: ${state}`, {
    original:
      `could not ${verb} data key with PGP key: github.com/ProtonMail/go-crypto/openpgp error: ${library}; ` +
      `GnuPG binary error: failed to ${verb} sops data key with pgp: ${binary}`,
    details: details ?? [],
    hints: hints ?? [],
    cause,
  });
}

const LONG_ID_DIGITS = 16;

/** The error of a text that is no fingerprint. */
export function badFingerprint(text: string, verb: Verb): KeyServiceError {
  return pgpFailure({
    code: "KEY_SERVICE_BAD_KEY",
    verb,
    state: `${JSON.stringify(text.slice(0, 100))} is neither a fingerprint nor a key ID of 16 digits`,
    library: notInRing(text),
    binary: `gpg: '${text.replace(/!$/, "").slice(-LONG_ID_DIGITS)}' is not a valid long keyID`,
    hints: ["gpg --list-keys --with-subkey-fingerprint shows the fingerprints"],
  });
}

export function notInRing(fingerprint: string): string {
  return `key with fingerprint '${fingerprint}' is not available in keyring`;
}
