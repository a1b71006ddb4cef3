import { shellWord } from "../../src/bytes/shell-word.ts";
import type { Leak, LeakRule } from "../../src/leaks/index.ts";
import { CliError } from "../errors.ts";
import { type Hook, isServerHook } from "./hook.ts";

/** Clear text in a file that is committed or pushed. */
export interface Found extends Leak {
  readonly path: string;
  readonly hash: string;
  readonly commit?: string | undefined;
}

const SHOWN = 20;
const NAMES_SHOWN = 8;

/** The error that ends a commit or a push. Says where and of what kind, never what. */
export function refusal(found: readonly Found[], hook: Hook): CliError {
  const files = new Set(found.map(({ path }) => path)).size;
  const what = `${files === 1 ? "a file holds" : `${files} files hold`} secrets in clear`;
  const action = isServerHook(hook) ? "take this push" : "commit this";
  const more = found.length > SHOWN ? [`and ${found.length - SHOWN} more`] : [];
  return new CliError("CLI_CLEAR_TEXT", `Cannot ${action}: ${what}`, {
    details: [...found.slice(0, SHOWN).map(lineOf), ...more],
    hints: hintsFor(found, hook),
  });
}

function lineOf({ path, line, rule, object, fields, commit }: Found): string {
  const names = fields.slice(0, NAMES_SHOWN).join(", ") + (fields.length > NAMES_SHOWN ? ", …" : "");
  const where = `${path}:${line}${commit === undefined ? "" : ` in ${commit.slice(0, 12)}`}`;
  const named = rule === "private-key" || rule === "age-identity" ? "" : `: ${names}`;
  return `${where}: ${object ?? WORDS[rule]}${named} (${rule})`;
}

const WORDS: Readonly<Record<LeakRule, string>> = {
  "clear-secret": "Secret",
  "unencrypted-field": "Secret",
  "secret-generator": "secretGenerator",
  "private-key": "a private key",
  "age-identity": "an age identity",
  "kubeconfig-credentials": "credentials",
  "clear-value": "value",
};

function hintsFor(found: readonly Found[], hook: Hook): string[] {
  const first = found.find(({ rule }) => rule === "clear-secret") ?? found[0];
  const path = first?.path ?? "";
  const hints = [];
  if (first?.rule === "clear-secret") hints.push(`seal it: sealkit seal ${shellWord(path)}`);
  if (first?.rule === "unencrypted-field") hints.push("encrypt these fields too: encrypted_regex: ^(data|stringData)$");
  hints.push(
    `what may be public is listed in .sealkit/policy.yaml: {audit: {allow: [{rule: ${first?.rule ?? "*"}, path: ${shellWord(path)}, reason: …}]}}`,
  );
  if (isServerHook(hook)) {
    const commit = found.find((one) => one.commit !== undefined)?.commit;
    if (commit !== undefined) hints.push(`take it out of the history that is pushed: git rebase -i ${commit}^`);
    hints.push(
      "on a server that list counts as the default branch has it; whoever runs the server can pass --policy FILE",
    );
  } else hints.push("to commit all the same: git commit --no-verify");
  return hints;
}
