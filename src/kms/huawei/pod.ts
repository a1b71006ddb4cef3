import { exchange } from "../http/exchange.ts";
import { jsonObject, textField } from "../http/message.ts";
import type { KmsPorts } from "../ports.ts";
import { readPublicUrl } from "../tokens/safe-url.ts";
import type { FoundHuawei, Problem } from "./lookup.ts";

const LIMITS = { timeoutMs: 3_000, attempts: 2, maxAnswerBytes: 64 * 1024 };

/**
 * Temporary keys of a pod in CCE: its agent gives them for the token of the pod's account.
 *
 * Source: recorded runs of sops 3.13.3.
 */
export async function podKeys(ports: KmsPorts): Promise<FoundHuawei | Problem> {
  const where = "HC_CONTAINER_CREDENTIALS_FULL_URI";
  const address = ports.env(where);
  const tokenFile = ports.env("HC_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (address === undefined) return { where, problem: "not set" };
  if (tokenFile === undefined) return { where, problem: "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE is not set" };
  const url = readPublicUrl(address);
  if (typeof url === "string") return { where, problem: url };
  const bytes = await ports.readFile(tokenFile);
  const token = bytes === undefined ? "" : new TextDecoder().decode(bytes).trim();
  if (!/^[\x21-\x7e]{1,65536}$/.test(token)) {
    return { where, problem: `the token file ${JSON.stringify(tokenFile)} cannot be read, or holds no token` };
  }
  const headers = { "content-type": "application/json; charset=utf-8", authorization: token };
  const answer = await exchange(ports, () => ({ method: "POST", url, headers, body: "{}" }), { limits: LIMITS });
  if (answer.kind === "failure") return { where, problem: `the agent ${url.host}: ${answer.state}` };
  const given = jsonObject(answer)?.["credentials"];
  // Two ways to write it.
  const ak = textField(given, "accessKeyId") ?? textField(given, "access");
  const sk = textField(given, "secretAccessKey") ?? textField(given, "secret");
  if (answer.status !== 200 || !ak || !sk) {
    return { where, problem: `the agent ${url.host} gives no keys: HTTP status ${answer.status}` };
  }
  const expires = new Date(textField(given, "expiration") ?? textField(given, "expires_at") ?? "");
  return {
    ...{ ak, sk, where },
    securityToken: textField(given, "securityToken") ?? textField(given, "securitytoken"),
    projectId: ports.env("HUAWEICLOUD_SDK_PROJECT_ID"),
    ...(Number.isNaN(expires.getTime()) ? {} : { expires }),
  };
}
