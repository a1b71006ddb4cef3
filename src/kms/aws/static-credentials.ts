import { KeyServiceError } from "../../sops/index.ts";
import { readManifests, YamlError } from "../../yaml/index.ts";
import type { AwsCredentials } from "./sigv4.ts";

/**
 * Credentials as a decryption Secret has them under `sops.aws-kms`: a YAML mapping of `aws_access_key_id`,
 * `aws_secret_access_key` and, with temporary ones, `aws_session_token`.
 *
 * @throws {KeyServiceError} `KEY_SERVICE_BAD_SETTINGS`; it names the field, never what stands there.
 */
export function readAwsCredentials(text: string): AwsCredentials {
  const value = firstDocument(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed("they are no YAML mapping");
  const fields = new Map(Object.entries(value));
  const field = (name: string): string | undefined => {
    const given = fields.get(name);
    if (given === undefined || given === null || given === "") return undefined;
    // What would break a header, or was read as a number, is no key.
    if (typeof given !== "string" || !/^[\x21-\x7e]+$/.test(given))
      throw malformed(`${name} is no text without blanks`);
    return given;
  };
  const accessKeyId = field("aws_access_key_id");
  const secretAccessKey = field("aws_secret_access_key");
  const sessionToken = field("aws_session_token");
  if (accessKeyId === undefined) throw malformed("aws_access_key_id is missing");
  if (secretAccessKey === undefined) throw malformed("aws_secret_access_key is missing");
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

function firstDocument(text: string): unknown {
  try {
    return readManifests(text, { mode: "lenient" }).manifests[0]?.value;
  } catch (error) {
    // The message of the reader may show a line.
    if (error instanceof YamlError) throw malformed("they are no YAML");
    throw error;
  }
}

function malformed(state: string): KeyServiceError {
  return new KeyServiceError("KEY_SERVICE_BAD_SETTINGS", `Cannot use the credentials for AWS KMS: ${state}`, {
    original: state,
    hints: ["aws_access_key_id: …\naws_secret_access_key: …"],
  });
}
