import type { KeyServiceErrorCode } from "../../sops/index.ts";
import type { KmsPorts } from "../ports.ts";
import { type ExchangeOptions, exchange } from "./exchange.ts";
import { codeOfFailure, codeOfStatus } from "./failure-code.ts";
import { type HttpAnswer, type HttpRequest, jsonObject } from "./message.ts";
import { type Refusal, refusal } from "./refusal.ts";
import { serverWords } from "./server-words.ts";

export interface JsonAnswer {
  readonly kind: "answer";
  readonly body: Readonly<Record<string, unknown>>;
  header(name: string): string | undefined;
}

/** How a service says why not. */
export interface Explanation {
  /** Its own code: `PERMISSION_DENIED`. */
  readonly name?: string | undefined;
  readonly words?: string | undefined;
  /** Ours, where the service says more than the status. */
  readonly code?: KeyServiceErrorCode | undefined;
  /** The error of the original's client, out of what may be shown of `words` and `name`. */
  readonly original?: ((words: string, name: string) => string) | undefined;
}

export interface AskOptions extends ExchangeOptions {
  /** Who is asked, as a message names it: `the token endpoint`. */
  readonly who: string;
  /** What was sent that no message may show. */
  readonly secrets: readonly string[];
  readonly explain: (answer: HttpAnswer) => Explanation;
}

/** Asks for a JSON object. Never throws, unless `makeRequest` does. */
export async function askJson(
  ports: KmsPorts,
  makeRequest: () => HttpRequest | Promise<HttpRequest>,
  { who, secrets, explain, ...options }: AskOptions,
): Promise<JsonAnswer | Refusal> {
  const outcome = await exchange(ports, makeRequest, options);
  if (outcome.kind === "failure") return refusal(codeOfFailure(outcome.reason), `${who}: ${outcome.state}`);
  if (outcome.status < 200 || outcome.status > 299) return explained(outcome, explain(outcome), { who, secrets });
  const body = jsonObject(outcome);
  if (body === undefined) return refusal("KEY_SERVICE_BAD_ANSWER", `${who}: its answer is no JSON object`);
  return { kind: "answer", body, header: outcome.header };
}

function explained(
  { status }: HttpAnswer,
  { name = "", words = "", code, original }: Explanation,
  { who, secrets }: Pick<AskOptions, "who" | "secrets">,
): Refusal {
  const said = serverWords(words, secrets);
  const clause = said.replace(/\s+/g, " ").trim();
  const shownName = serverWords(name, secrets).slice(0, MAX_NAME_CHARACTERS);
  const state = `${who} answers ${[status, ...(shownName === "" ? [] : [shownName])].join(" ")}${clause === "" ? "" : `: ${clause}`}`;
  return {
    ...refusal(code ?? codeOfStatus(status), state, { original: original?.(said, shownName) ?? state }),
    status,
  };
}

const MAX_NAME_CHARACTERS = 80;
