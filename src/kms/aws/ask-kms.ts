import { decodeBase64 } from "../../bytes/base64.ts";
import { KeyServiceError, type KeyServiceErrorCode, type KeyServiceErrorContext } from "../../sops/index.ts";
import { exchange } from "../http/exchange.ts";
import { codeOfFailure, codeOfStatus } from "../http/failure-code.ts";
import { type HttpAnswer, type HttpFailure, type HttpRequest, jsonObject, textField } from "../http/message.ts";
import { serverWords } from "../http/server-words.ts";
import type { KmsPorts } from "../ports.ts";
import { isTransient, jsonErrorCode, skewMs } from "./answers.ts";
import { type ChainResult, originalOfNone } from "./credentials/chain.ts";
import type { FoundCredentials } from "./credentials/found.ts";
import { endpointOf } from "./endpoint.ts";
import type { Identities, Identity } from "./identities.ts";
import { signV4 } from "./sigv4.ts";

export type KmsOperation = "Encrypt" | "Decrypt";

export interface KmsQuestion {
  readonly operation: KmsOperation;
  readonly arn: string;
  readonly identity: Identity;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Texts of the fields that no message may show, should the service repeat them. */
  readonly secrets: readonly string[];
}

export interface KmsAnswer {
  /** A field of bytes, 1 to `maxBytes` of them, with its base64. @throws {KeyServiceError} `KEY_SERVICE_BAD_ANSWER`. */
  bytes(name: string, maxBytes: number): { readonly bytes: Uint8Array; readonly text: string };
}

/** Asks AWS KMS one thing. @throws {KeyServiceError} */
export async function askKms(ports: KmsPorts, identities: Identities, question: KmsQuestion): Promise<KmsAnswer> {
  const { identity, operation } = question;
  const who = await identities.credentials(identity);
  if (who.kind !== "found") throw noCredentials(question, who);
  const url = endpointOf(ports, "kms", identity.region, await identities.endpoints(identity.profile));
  if (url === undefined) {
    throw failed(question, "KEY_SERVICE_BAD_SETTINGS", "AWS_ENDPOINT_URL_KMS or AWS_ENDPOINT_URL is no address");
  }
  const plain: HttpRequest = {
    ...{ method: "POST", url, body: JSON.stringify(question.fields) },
    headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": `TrentService.${operation}` },
  };
  let offsetMs = 0;
  const makeRequest = () => {
    const now = new Date(ports.now().getTime() + offsetMs);
    return signV4(plain, who.credentials, { service: "kms", region: identity.region, now });
  };
  const outcome = await exchange(ports, makeRequest, {
    limits: { attempts: 3 },
    isTransient(answer) {
      const code = jsonErrorCode(answer);
      const skew = offsetMs === 0 ? skewMs(answer, code, ports.now()) : 0;
      offsetMs += skew;
      return skew !== 0 || isTransient(code);
    },
  });
  if (outcome.kind === "failure") throw noAnswer(question, outcome, url);
  if (outcome.status !== 200) throw refused(question, outcome, who.credentials, url);
  return answerOf(question, outcome, url);
}

function answerOf(question: KmsQuestion, outcome: HttpAnswer, url: URL): KmsAnswer {
  const object = jsonObject(outcome);
  return {
    bytes(name, maxBytes) {
      const text = textField(object, name) ?? "";
      const { bytes } = decodeBase64(text);
      if (bytes !== undefined && bytes.length > 0 && bytes.length <= maxBytes) return { bytes, text };
      const state =
        object === undefined ? "its answer is no JSON object" : `its answer has no ${name} that can be used`;
      throw failed(question, "KEY_SERVICE_BAD_ANSWER", state, {
        original: `https response error StatusCode: ${outcome.status}, RequestID: ${requestId(outcome)}, deserialization failed`,
        details: [`asked at ${url.host}`],
      });
    },
  };
}

/** Exceptions that the original's library knows by name; it says `api error` before all others. */
const MODELED =
  /^(DependencyTimeout|Disabled|IncorrectKey|InvalidCiphertext|InvalidGrantToken|InvalidKeyUsage|KeyUnavailable|KMSInternal|KMSInvalidState|NotFound)Exception$/;

const CODES: ReadonlyMap<string, KeyServiceErrorCode> = new Map([
  ["AccessDeniedException", "KEY_SERVICE_DENIED"],
  ["ExpiredTokenException", "KEY_SERVICE_DENIED"],
  ["IncompleteSignatureException", "KEY_SERVICE_DENIED"],
  ["InvalidClientTokenId", "KEY_SERVICE_DENIED"],
  ["InvalidSignatureException", "KEY_SERVICE_DENIED"],
  ["MissingAuthenticationTokenException", "KEY_SERVICE_DENIED"],
  ["OptInRequired", "KEY_SERVICE_DENIED"],
  ["UnrecognizedClientException", "KEY_SERVICE_DENIED"],
  ["IncorrectKeyException", "KEY_SERVICE_BAD_DATA"],
  ["InvalidCiphertextException", "KEY_SERVICE_BAD_DATA"],
  ["NotFoundException", "KEY_SERVICE_MISSING_KEY"],
  ["LimitExceededException", "KEY_SERVICE_THROTTLED"],
  ["RequestLimitExceeded", "KEY_SERVICE_THROTTLED"],
  ["Throttling", "KEY_SERVICE_THROTTLED"],
  ["ThrottlingException", "KEY_SERVICE_THROTTLED"],
]);

const HINTS: Readonly<Record<string, string>> = {
  ExpiredTokenException: "these credentials have ended: log in again",
  InvalidSignatureException:
    "compare the secret access key with the one you were given, and this machine's clock with the time",
  UnrecognizedClientException: "AWS does not know this access key: look which one is used, and whether it still holds",
};

function refused(
  question: KmsQuestion,
  answer: HttpAnswer,
  { secretAccessKey, sessionToken, where }: FoundCredentials,
  url: URL,
): KeyServiceError {
  const code = jsonErrorCode(answer) ?? "UnknownError";
  const body = jsonObject(answer);
  const said = textField(body, "message") ?? textField(body, "Message") ?? "";
  const secrets = [...question.secrets, secretAccessKey, ...(sessionToken === undefined ? [] : [sessionToken])];
  const words = serverWords(said, secrets);
  const head = MODELED.test(code) ? code : `api error ${code}`;
  const tries = isTransient(code) || answer.status >= 500 ? "exceeded maximum number of attempts, 3, " : "";
  return failed(question, CODES.get(code) ?? codeOfStatus(answer.status), `it answers ${code}`, {
    original: `${tries}https response error StatusCode: ${answer.status}, RequestID: ${requestId(answer)}, ${head}: ${words}`,
    details: [
      ...(words === "" ? [] : [words.replace(/\s+/g, " ")]),
      `HTTP status ${answer.status} of ${url.host}`,
      `asked with ${where}`,
    ],
    hints: Object.hasOwn(HINTS, code) ? [HINTS[code] ?? ""] : [],
  });
}

function requestId(answer: HttpAnswer): string {
  const id = answer.header("x-amzn-requestid") ?? "";
  return /^[\w-]{1,64}$/.test(id) ? id : "";
}

function noAnswer(question: KmsQuestion, { reason, state, status = 0 }: HttpFailure, url: URL): KeyServiceError {
  const tries = reason === "unreachable" || reason === "timeout" ? "exceeded maximum number of attempts, 3, " : "";
  const sent = status === 0 ? `request send failed, Post "${url.href}": ${state}` : `api error UnknownError: ${state}`;
  return failed(question, codeOfFailure(reason), state, {
    original: `${tries}https response error StatusCode: ${status}, RequestID: , ${sent}`,
    details: [`asked at ${url.host}${status === 0 ? "" : `, HTTP status ${status}`}`],
  });
}

function noCredentials(question: KmsQuestion, who: Exclude<ChainResult, { kind: "found" }>): KeyServiceError {
  if (who.kind === "none") {
    return failed(question, "KEY_SERVICE_NO_CREDENTIALS", "no credentials for AWS were found", {
      original: `get identity: get credentials: ${originalOfNone(who.tried)}`,
      details: who.tried.map(({ where, problem }) => `${where}: ${problem}`),
      hints: ["export AWS_PROFILE=NAME, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", "aws sso login"],
    });
  }
  const { where, problem, original, hint } = who;
  const error = failed(question, "KEY_SERVICE_NO_CREDENTIALS", "the credentials for AWS cannot be used", {
    original: `get identity: get credentials: ${original ?? problem}`,
    details: [`${where}: ${problem}`],
    hints: hint === undefined ? [] : [hint],
  });
  if (original === undefined || !/^(could not load|failed to assume)/.test(original)) return error;
  // These the original prints as they are.
  return new KeyServiceError(error.code, error.message, { original, details: error.details, hints: error.hints });
}

function failed(
  { operation, arn, identity }: KmsQuestion,
  code: KeyServiceErrorCode,
  state: string,
  more: Partial<KeyServiceErrorContext> = {},
): KeyServiceError {
  const doing = operation.toLowerCase();
  const details = [`key ${arn}`, ...(identity.role === "" ? [] : [`role ${identity.role}`]), ...(more.details ?? [])];
  return new KeyServiceError(code, `Cannot ${doing} the data key with AWS KMS: ${state}`, {
    ...more,
    details,
    original: `failed to ${doing} sops data key with AWS KMS: operation error KMS: ${operation}, ${more.original ?? state}`,
  });
}
