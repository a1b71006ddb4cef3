import { shellWord } from "../../../bytes/shell-word.ts";
import { jsonObject, textField } from "../../http/message.ts";
import { type Refusal, refusal } from "../../http/refusal.ts";
import { serverWords } from "../../http/server-words.ts";
import type { KmsPorts } from "../../ports.ts";
import { isBearerToken } from "../../tokens/access-token.ts";
import type { ExternalAccount } from "./external-account.ts";
import type { ProgramSource } from "./subject-source.ts";

const PERMISSION = "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES";

/**
 * A token that a program prints, where the user allows programs. It may keep what it printed in a file, which is read
 * first.
 *
 * Source: Google's "Configure workload identity federation with executable-sourced credentials"; recorded runs of sops
 * 3.13.3.
 */
export async function programSubject(
  ports: KmsPorts,
  source: ProgramSource,
  account: ExternalAccount,
): Promise<string | Refusal> {
  const { words, timeoutMs, outputFile } = source;
  if (ports.env(PERMISSION) !== "1" || ports.run === undefined) return notAllowed(words);
  const kept = outputFile === undefined ? undefined : await ports.readFile(outputFile);
  if (kept !== undefined && kept.length > 0) {
    const answer = readAnswer(ports, kept, "output_file", true);
    // What it kept of a refusal, or of a token that has ended, is nothing: it is asked again.
    if (answer.kind === "token") return answer.token;
    if (answer.kind === "malformed") return answer.refusal;
  }
  const line = words.map(shellWord).join(" ");
  const outcome = await ports.run(line, { timeoutMs, isUnattended: true, env: variables(source, account) });
  if (outcome.kind === "failed") {
    const state = `the program of the external account failed: ${outcome.problem}`;
    return refusal("KEY_SERVICE_NO_CREDENTIALS", state, { original: `credentials: ${outcome.problem}` });
  }
  const answer = readAnswer(ports, outcome.stdout, "answer", outputFile !== undefined);
  return answer.kind === "token" ? answer.token : answer.refusal;
}

function notAllowed(words: readonly string[]): Refusal {
  const program = JSON.stringify(words[0]?.split(/[\\/]/).at(-1) ?? "");
  return refusal("KEY_SERVICE_NOT_ALLOWED", `its credentials want to run the program ${program}`, {
    original: `credentials: executables need to be explicitly allowed (set ${PERMISSION} to '1') to run`,
    hints: [`if you trust the credentials file: export ${PERMISSION}=1`],
  });
}

function variables({ outputFile }: ProgramSource, account: ExternalAccount): Record<string, string> {
  const [, email] =
    /^https:\/\/iamcredentials\.[^/]+\/v1\/projects\/-\/serviceAccounts\/([^/]+@[^/]+):generateAccessToken$/.exec(
      account.impersonationUrl?.href ?? "",
    ) ?? [];
  return {
    GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE: account.audience,
    GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE: account.subjectTokenType,
    GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE: "0",
    ...(email === undefined ? {} : { GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL: decodeURIComponent(email) }),
    ...(outputFile === undefined ? {} : { GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE: outputFile }),
  };
}

/** `malformed` is the end; `none` says no, or is over. */
type ProgramAnswer =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "malformed" | "none"; readonly refusal: Refusal };

const TOKEN_FIELDS: ReadonlyMap<string, string> = new Map([
  ["urn:ietf:params:oauth:token-type:id_token", "id_token"],
  ["urn:ietf:params:oauth:token-type:jwt", "id_token"],
  ["urn:ietf:params:oauth:token-type:saml2", "saml_response"],
]);

function readAnswer(ports: KmsPorts, bytes: Uint8Array, what: string, mustEnd: boolean): ProgramAnswer {
  const answer = jsonObject({ body: bytes });
  if (answer === undefined) return malformed(what, "it is no JSON object");
  if (answer["version"] !== 1) return malformed(what, "its version is not 1");
  if (typeof answer["success"] !== "boolean") return malformed(what, "it does not say whether there was success");
  if (answer["success"] === false) return said(answer);
  const until = answer["expiration_time"];
  if (until === undefined ? mustEnd : typeof until !== "number") return malformed(what, "it has no expiration_time");
  const field = TOKEN_FIELDS.get(textField(answer, "token_type") ?? "");
  if (field === undefined) return malformed(what, "its token_type is not supported");
  const token = textField(answer, field) ?? "";
  if (!isBearerToken(token)) return malformed(what, `it has no ${field}`);
  if (typeof until === "number" && until * 1000 <= ports.now().getTime()) {
    return none("the token of the program has ended", "credentials: the token returned by the executable is expired");
  }
  return { kind: "token", token };
}

function malformed(what: string, problem: string): ProgramAnswer {
  const state = `the ${what} of the program of the external account cannot be used: ${problem}`;
  return { kind: "malformed", refusal: refusal("KEY_SERVICE_BAD_ANSWER", state) };
}

function said(answer: object): ProgramAnswer {
  const [code, message] = [textField(answer, "code") ?? "", textField(answer, "message") ?? ""];
  const words = serverWords(`(${code}) ${message}`, []).replace(/\s+/g, " ").trim();
  const original = `credentials: response contains unsuccessful response: ${words}`;
  return none(`the program of the external account says no: ${words}`, original);
}

function none(state: string, original: string): ProgramAnswer {
  return { kind: "none", refusal: refusal("KEY_SERVICE_NO_CREDENTIALS", state, { original }) };
}
