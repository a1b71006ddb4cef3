import { askJson } from "../http/ask-json.ts";
import type { Refusal } from "../http/refusal.ts";
import type { KmsPorts } from "../ports.ts";
import { type AccessToken, tokenOf } from "./access-token.ts";
import { explainOauth } from "./explain-oauth.ts";

/** Fields whose values no message may show, should the endpoint repeat them. */
const SECRET_FIELDS: readonly string[] = [
  "assertion",
  "client_assertion",
  "client_secret",
  "password",
  "refresh_token",
  "subject_token",
];

/**
 * Asks a token endpoint: a form goes in, a token comes out. Source: RFC 6749 §4.4.
 *
 * @param makeForm Called for each try: statements carry the time.
 */
export async function formToken(
  ports: KmsPorts,
  url: URL,
  makeForm: () => Readonly<Record<string, string>>,
): Promise<AccessToken | Refusal> {
  const who = `the token endpoint ${url.host}`;
  const secrets: string[] = [];
  const makeRequest = () => {
    const form = makeForm();
    for (const name of SECRET_FIELDS) if (form[name] !== undefined) secrets.push(form[name]);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return { method: "POST" as const, url, headers, body: new URLSearchParams(form).toString() };
  };
  const answer = await askJson(ports, makeRequest, { who, secrets, explain: explainOauth });
  return answer.kind === "refusal" ? answer : tokenOf(ports, answer.body, who);
}
