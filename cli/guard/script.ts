import { shellWord } from "../../src/bytes/shell-word.ts";
import type { Hook } from "./hook.ts";

const MARK = "# sealkit guard: written by `sealkit guard install`, taken out by `sealkit guard install --uninstall`";

export interface ScriptOptions {
  readonly program: string;
  readonly strict: boolean;
  /** A hook that runs first, and whose refusal counts. */
  readonly chained: string | undefined;
}

/** The text of a hook that starts the guard. */
export function hookScript(hook: Hook, { program, strict, chained }: ScriptOptions): string {
  const guard = `${shellWord(program)} guard --hook=${hook}${strict ? " --strict" : ""}`;
  const lines = ["#!/bin/sh", MARK];
  const first = chained === undefined ? undefined : shellWord(chained);
  // Both want to read the same lines of stdin.
  if (hook === "pre-receive" && first !== undefined) {
    lines.push("updates=$(cat)", `if [ -x ${first} ]; then`);
    lines.push(`  printf '%s\\n' "$updates" | ${first} "$@" || exit $?`, "fi");
    lines.push(`printf '%s\\n' "$updates" | ${guard}`);
  } else {
    if (first !== undefined) lines.push(`if [ -x ${first} ]; then`, `  ${first} "$@" || exit $?`, "fi");
    lines.push(`exec ${guard}${hook === "update" ? ' "$@"' : ""}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Whether a hook is one that we wrote. */
export function isOurs(text: string): boolean {
  return text.includes(`\n${MARK}\n`);
}
