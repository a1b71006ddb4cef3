import {
  AgeError,
  type AgeErrorCode,
  decryptBytes,
  encryptBytes,
  type Plugins,
  parseRecipient,
  type Recipient,
} from "../../age/index.ts";
import { fieldOf } from "../metadata/metadata.ts";
import type { AgeIdentities } from "./age-identities.ts";
import { identityReport } from "./identity-report.ts";
import { type KeyService, KeyServiceError, type KeyServiceErrorCode } from "./key-service.ts";

/** Files of a folder have the same recipients, and reading one costs half of encrypting to it. */
const MAX_REMEMBERED = 100;

/** Encrypts to age recipients and decrypts with the identities of a keyring. `enc` is an armored age file. */
export function ageKeyService(identities: AgeIdentities, plugins?: Plugins): KeyService {
  const recipients = new Map<string, Recipient>();
  const recipientOf = (text: string): Recipient => {
    const known = recipients.get(text) ?? parseRecipient(text, { plugins });
    if (recipients.size >= MAX_REMEMBERED) recipients.clear();
    recipients.set(text, known);
    return known;
  };
  return {
    name: "age",
    async encrypt(key, dataKey) {
      try {
        const enc = await encryptBytes(dataKey, [recipientOf(fieldOf(key, "recipient"))], { armor: true });
        return Buffer.from(enc).toString("latin1");
      } catch (error) {
        if (!(error instanceof AgeError)) throw error;
        throw new KeyServiceError(CODES[error.code] ?? "KEY_SERVICE_BAD_KEY", error.message, {
          original: error.original,
          details: error.details,
          hints: error.hints,
          cause: error,
        });
      }
    },
    async decrypt(key) {
      const { all, sources } = identities;
      if (all.length === 0) throw noMatch(`failed to load age identities${identityReport(sources)}`);
      try {
        return (await decryptBytes(Buffer.from(fieldOf(key, "enc")), all)).reveal();
      } catch (error) {
        if (!(error instanceof AgeError)) throw error;
        const isNoMatch = error.code === "AGE_NO_MATCH";
        const reason = isNoMatch ? (all.length === 1 ? NO_IDENTITY : NO_IDENTITIES) : error.original;
        const original = `failed to create reader for decrypting sops data key with age: ${reason}${identityReport(sources)}`;
        if (isNoMatch) throw noMatch(original, error);
        throw new KeyServiceError(CODES[error.code] ?? "KEY_SERVICE_BAD_DATA", error.message, {
          original,
          details: error.details,
          hints: error.hints,
          cause: error,
        });
      }
    },
  };
}

const NO_IDENTITY = "identity did not match any of the recipients: incorrect identity for recipient block";
const NO_IDENTITIES = "no identity matched any of the recipients";

const CODES: Partial<Record<AgeErrorCode, KeyServiceErrorCode>> = {
  AGE_IDENTITY_LOCKED: "KEY_SERVICE_NO_CREDENTIALS",
  AGE_PLUGIN_BROKEN: "KEY_SERVICE_BAD_ANSWER",
  AGE_PLUGIN_MISSING: "KEY_SERVICE_UNREACHABLE",
  AGE_PLUGIN_REFUSED: "KEY_SERVICE_DENIED",
  AGE_WRONG_PASSPHRASE: "KEY_SERVICE_NO_CREDENTIALS",
};

function noMatch(original: string, cause?: AgeError): KeyServiceError {
  return new KeyServiceError("KEY_SERVICE_NO_MATCH", "Cannot decrypt the data key: no identity is for this recipient", {
    original,
    cause,
  });
}
