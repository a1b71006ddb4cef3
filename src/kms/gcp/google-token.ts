import { ClearText } from "../../clear-text.ts";
import { type AskOptions, askJson, type Explanation } from "../http/ask-json.ts";
import { type HttpAnswer, jsonObject, textField } from "../http/message.ts";
import { type Refusal, refusal } from "../http/refusal.ts";
import type { KmsPorts } from "../ports.ts";
import { type AccessToken, isBearerToken, type TokenSource } from "../tokens/access-token.ts";
import { formToken } from "../tokens/form-token.ts";
import { signJwt } from "../tokens/jwt.ts";
import type { AuthorizedUser, GoogleCredentials, ImpersonatedAccount, ServiceAccount } from "./credentials-file.ts";
import type { ExternalAccount } from "./federation/external-account.ts";
import { subjectOf } from "./federation/subject.ts";

export const GOOGLE_SCOPES: readonly string[] = [
  "https://www.googleapis.com/auth/cloud-platform",
  "https://www.googleapis.com/auth/cloudkms",
];
const CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform";
const JWT_LIFETIME_S = 3600;

/** Where the access tokens of credentials come from. Every call gets a new one: see `renewing`. */
export function googleTokens(ports: KmsPorts, credentials: GoogleCredentials): TokenSource {
  switch (credentials.kind) {
    case "service_account":
      return () => serviceAccountToken(ports, credentials);
    case "authorized_user":
      return () => userToken(ports, credentials);
    case "external_account":
      return () => externalToken(ports, credentials);
    case "impersonated_service_account":
      return () => impersonatedToken(ports, credentials);
  }
}

/** Source: RFC 7523, and Google's "Using OAuth 2.0 for server to server applications". */
async function serviceAccountToken(ports: KmsPorts, account: ServiceAccount): Promise<AccessToken | Refusal> {
  const { email, keyId, privateKey, tokenUrl } = account;
  const statement = () => {
    const iat = Math.floor(ports.now().getTime() / 1000);
    const claims = {
      iss: email,
      scope: GOOGLE_SCOPES.join(" "),
      aud: tokenUrl.href,
      iat,
      exp: iat + JWT_LIFETIME_S,
    };
    return signJwt({ alg: "RS256", ...(keyId === undefined ? {} : { kid: keyId }) }, claims, privateKey);
  };
  const form = () => ({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: statement() });
  return await formToken(ports, tokenUrl, form);
}

const USER_TOKEN_URL = new URL("https://oauth2.googleapis.com/token");

async function userToken(ports: KmsPorts, user: AuthorizedUser): Promise<AccessToken | Refusal> {
  const form = () => ({
    grant_type: "refresh_token",
    client_id: user.clientId,
    client_secret: user.clientSecret.revealText(),
    refresh_token: user.refreshToken.revealText(),
  });
  return await formToken(ports, USER_TOKEN_URL, form);
}

/** Source: RFC 8693, and Google's documentation of workload identity federation. */
async function externalToken(ports: KmsPorts, account: ExternalAccount): Promise<AccessToken | Refusal> {
  const { client, impersonationUrl, workforceProject } = account;
  const subject = await subjectOf(ports, account);
  if (subject.kind === "refusal") return subject;
  const scopes = impersonationUrl === undefined ? GOOGLE_SCOPES.join(" ") : CLOUD_PLATFORM;
  const hasProject = workforceProject !== undefined && client === undefined;
  const form = () => ({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    audience: account.audience,
    scope: scopes,
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token: subject.token,
    subject_token_type: account.subjectTokenType,
    ...(hasProject ? { options: JSON.stringify({ userProject: workforceProject }) } : {}),
  });
  const token = await formToken(ports, account.tokenUrl, form, { fetch: subject.fetch, client });
  if (token.kind === "refusal" || impersonationUrl === undefined) return token;
  return await impersonate(ports, token, { url: impersonationUrl, delegates: [], lifetimeS: account.impersonationS });
}

async function impersonatedToken(ports: KmsPorts, account: ImpersonatedAccount): Promise<AccessToken | Refusal> {
  const token = await googleTokens(ports, account.source)();
  if (token.kind === "refusal") return token;
  return await impersonate(ports, token, { url: account.impersonationUrl, delegates: account.delegates });
}

interface Impersonation {
  readonly url: URL;
  readonly delegates: readonly string[];
  readonly lifetimeS?: number | undefined;
}

/** Source: `projects.serviceAccounts.generateAccessToken` of the IAM credentials API. */
async function impersonate(
  ports: KmsPorts,
  { token }: AccessToken,
  { url, delegates, lifetimeS = JWT_LIFETIME_S }: Impersonation,
): Promise<AccessToken | Refusal> {
  const bearer = token.revealText();
  const who = "the impersonation of a service account";
  const answer = await askJson(
    ports,
    () => ({
      method: "POST",
      url,
      headers: { "content-type": "application/json", authorization: `Bearer ${bearer}` },
      body: JSON.stringify({
        scope: GOOGLE_SCOPES,
        lifetime: `${lifetimeS}s`,
        ...(delegates.length === 0 ? {} : { delegates }),
      }),
    }),
    { who, secrets: [bearer], explain: explainGoogle },
  );
  if (answer.kind === "refusal") return answer;
  const text = textField(answer.body, "accessToken");
  const untilMs = Date.parse(textField(answer.body, "expireTime") ?? "");
  if (text === undefined || !isBearerToken(text)) {
    return refusal("KEY_SERVICE_BAD_ANSWER", `${who}: its answer has no access token`);
  }
  return { kind: "token", token: ClearText.fromText(text), untilMs: Number.isNaN(untilMs) ? 0 : untilMs };
}

/** How the services of Google say why not: a status in words, and a message. */
export const explainGoogle: AskOptions["explain"] = (answer: HttpAnswer): Explanation => {
  const error = jsonObject(answer)?.["error"];
  const name = textField(error, "status");
  return {
    name,
    words: textField(error, "message"),
    code: name === undefined ? undefined : CODES.get(name),
    original: (words) => `googleapi: Error ${answer.status}: ${words}`,
  };
};

const CODES: ReadonlyMap<string, Refusal["code"]> = new Map([
  ["PERMISSION_DENIED", "KEY_SERVICE_DENIED"],
  ["UNAUTHENTICATED", "KEY_SERVICE_DENIED"],
  ["NOT_FOUND", "KEY_SERVICE_MISSING_KEY"],
  ["INVALID_ARGUMENT", "KEY_SERVICE_BAD_DATA"],
  ["RESOURCE_EXHAUSTED", "KEY_SERVICE_THROTTLED"],
  ["DEADLINE_EXCEEDED", "KEY_SERVICE_TIMEOUT"],
]);
