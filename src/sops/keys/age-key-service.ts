import { AgeError, decryptBytes, encryptBytes, parseRecipient } from "../../age/index.ts";
import { fieldOf } from "../metadata.ts";
import type { AgeIdentities } from "./age-identities.ts";
import { type KeyService, KeyServiceError } from "./key-service.ts";

/** Encrypts to age recipients and decrypts with the identities of a keyring. `enc` is an armored age file. */
export function ageKeyService(identities: AgeIdentities): KeyService {
  return {
    name: "age",
    async encrypt(key, dataKey) {
      const recipient = fieldOf(key, "recipient");
      try {
        const enc = await encryptBytes(dataKey, [parseRecipient(recipient)], { armor: true });
        return Buffer.from(enc).toString("latin1");
      } catch (error) {
        if (!(error instanceof AgeError)) throw error;
        throw new KeyServiceError("KEY_SERVICE_BAD_KEY", error.message, {
          original: error.original,
          details: error.details,
          hints: error.hints,
          cause: error,
        });
      }
    },
    async decrypt(key) {
      const { all } = identities;
      if (all.length === 0) throw noMatch("failed to load age identities");
      try {
        return (await decryptBytes(Buffer.from(fieldOf(key, "enc")), all)).reveal();
      } catch (error) {
        if (!(error instanceof AgeError)) throw error;
        if (error.code === "AGE_NO_MATCH") throw noMatch(`${READING}: ${NO_IDENTITY}`, error);
        throw new KeyServiceError("KEY_SERVICE_BAD_DATA", error.message, {
          original: `${READING}: ${error.original}`,
          details: error.details,
          cause: error,
        });
      }
    },
  };
}

const READING = "failed to create reader for decrypting sops data key with age";
const NO_IDENTITY = "identity did not match any of the recipients: incorrect identity for recipient block";

function noMatch(original: string, cause?: AgeError): KeyServiceError {
  return new KeyServiceError("KEY_SERVICE_NO_MATCH", "Cannot decrypt the data key: no identity is for this recipient", {
    original,
    cause,
  });
}
