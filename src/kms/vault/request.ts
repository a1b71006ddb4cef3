import type { ClearText } from "../../clear-text.ts";
import type { KeyServiceErrorCode } from "../../sops/index.ts";
import { exchange } from "../http/exchange.ts";
import { codeOfFailure, codeOfStatus } from "../http/failure-code.ts";
import { type HttpAnswer, type HttpFailure, type HttpRequest, jsonObject } from "../http/message.ts";
import type { Refusal } from "../http/refusal.ts";
import { serverWords } from "../http/server-words.ts";
import type { KmsPorts } from "../ports.ts";
import { apiUrl } from "./location.ts";
import { isPrintable, type VaultSettings } from "./settings.ts";
import { isSpecial } from "./tls.ts";

/** What a Vault server is asked for. */
export interface VaultRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly server: URL;
  /** Behind `/v1/`; see `pathProblem`. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly token: ClearText | undefined;
  /** Texts of the body that no message may show, should the server repeat them. */
  readonly secrets?: readonly string[];
}

export interface VaultAnswer {
  readonly kind: "answer";
  /** The JSON object of the answer; empty when there was no body. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Asks a Vault server. Never throws. */
export async function askVault(
  ports: KmsPorts,
  settings: VaultSettings,
  request: VaultRequest,
): Promise<VaultAnswer | Refusal> {
  if (request.token !== undefined && !isPrintable(request.token.revealText())) return unprintableToken();
  const url = apiUrl(settings.agent ?? request.server, request.path);
  const secrets = [...(request.secrets ?? []), ...Object.values(settings.headers)];
  if (request.token !== undefined) secrets.push(request.token.revealText());
  const outcome = await exchange(ports, () => wireRequest(settings, request, url), {
    limits: {
      ...(settings.timeoutMs === undefined ? {} : { timeoutMs: settings.timeoutMs }),
      ...(settings.attempts === undefined ? {} : { attempts: settings.attempts }),
    },
    ...(isSpecial(settings.connection) ? { fetch: ports.fetchWith(settings.connection) } : {}),
  });
  if (outcome.kind === "failure") return noAnswer(outcome, request.method, url);
  if (outcome.status >= 200 && outcome.status < 300) return success(outcome);
  return refusal(outcome, { method: request.method, url, secrets });
}

function unprintableToken(): Refusal {
  return {
    kind: "refusal",
    code: "KEY_SERVICE_BAD_SETTINGS",
    state: "VAULT_TOKEN or ~/.vault-token is not usable: the token has characters that cannot be printed",
    original: "configured Vault token contains non-printable characters and cannot be used",
  };
}

function wireRequest(settings: VaultSettings, { method, body, token }: VaultRequest, url: URL): HttpRequest {
  return {
    method,
    url,
    headers: {
      ...settings.headers,
      "x-vault-request": "true",
      ...(token === undefined ? {} : { "x-vault-token": token.revealText() }),
      ...(settings.namespace === undefined ? {} : { "x-vault-namespace": settings.namespace }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}

function success(answer: HttpAnswer): VaultAnswer | Refusal {
  if (answer.body.length === 0) return { kind: "answer", body: {} };
  const body = jsonObject(answer);
  if (body !== undefined) return { kind: "answer", body };
  return {
    kind: "refusal",
    code: "KEY_SERVICE_BAD_ANSWER",
    state: "its answer is no JSON object",
    original: "invalid character looking for beginning of value",
    status: answer.status,
  };
}

function noAnswer({ reason, state, status }: HttpFailure, method: string, url: URL): Refusal {
  const verb = method.charAt(0) + method.slice(1).toLowerCase();
  return {
    kind: "refusal",
    code: codeOfFailure(reason),
    state,
    original: `${verb} ${JSON.stringify(url.href)}: ${state}`,
    status,
  };
}

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly secrets: readonly string[];
}

function refusal(answer: HttpAnswer, { method, url, secrets }: Asked): Refusal {
  const errors = errorsOf(answer).map((text) => serverWords(text, secrets));
  const head = `Error making API request.\n\nURL: ${method} ${url.href}\nCode: ${answer.status}. Errors:\n\n`;
  const said = errors.map((text) => text.replace(/\s+/g, " ").trim()).join("; ");
  return {
    kind: "refusal",
    code: codeOf(answer.status, said),
    state: `the server answers ${answer.status}${said === "" ? "" : `: ${said}`}`,
    original: head + errors.map((text) => `* ${text}`).join("\n"),
    status: answer.status,
  };
}

const MAX_ERRORS = 5;

function errorsOf(answer: HttpAnswer): string[] {
  const errors = jsonObject(answer)?.["errors"];
  if (!Array.isArray(errors)) return [];
  return errors.filter((text): text is string => typeof text === "string").slice(0, MAX_ERRORS);
}

/** Vault answers 400 to much that other services have codes of their own for. */
function codeOf(status: number, said: string): KeyServiceErrorCode {
  if (status !== 400) return codeOfStatus(status);
  if (/key not found/.test(said)) return "KEY_SERVICE_MISSING_KEY";
  return /invalid ciphertext|message authentication failed|unable to decrypt/.test(said)
    ? "KEY_SERVICE_BAD_DATA"
    : "KEY_SERVICE_FAILED";
}
