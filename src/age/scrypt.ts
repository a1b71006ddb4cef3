import { primitives } from "#primitives";
import { decodeBase64Unpadded, encodeBase64Unpadded } from "../bytes/base64.ts";
import { concat } from "../bytes/concat.ts";
import { quoteGo } from "../bytes/go-quote.ts";
import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { AgeError, headerError } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { FILE_KEY_BYTES, type Identity, type Recipient } from "./recipient.ts";
import type { Stanza } from "./stanza.ts";

export const SCRYPT = "scrypt";
const SALT_LABEL = "age-encryption.org/v1/scrypt";
const SALT_BYTES = 16;
const BODY_BYTES = FILE_KEY_BYTES + 16;
const ZERO_NONCE = new Uint8Array(12);

/** About a second of work on one core, and 256 MiB. */
const DEFAULT_LOG_N = 18;

export interface PassphraseRecipientOptions {
  /** Base-two logarithm of scrypt's cost, 1 to 30; default 18. */
  readonly logN?: number;
}

/** Whoever knows the passphrase. It has to be a file's only recipient: the random label sees to it. */
export function passphraseRecipient(
  passphrase: string,
  { logN = DEFAULT_LOG_N }: PassphraseRecipientOptions = {},
): Recipient {
  if (passphrase === "") throw new RangeError('"passphrase" expected at least one character, got none');
  if (!Number.isInteger(logN) || logN < 1 || logN > 30) throw new RangeError(`"logN" expected 1 to 30, got ${logN}`);
  return {
    name: "passphrase",
    async wrap(fileKey) {
      const salt = primitives.randomBytes(SALT_BYTES);
      const key = await primitives.scrypt(encodeUtf8(passphrase), saltFor(salt), logN);
      const body = primitives.chacha20Poly1305Seal(key, ZERO_NONCE, fileKey);
      const stanza = { type: SCRYPT, args: [encodeBase64Unpadded(salt), `${logN}`], body };
      return { stanzas: [stanza], labels: [encodeHex(primitives.randomBytes(16))] };
    },
  };
}

export interface PassphraseIdentityOptions {
  /** The most work that a file may ask for; default 22, which is 4 GiB. */
  readonly maxLogN?: number;
}

/** Reads files encrypted with a passphrase. */
export function passphraseIdentity(
  passphrase: string,
  { maxLogN = LIMITS.scryptLogN }: PassphraseIdentityOptions = {},
): Identity {
  return {
    name: "passphrase",
    async unwrap(stanzas) {
      for (const stanza of stanzas.filter(({ type }) => type === SCRYPT)) {
        const { salt, logN } = parametersOf(stanza, maxLogN);
        const key = await primitives.scrypt(encodeUtf8(passphrase), saltFor(salt), logN);
        const fileKey = primitives.chacha20Poly1305Open(key, ZERO_NONCE, stanza.body);
        if (fileKey !== undefined) return fileKey;
      }
      return undefined;
    },
  };
}

function saltFor(salt: Uint8Array): Uint8Array {
  return concat(encodeUtf8(SALT_LABEL), salt);
}

function parametersOf({ args, body }: Stanza, maxLogN: number): { salt: Uint8Array; logN: number } {
  const [saltText, logNText] = args;
  if (saltText === undefined || logNText === undefined || args.length !== 2) {
    throw headerError("invalid scrypt recipient block", "");
  }
  const salt = decodeBase64Unpadded(saltText);
  if (salt.bytes === undefined) {
    throw headerError(`illegal base64 data at input byte ${salt.illegalAt}`, "failed to parse scrypt salt: ");
  }
  if (salt.bytes.length !== SALT_BYTES) throw headerError("invalid scrypt recipient block", "");
  if (!/^[1-9][0-9]*$/.test(logNText)) {
    throw headerError(`scrypt work factor encoding invalid: ${quoteGo(logNText.slice(0, 100))}`, "");
  }
  const logN = Number(logNText);
  // Longer than any number of 64 bits: not even worth parsing exactly.
  if (logNText.length > 19 || BigInt(logNText) > 2n ** 63n - 1n) {
    const why = `strconv.Atoi: parsing ${quoteGo(logNText.slice(0, 100))}: value out of range`;
    throw headerError(why, "failed to parse scrypt work factor: ");
  }
  if (logN > maxLogN) {
    throw new AgeError("AGE_WORK_FACTOR", "Cannot decrypt age file: its passphrase needs too much work", {
      original: `scrypt work factor too large: ${logN}`,
      details: [`work factor ${logN}, at most ${maxLogN} is allowed`],
    });
  }
  if (body.length !== BODY_BYTES) throw headerError("incorrect file key size", "invalid scrypt recipient block: ");
  return { salt: salt.bytes, logN };
}
