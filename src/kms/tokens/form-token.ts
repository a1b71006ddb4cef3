import type { ClearText } from "../../clear-text.ts";
import { askJson } from "../http/ask-json.ts";
import type { Refusal } from "../http/refusal.ts";
import type { Fetch, KmsPorts } from "../ports.ts";
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

export interface FormOptions {
  /** A connection of its own: one that shows a certificate. */
  readonly fetch?: Fetch | undefined;
  /** Whom the endpoint knows the form's sender as, in a header. Source: RFC 6749 §2.3.1. */
  readonly client?: { readonly id: string; readonly secret: ClearText } | undefined;
}

/**
 * Asks a token endpoint: a form goes in, a token comes out. Source: RFC 6749 §4.4.
 *
 * @param makeForm Called for each try: statements carry the time.
 */
export async function formToken(
  ports: KmsPorts,
  url: URL,
  makeForm: () => Readonly<Record<string, string>>,
  { fetch, client }: FormOptions = {},
): Promise<AccessToken | Refusal> {
  const who = `the token endpoint ${url.host}`;
  const basic = client === undefined ? undefined : basicOf(client);
  const secrets: string[] = client === undefined ? [] : [client.secret.revealText(), basicOf(client)];
  const makeRequest = () => {
    const form = makeForm();
    for (const name of SECRET_FIELDS) if (form[name] !== undefined) secrets.push(form[name]);
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      ...(basic === undefined ? {} : { authorization: `Basic ${basic}` }),
    };
    return { method: "POST" as const, url, headers, body: new URLSearchParams(form).toString() };
  };
  const answer = await askJson(ports, makeRequest, { who, secrets, explain: explainOauth, fetch });
  return answer.kind === "refusal" ? answer : tokenOf(ports, answer.body, who);
}

function basicOf({ id, secret }: NonNullable<FormOptions["client"]>): string {
  const parts = [id, secret.revealText()].map(encodeURIComponent);
  return Buffer.from(parts.join(":")).toString("base64");
}
