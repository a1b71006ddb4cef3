import { decodeBase64, encodeBase64 } from "../../bytes/base64.ts";
import {
  fieldOf,
  type KeyService,
  KeyServiceError,
  type KeyServiceErrorCode,
  type MasterKey,
} from "../../sops/index.ts";
import { exchange } from "../http/exchange.ts";
import { codeOfFailure, codeOfStatus } from "../http/failure-code.ts";
import { type HttpAnswer, type HttpOutcome, type HttpRequest, jsonObject, textField } from "../http/message.ts";
import { serverWords } from "../http/server-words.ts";
import type { KmsPorts } from "../ports.ts";
import { huaweiCredentials } from "./credentials.ts";
import { iamEndpoint, kmsEndpoint, parseHuaweiKey } from "./endpoint.ts";
import type { FoundHuawei } from "./lookup.ts";
import { type HuaweiCredentials, signHuawei } from "./sign.ts";

export interface HuaweiKmsOptions {
  /** These and no others. Addresses of services are still those of the environment. */
  readonly credentials?: (HuaweiCredentials & { readonly projectId?: string | undefined }) | undefined;
}

const MAX_CIPHERTEXT_CHARACTERS = 8192;
const MAX_PLAINTEXT_BYTES = 4096;
const CONTENT_TYPE = "application/json;charset=UTF-8";

/**
 * Huawei Cloud KMS: a data key is encrypted to `REGION:UUID`. `enc` is the ciphertext as the service writes it. What is
 * encrypted is the base64 of the data key, because the service takes text.
 *
 * Source: the API reference of Data Encryption Workshop, `EncryptData` and `DecryptData`.
 */
export function huaweiKms(ports: KmsPorts, options: HuaweiKmsOptions = {}): KeyService {
  const given = options.credentials;
  const only: FoundHuawei | undefined =
    given === undefined ? undefined : { ...given, where: "the credentials that were given" };
  const find = only === undefined ? huaweiCredentials(ports) : async () => only;
  const places = only === undefined ? ports : { ...ports, readFile: noFiles };
  const projects = new Map<string, Promise<string>>();

  const ask = async (call: Call, key: MasterKey, fields: Readonly<Record<string, string>>): Promise<HttpAnswer> => {
    const named = parseHuaweiKey(call.key);
    if (named === undefined) {
      throw failed(call, "KEY_SERVICE_BAD_KEY", "it is not named as REGION:UUID", {
        original: `invalid key ID format: expected 'region:key-uuid', got ${JSON.stringify(fieldOf(key, "key_id"))}`,
        hints: ["a key is named so: cn-north-4:0d0466b0-e727-4d9c-b35d-f84bb474a37f"],
      });
    }
    const who = await find();
    if (!("ak" in who)) {
      throw failed(call, "KEY_SERVICE_NO_CREDENTIALS", "no credentials for Huawei Cloud were found", {
        original: "failed to get HuaweiCloud credentials: unable to get credential in providers",
        details: who.map(({ where, problem }) => `${where}: ${problem}`),
        hints: ["set HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK and HUAWEICLOUD_SDK_PROJECT_ID"],
      });
    }
    const projectId = who.projectId ?? (await projectOf(call, named.region, who));
    if (!isProjectId(projectId)) throw failed(call, "KEY_SERVICE_BAD_SETTINGS", "the project id is malformed", {});
    const endpoint = await kmsEndpoint(places, named.region);
    if (endpoint === undefined) throw failed(call, "KEY_SERVICE_BAD_SETTINGS", "its configured address is none", {});
    const url = new URL(endpoint);
    url.pathname = `${url.pathname.replace(/\/$/, "")}/v1.0/${projectId}/kms/${call.doing}-data`;
    const body = JSON.stringify({ key_id: named.id, ...fields, encryption_algorithm: "SYMMETRIC_DEFAULT" });
    const headers = { "content-type": CONTENT_TYPE, "x-project-id": projectId };
    const outcome = await send(who, { method: "POST", url, headers, body });
    return goodAnswer(call, outcome, who, url, Object.values(fields));
  };

  const send = (who: FoundHuawei, request: HttpRequest): Promise<HttpOutcome> =>
    exchange(ports, () => signHuawei(request, who, ports.now()), { limits: { attempts: 3 } });

  const projectOf = (call: Call, region: string, who: FoundHuawei): Promise<string> => {
    const name = `${who.ak} ${region}`;
    const known = projects.get(name) ?? askProject(call, region, who);
    projects.set(name, known);
    known.catch(() => projects.delete(name));
    return known;
  };

  const askProject = async (call: Call, region: string, who: FoundHuawei): Promise<string> => {
    const url = iamEndpoint(ports, region, who.iamEndpoint);
    if (url === undefined)
      throw failed(call, "KEY_SERVICE_BAD_SETTINGS", "the address of the identity service is none", {});
    url.pathname = "/v3/projects";
    url.searchParams.set("name", region);
    const outcome = await send(who, { method: "GET", url, headers: { "content-type": CONTENT_TYPE } });
    const projects = jsonObject(goodAnswer(call, outcome, who, url, []))?.["projects"];
    const ids = (Array.isArray(projects) ? projects : []).map((project) => textField(project, "id") ?? "");
    const [id = "", ...others] = ids;
    if (ids.length === 1 && isProjectId(id)) return id;
    const state =
      others.length > 0
        ? `the account has ${ids.length} projects for ${region}`
        : `the account has no project for ${region}`;
    throw failed(call, "KEY_SERVICE_BAD_SETTINGS", state, {
      original: `failed to get project id of region '${region}' automatically`,
      hints: ["export HUAWEICLOUD_SDK_PROJECT_ID=…"],
    });
  };

  return {
    name: "Huawei Cloud KMS",

    async encrypt(key, dataKey) {
      const call: Call = { doing: "encrypt", key: fieldOf(key, "key_id") };
      const answer = await ask(call, key, { plain_text: encodeBase64(dataKey) });
      const text = textField(jsonObject(answer), "cipher_text") ?? "";
      if (isCiphertext(text)) return text;
      throw failed(call, "KEY_SERVICE_BAD_ANSWER", "its answer has no cipher_text that can be used", {
        original: "encryption response missing ciphertext",
      });
    },

    async decrypt(key) {
      const call: Call = { doing: "decrypt", key: fieldOf(key, "key_id") };
      const enc = fieldOf(key, "enc");
      if (!isCiphertext(enc)) {
        throw failed(call, "KEY_SERVICE_BAD_DATA", enc === "" ? "its entry is empty" : "its entry is damaged", {
          hints: ["take the file from version control again"],
        });
      }
      const answer = await ask(call, key, { cipher_text: enc });
      const text = textField(jsonObject(answer), "plain_text");
      const { bytes } = decodeBase64(text ?? "");
      if (bytes !== undefined && bytes.length > 0 && bytes.length <= MAX_PLAINTEXT_BYTES) return bytes;
      throw failed(call, "KEY_SERVICE_BAD_ANSWER", "its answer has no plain_text that can be used", {
        original:
          text === undefined ? "decryption response missing plaintext" : "failed to base64 decode decrypted data key",
      });
    },
  };
}

interface Call {
  readonly doing: "encrypt" | "decrypt";
  /** The key as people know it. */
  readonly key: string;
}

const noFiles = async () => undefined;

function isProjectId(text: string): boolean {
  return /^[\w-]{1,64}$/.test(text);
}

function isCiphertext(text: string): boolean {
  return text.length <= MAX_CIPHERTEXT_CHARACTERS && /^[0-9a-zA-Z+/=]+$/.test(text);
}

function goodAnswer(
  call: Call,
  outcome: HttpOutcome,
  { sk, securityToken, where }: FoundHuawei,
  url: URL,
  sent: readonly string[],
): HttpAnswer {
  if (outcome.kind === "failure") {
    throw failed(call, codeOfFailure(outcome.reason), outcome.state, { details: [`asked at ${url.host}`] });
  }
  if (outcome.status === 200) return outcome;
  const body = jsonObject(outcome);
  const error = body?.["error"] ?? body;
  const named = textField(error, "error_code") ?? "";
  const code = /^[\w.-]{1,60}$/.test(named) ? named : "an error without a code";
  const secrets = [...sent, sk, ...(securityToken === undefined ? [] : [securityToken])];
  const words = serverWords(textField(error, "error_msg") ?? "", secrets);
  throw failed(call, codeOfStatus(outcome.status), `it answers ${code}`, {
    original: JSON.stringify({
      status_code: outcome.status,
      request_id: "",
      error_code: named === code ? code : "",
      error_message: words,
    }),
    details: [
      ...(words === "" ? [] : [words.replace(/\s+/g, " ")]),
      `HTTP status ${outcome.status} of ${url.host}`,
      `asked with ${where}`,
    ],
    hints: /^APIGW\.0301$/.test(code)
      ? ["compare AK and SK with those you were given, and this machine's clock with the time"]
      : [],
  });
}

function failed(
  { doing, key }: Call,
  code: KeyServiceErrorCode,
  state: string,
  more: { readonly original?: string; readonly details?: readonly string[]; readonly hints?: readonly string[] },
): KeyServiceError {
  return new KeyServiceError(code, `Cannot ${doing} the data key with Huawei Cloud KMS: ${state}`, {
    ...more,
    details: [`key ${key}`, ...(more.details ?? [])],
    original: `failed to ${doing} sops data key with HuaweiCloud KMS: ${more.original ?? state}`,
  });
}
