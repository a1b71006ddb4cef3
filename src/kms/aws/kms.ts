import { decodeBase64, encodeBase64 } from "../../bytes/base64.ts";
import { fieldOf, type KeyService, KeyServiceError, type MasterKey } from "../../sops/index.ts";
import type { KmsPorts } from "../ports.ts";
import { regionOfKey } from "./arn.ts";
import { askKms, type KmsOperation } from "./ask-kms.ts";
import { withCaBundle } from "./ca-bundle.ts";
import { awsIdentities } from "./identities.ts";
import { contextsOfOldVersions } from "./old-context.ts";
import type { AwsCredentials } from "./sigv4.ts";

export interface AwsKmsOptions {
  /** These and no others. Addresses of services are still those of the environment. */
  readonly credentials?: AwsCredentials | undefined;
}

/** What KMS takes and gives at most. */
const MAX_CIPHERTEXT_BYTES = 6144;
const MAX_PLAINTEXT_BYTES = 4096;

/**
 * AWS KMS: a data key is encrypted to an ARN, with the encryption context, role and profile of the key's entry. `enc` is
 * the base64 of what the service gives.
 *
 * Source: the AWS KMS API reference, `Encrypt` and `Decrypt`.
 */
export function awsKms(machine: KmsPorts, options: AwsKmsOptions = {}): KeyService {
  const ports = withCaBundle(machine);
  const identities = awsIdentities(ports, options.credentials);
  const ask = (
    operation: KmsOperation,
    key: MasterKey,
    fields: Readonly<Record<string, unknown>>,
    secrets: readonly string[],
  ) => {
    const arn = fieldOf(key, "arn");
    const place = regionOfKey(arn);
    if ("problem" in place) {
      throw new KeyServiceError(
        "KEY_SERVICE_BAD_KEY",
        `Cannot ask AWS KMS for ${JSON.stringify(arn)}: ${place.problem}`,
        {
          original: place.original,
          hints: ["a key is named so: arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
        },
      );
    }
    const identity = { region: place.region, role: fieldOf(key, "role"), profile: fieldOf(key, "aws_profile") };
    return askKms(ports, identities, { operation, arn, identity, fields: { KeyId: arn, ...fields }, secrets });
  };

  return {
    name: "AWS KMS",

    async encrypt(key, dataKey) {
      const Plaintext = encodeBase64(dataKey);
      const answer = await ask("Encrypt", key, { EncryptionContext: Object.fromEntries(contextOf(key)), Plaintext }, [
        Plaintext,
      ]);
      return answer.bytes("CiphertextBlob", MAX_CIPHERTEXT_BYTES).text;
    },

    async decrypt(key) {
      const CiphertextBlob = fieldOf(key, "enc");
      checkCiphertext(key, CiphertextBlob);
      const context = contextOf(key);
      const decryptWith = async (EncryptionContext: ReadonlyMap<string, string>) => {
        const fields = { CiphertextBlob, EncryptionContext: Object.fromEntries(EncryptionContext) };
        return (await ask("Decrypt", key, fields, [])).bytes("Plaintext", MAX_PLAINTEXT_BYTES).bytes;
      };
      try {
        return await decryptWith(context);
      } catch (error) {
        const others = isBadData(error) ? contextsOfOldVersions(context) : [];
        for (const other of others) {
          const dataKey = await decryptWith(other).catch((again: unknown) => {
            if (!isBadData(again)) throw again;
          });
          if (dataKey !== undefined) return dataKey;
        }
        throw error;
      }
    },
  };
}

function contextOf({ fields }: MasterKey): ReadonlyMap<string, string> {
  const context = fields.get("context");
  return typeof context === "object" ? context : new Map();
}

function isBadData(error: unknown): boolean {
  return error instanceof KeyServiceError && error.code === "KEY_SERVICE_BAD_DATA";
}

function checkCiphertext(key: MasterKey, enc: string): void {
  const bytes = decodeBase64(enc).bytes?.length ?? 0;
  if (bytes > 0 && bytes <= MAX_CIPHERTEXT_BYTES) return;
  const state = enc === "" ? "it is empty" : bytes === 0 ? "it is no base64" : "it is longer than any of AWS KMS";
  throw new KeyServiceError("KEY_SERVICE_BAD_DATA", `Cannot decrypt the data key of ${fieldOf(key, "arn")}: ${state}`, {
    original:
      "failed to decrypt sops data key with AWS KMS: operation error KMS: Decrypt, InvalidCiphertextException: ",
    hints: ["take the file from version control again"],
  });
}
