import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { RawAnswer, RawRequest } from "./raw-server.ts";
import { checkSigV4, type Principal } from "./sigv4-check.ts";

/** A key of the fake service. */
export interface FakeKmsKey {
  /** `arn:aws:kms:eu-central-1:111122223333:key/…`. */
  readonly arn: string;
  readonly aliases?: readonly string[];
  readonly state?: "Enabled" | "Disabled" | "PendingDeletion";
  /** ARNs that may use it; everybody when absent. */
  readonly allowed?: readonly string[];
  readonly secret: Buffer;
}

export function fakeKmsKey(more: Partial<FakeKmsKey> = {}): FakeKmsKey {
  const arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
  return { arn, secret: randomBytes(32), ...more };
}

export interface FakeKms {
  readonly keys: readonly FakeKmsKey[];
  readonly principals: readonly Principal[];
  /** The service's clock. */
  readonly nowMs: () => number;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;
const MAX_PLAINTEXT_BYTES = 4096;
const MAX_CIPHERTEXT_BYTES = 6144;

/**
 * AWS KMS as a strict fake: `TrentService.Encrypt` and `.Decrypt`. Everything that the real service looks at is looked at:
 * method, path, target, content type, signature, region, each field and no other.
 */
export function answerKms(request: RawRequest, { keys, principals, nowMs }: FakeKms): RawAnswer {
  const target = /^TrentService\.(Encrypt|Decrypt)$/.exec(request.headers.get("x-amz-target") ?? "");
  if (request.method !== "POST" || request.target !== "/" || target === null) {
    return failed("UnknownOperationException", "", 404, nowMs);
  }
  if (request.headers.get("content-type") !== "application/x-amz-json-1.1") {
    return failed("SerializationException", "wrong content type", 400, nowMs);
  }
  const verdict = checkSigV4(request, principals, { service: "kms", nowMs: nowMs() });
  if ("error" in verdict) return failed(`${verdict.error}Exception`, verdict.message, 400, nowMs);
  let fields: unknown;
  try {
    fields = JSON.parse(request.body.toString("utf8"));
  } catch {
    return failed("SerializationException", "", 400, nowMs);
  }
  const input = readInput(fields, target[1] === "Encrypt" ? "Plaintext" : "CiphertextBlob");
  if (typeof input === "string") return failed("ValidationException", input, 400, nowMs);
  const key = keys.find(({ arn, aliases = [] }) => arn === input.keyId || aliases.includes(input.keyId));
  if (key === undefined || key.arn.split(":")[3] !== verdict.region) {
    return failed("NotFoundException", `Key '${input.keyId}' does not exist`, 400, nowMs);
  }
  if (key.allowed !== undefined && !key.allowed.includes(verdict.principal.arn)) {
    const message = `User: ${verdict.principal.arn} is not authorized to perform: kms:${target[1]} on resource: ${key.arn}`;
    return failed("AccessDeniedException", message, 400, nowMs);
  }
  if (key.state === "Disabled") return failed("DisabledException", `${key.arn} is disabled.`, 400, nowMs);
  if (key.state === "PendingDeletion") {
    return failed("KMSInvalidStateException", `${key.arn} is pending deletion.`, 400, nowMs);
  }
  const result = target[1] === "Encrypt" ? encrypt(key, input) : decrypt(key, input);
  if (result === undefined) return failed("InvalidCiphertextException", "", 400, nowMs);
  return answered(200, { KeyId: key.arn, EncryptionAlgorithm: "SYMMETRIC_DEFAULT", ...result }, nowMs);
}

interface Input {
  readonly keyId: string;
  readonly bytes: Buffer;
  readonly context: string;
}

function readInput(fields: unknown, name: "Plaintext" | "CiphertextBlob"): Input | string {
  if (typeof fields !== "object" || fields === null) return "the request is no object";
  const { KeyId, EncryptionContext, [name]: blob, ...others } = fields as Record<string, unknown>;
  const unknown = Object.keys(others);
  if (unknown.length > 0) return `unexpected field ${unknown[0]}`;
  if (typeof KeyId !== "string" || KeyId === "") return "KeyId is missing";
  if (typeof blob !== "string" || Buffer.from(blob, "base64").toString("base64") !== blob)
    return `${name} is no base64`;
  const bytes = Buffer.from(blob, "base64");
  const max = name === "Plaintext" ? MAX_PLAINTEXT_BYTES : MAX_CIPHERTEXT_BYTES;
  if (bytes.length === 0 || bytes.length > max) return `1 validation error detected: Value at '${name}' failed`;
  const context = EncryptionContext === undefined ? {} : EncryptionContext;
  if (context === null || typeof context !== "object" || Object.values(context).some((v) => typeof v !== "string")) {
    return "EncryptionContext is no map of texts";
  }
  return { keyId: KeyId, bytes, context: JSON.stringify(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))) };
}

function encrypt({ secret }: FakeKmsKey, { bytes, context }: Input): object {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", secret, iv).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return { CiphertextBlob: Buffer.concat([iv, body, cipher.getAuthTag()]).toString("base64") };
}

function decrypt({ secret }: FakeKmsKey, { bytes, context }: Input): object | undefined {
  if (bytes.length < IV_BYTES + TAG_BYTES) return undefined;
  const cipher = createDecipheriv("aes-256-gcm", secret, bytes.subarray(0, IV_BYTES));
  cipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const body = Buffer.concat([cipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), cipher.final()]);
    return { Plaintext: body.toString("base64") };
  } catch {
    return undefined;
  }
}

function answered(status: number, body: object, nowMs: () => number): RawAnswer {
  return {
    status,
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amzn-requestid": "00000000-0000-4000-8000-000000000000",
      date: new Date(nowMs()).toUTCString(),
    },
    body: JSON.stringify(body),
  };
}

function failed(type: string, message: string, status: number, nowMs: () => number): RawAnswer {
  return answered(status, { __type: type, ...(message === "" ? {} : { message }) }, nowMs);
}
