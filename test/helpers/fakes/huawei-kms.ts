import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from "node:crypto";
import type { RawAnswer, RawRequest } from "./raw-server.ts";

export interface HuaweiUser {
  readonly ak: string;
  readonly sk: string;
  readonly securityToken?: string;
}

export const WANG: HuaweiUser = { ak: "QTWAOYTTINDUT2QVKYUC", sk: "canary-MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc" };

export interface FakeHuawei {
  readonly users: HuaweiUser[];
  readonly projectId: string;
  readonly region: string;
  /** Key UUID → secret of 32 bytes. */
  readonly keys: Map<string, Buffer>;
  /** An identity provider whose token is exchanged for the keys of the last user. */
  federation: { readonly idpId: string; readonly idToken: string } | undefined;
  /** Projects that IAM lists, by the name of their region. */
  readonly projects: Map<string, readonly string[]>;
  skewMs: number;
  answer(request: RawRequest): RawAnswer;
}

const AUTHORIZATION = /^SDK-HMAC-SHA256 Access=([^,\s]+), SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/;
const TOLERANCE_MS = 15 * 60_000;

/** KMS and IAM of Huawei Cloud as a strict fake: every field, header and signature is looked at, from the raw request. */
export function fakeHuawei(ourNowMs: () => number = Date.now): FakeHuawei {
  const state = {
    users: [WANG],
    projectId: "53d1aefc533f4ce9a59c26b01667cbcf",
    region: "cn-north-4",
    keys: new Map([["0d0466b0-e727-4d9c-b35d-f84bb474a37f", randomBytes(32)]]),
    projects: new Map([["cn-north-4", ["53d1aefc533f4ce9a59c26b01667cbcf"]]]),
    skewMs: 0,
    federation: undefined as FakeHuawei["federation"],
  };
  return Object.assign(state, {
    answer(request: RawRequest): RawAnswer {
      const exchanged = exchange(request, state);
      if (exchanged !== undefined) return exchanged;
      const wrong = signatureFault(request, state.users, ourNowMs() + state.skewMs);
      if (wrong !== undefined) return gateway(401, "APIGW.0301", `Incorrect IAM authentication information: ${wrong}`);
      const [path = "", query = ""] = request.target.split("?");
      if (request.method === "GET" && path === "/v3/projects") {
        const name = new URLSearchParams(query).get("name") ?? "";
        const projects = (state.projects.get(name) ?? []).map((id) => ({ id, name }));
        return json(200, { projects, links: {} });
      }
      const match = /^\/v1\.0\/([^/]+)\/kms\/(encrypt|decrypt)-data$/.exec(path);
      if (request.method !== "POST" || match === null || query !== "")
        return gateway(404, "APIGW.0101", "The API does not exist");
      if (match[1] !== state.projectId || request.headers.get("x-project-id") !== state.projectId) {
        return kms(403, "KMS.0301", "Invalid or null X-Auth-Token.");
      }
      if (request.headers.get("content-type") !== "application/json;charset=UTF-8")
        return kms(400, "KMS.0201", "content type");
      return match[2] === "encrypt" ? encrypt(request, state.keys) : decrypt(request, state.keys);
    },
  });
}

const IAM_TOKEN = "canary-iam-token";

/** The two steps from a token of an identity provider to keys; undefined for other requests. */
function exchange(
  { method, target, headers, body }: RawRequest,
  { federation, users }: Pick<FakeHuawei, "federation" | "users">,
): RawAnswer | undefined {
  if (!target.startsWith("/v3.0/")) return undefined;
  if (headers.has("authorization") || method !== "POST") return gateway(400, "IAM.0001", "fake: request");
  const given = body.toString("utf8").trim();
  if (target === "/v3.0/OS-AUTH/id-token/tokens") {
    const isRight =
      headers.get("x-idp-id") === federation?.idpId &&
      given === JSON.stringify({ auth: { id_token: { id: federation?.idToken } } });
    if (!isRight) return gateway(401, "IAM.0101", "The token is not accepted.");
    const token = { expires_at: "2099-01-01T00:00:00.000000Z", methods: ["mapped"] };
    return { ...json(201, { token }), headers: { "x-subject-token": IAM_TOKEN, "x-request-id": "r-1" } };
  }
  const identity = { methods: ["token"], token: { id: IAM_TOKEN, duration_seconds: 21_600 } };
  const isRight = target === "/v3.0/OS-CREDENTIAL/securitytokens" && given === JSON.stringify({ auth: { identity } });
  if (!isRight) return gateway(401, "IAM.0102", "fake: keys");
  const { ak, sk, securityToken } = users.at(-1) ?? WANG;
  const expires_at = "2099-01-01T00:00:00.000000Z";
  return json(201, { credential: { access: ak, secret: sk, securitytoken: securityToken, expires_at } });
}

function signatureFault(request: RawRequest, users: readonly HuaweiUser[], nowMs: number): string | undefined {
  const match = AUTHORIZATION.exec(request.headers.get("authorization") ?? "");
  if (match === null) return "decode authorization header failed";
  const [, ak = "", signed = "", signature = ""] = match;
  const user = users.find((known) => known.ak === ak);
  if (user === undefined || user.securityToken !== request.headers.get("x-security-token"))
    return "Get secretKey failed";
  const time = request.headers.get("x-sdk-date") ?? "";
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time)?.slice(1).map(Number);
  if (parts === undefined) return "x-sdk-date is malformed";
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0] = parts;
  if (Math.abs(Date.UTC(y, mo - 1, d, h, mi, s) - nowMs) > TOLERANCE_MS)
    return `signature expired, signature time: ${time}`;
  const names = signed.split(";");
  if (names.join() !== [...new Set(names)].sort().join()) return "signed headers are not sorted";
  if (!names.includes("x-sdk-date")) return "x-sdk-date is not signed";
  for (const name of ["x-project-id", "x-security-token"]) {
    if (request.headers.has(name) && !names.includes(name)) return `${name} is not signed`;
  }
  const [path = "", query = ""] = request.target.split("?");
  const canonical = [
    request.method,
    path.endsWith("/") ? path : `${path}/`,
    query.split("&").sort().join("&"),
    ...names.map((name) => `${name}:${(request.headers.get(name) ?? "").trim()}`),
    "",
    signed,
    createHash("sha256").update(request.body).digest("hex"),
  ].join("\n");
  const toSign = `SDK-HMAC-SHA256\n${time}\n${createHash("sha256").update(canonical).digest("hex")}`;
  const wanted = createHmac("sha256", user.sk).update(toSign).digest("hex");
  return wanted === signature ? undefined : "verify aksk signature fail";
}

function fieldsOf(request: RawRequest, names: readonly string[]): Record<string, string> | string {
  let value: unknown;
  try {
    value = JSON.parse(request.body.toString("utf8"));
  } catch {
    return "The request is no JSON";
  }
  if (typeof value !== "object" || value === null) return "The request is no object";
  const odd = Object.entries(value).find(([name, text]) => !names.includes(name) || typeof text !== "string");
  if (odd !== undefined) return `odd field ${odd[0]}`;
  const missing = names.find((name) => !Object.hasOwn(value, name));
  return missing === undefined ? (value as Record<string, string>) : `field ${missing} is missing`;
}

function encrypt(request: RawRequest, keys: ReadonlyMap<string, Buffer>): RawAnswer {
  const fields = fieldsOf(request, ["key_id", "plain_text", "encryption_algorithm"]);
  if (typeof fields === "string") return kms(400, "KMS.0201", fields);
  const { key_id: id = "", plain_text: text = "", encryption_algorithm: algorithm } = fields;
  const secret = keys.get(id);
  if (secret === undefined) return kms(404, "KMS.0402", "The key does not exist.");
  if (algorithm !== "SYMMETRIC_DEFAULT" || text === "" || text.length > 4096) return kms(400, "KMS.0201", "plain_text");
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", secret, iv);
  const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  // As long as the service's: 128 characters at least.
  const sealed = Buffer.concat([Buffer.from(id), iv, body, cipher.getAuthTag()]).toString("base64");
  return json(200, { key_id: id, cipher_text: sealed });
}

function decrypt(request: RawRequest, keys: ReadonlyMap<string, Buffer>): RawAnswer {
  const fields = fieldsOf(request, ["key_id", "cipher_text", "encryption_algorithm"]);
  if (typeof fields === "string") return kms(400, "KMS.0201", fields);
  const { key_id: id = "", cipher_text: text = "", encryption_algorithm: algorithm } = fields;
  const secret = keys.get(id);
  if (secret === undefined) return kms(404, "KMS.0402", "The key does not exist.");
  if (algorithm !== "SYMMETRIC_DEFAULT" || !/^[0-9a-zA-Z+/=]{128,5648}$/.test(text))
    return kms(400, "KMS.0201", "cipher_text");
  const sealed = Buffer.from(text, "base64");
  if (sealed.subarray(0, 36).toString() !== id) return kms(400, "KMS.0309", "Invalid ciphertext.");
  try {
    const cipher = createDecipheriv("aes-256-gcm", secret, sealed.subarray(36, 48)).setAuthTag(sealed.subarray(-16));
    const plain = Buffer.concat([cipher.update(sealed.subarray(48, -16)), cipher.final()]).toString("utf8");
    return json(200, { key_id: id, plain_text: plain, plain_text_base64: Buffer.from(plain).toString("base64") });
  } catch {
    return kms(400, "KMS.0309", "Invalid ciphertext.");
  }
}

const json = (status: number, body: object): RawAnswer => ({
  status,
  headers: { "content-type": "application/json", "x-request-id": "0" },
  body: JSON.stringify(body),
});
const kms = (status: number, error_code: string, error_msg: string) =>
  json(status, { error: { error_code, error_msg } });
const gateway = (status: number, error_code: string, error_msg: string) =>
  json(status, { error_code, error_msg, request_id: "0" });
