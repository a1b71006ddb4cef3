import { askJson, type Explanation } from "../http/ask-json.ts";
import { type HttpAnswer, jsonObject, textField } from "../http/message.ts";
import type { KmsPorts } from "../ports.ts";
import { readSecretUrl } from "../tokens/safe-url.ts";
import type { FoundHuawei, Problem } from "./lookup.ts";

/** An identity provider that Huawei Cloud trusts, and where its token is. */
export interface Federation {
  readonly idpId: string;
  readonly tokenFile: string;
  readonly projectId: string | undefined;
  /** The address of the identity service, when it is not the usual one. */
  readonly iamEndpoint: string | undefined;
  /** As people know the place that says so. */
  readonly where: string;
}

const STANDARD_IAM = "https://iam.myhuaweicloud.com";
const LIFETIME_S = 21_600;

/**
 * Temporary keys for a token of an identity provider: it is exchanged for one of Huawei Cloud, and that for keys.
 *
 * Source: Huawei Cloud's IAM API reference, "Obtaining a Token with an OpenID Connect ID Token" and "Obtaining a Temporary
 * Access Key and Security Token Through a Token"; recorded runs of sops 3.13.3.
 */
export async function federatedKeys(ports: KmsPorts, federation: Federation): Promise<FoundHuawei | Problem> {
  const { idpId, tokenFile, projectId, iamEndpoint, where } = federation;
  const no = (problem: string): Problem => ({ where, problem, isFinal: true });
  const given = iamEndpoint ?? STANDARD_IAM;
  const iam = readSecretUrl(given.includes("://") ? given : `https://${given}`);
  if (typeof iam === "string") return no(`the identity service cannot be asked: ${iam}`);
  if (!/^[\w.-]{1,128}$/.test(idpId)) return no("the id of the identity provider is malformed");
  const bytes = await ports.readFile(tokenFile);
  const idToken = bytes === undefined ? "" : new TextDecoder().decode(bytes).trim();
  if (!isToken(idToken)) return no(`the token file ${JSON.stringify(tokenFile)} cannot be read, or holds no token`);
  const ask = (path: string, headers: Readonly<Record<string, string>>, body: object, secrets: readonly string[]) =>
    askJson(
      ports,
      () => ({
        ...{ method: "POST", url: new URL(path, iam), body: JSON.stringify(body) },
        headers: { "content-type": "application/json;charset=UTF-8", ...headers },
      }),
      { who: `the identity service ${iam.host}`, secrets, explain },
    );
  const tokenBody = { auth: { id_token: { id: idToken } } };
  const exchanged = await ask("/v3.0/OS-AUTH/id-token/tokens", { "x-idp-id": idpId }, tokenBody, [idToken]);
  if (exchanged.kind === "refusal") return no(exchanged.state);
  const token = exchanged.header("x-subject-token") ?? "";
  if (!isToken(token)) return no(`the identity service ${iam.host} gives no token`);
  const identity = { methods: ["token"], token: { id: token, duration_seconds: LIFETIME_S } };
  const keys = await ask("/v3.0/OS-CREDENTIAL/securitytokens", {}, { auth: { identity } }, [idToken, token]);
  if (keys.kind === "refusal") return no(keys.state);
  const credential = keys.body["credential"];
  const [ak, sk] = [textField(credential, "access"), textField(credential, "secret")];
  if (!ak || !sk) return no(`the identity service ${iam.host} gives no keys`);
  const expires = new Date(textField(credential, "expires_at") ?? "");
  return {
    ...{ ak, sk, securityToken: textField(credential, "securitytoken"), projectId, iamEndpoint, where },
    ...(Number.isNaN(expires.getTime()) ? {} : { expires }),
  };
}

function isToken(text: string): boolean {
  return /^[\x21-\x7e]{1,65536}$/.test(text);
}

function explain(answer: HttpAnswer): Explanation {
  const body = jsonObject(answer);
  const error = body?.["error"];
  return {
    name: textField(body, "error_code") ?? textField(error, "title"),
    words: textField(body, "error_msg") ?? textField(error, "message"),
  };
}
