import { exchange } from "../../http/exchange.ts";
import { codeOfFailure, codeOfStatus } from "../../http/failure-code.ts";
import { textField } from "../../http/message.ts";
import { type Refusal, refusal } from "../../http/refusal.ts";
import type { KmsPorts } from "../../ports.ts";
import { isBearerToken } from "../../tokens/access-token.ts";
import type { SubjectSource } from "./subject-source.ts";

type OfKind<Kind> = Extract<SubjectSource, { kind: Kind }>;

/** A token that stands in a file. */
export async function fileSubject(ports: KmsPorts, { path, field }: OfKind<"file">): Promise<string | Refusal> {
  const bytes = await ports.readFile(path);
  if (bytes !== undefined) return tokenIn(new TextDecoder().decode(bytes), field);
  return refusal("KEY_SERVICE_NO_CREDENTIALS", `the token file ${JSON.stringify(path)} cannot be read`);
}

/** A token that a server gives out. */
export async function urlSubject(ports: KmsPorts, { url, headers, field }: OfKind<"url">): Promise<string | Refusal> {
  const outcome = await exchange(ports, () => ({ method: "GET", url, headers }));
  const who = `the credential source ${url.host}`;
  if (outcome.kind === "failure") return refusal(codeOfFailure(outcome.reason), `${who}: ${outcome.state}`);
  if (outcome.status !== 200) return refusal(codeOfStatus(outcome.status), `${who} answers ${outcome.status}`);
  return tokenIn(new TextDecoder().decode(outcome.body), field);
}

function tokenIn(text: string, field: string | undefined): string | Refusal {
  const token = field === undefined ? text.trim() : fieldOfJson(text, field);
  if (token !== undefined && isBearerToken(token)) return token;
  return refusal("KEY_SERVICE_NO_CREDENTIALS", "the credential source of the external account holds no token");
}

function fieldOfJson(text: string, field: string): string | undefined {
  try {
    return textField(JSON.parse(text), field);
  } catch {
    return undefined;
  }
}
