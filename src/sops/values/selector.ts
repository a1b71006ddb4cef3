import { RE2JS } from "re2js";
import { nameOf, SopsError } from "../errors.ts";

export type SelectorKind =
  | "unencrypted_suffix"
  | "encrypted_suffix"
  | "unencrypted_regex"
  | "encrypted_regex"
  | "unencrypted_comment_regex"
  | "encrypted_comment_regex";

/** The order in which the original names them. */
export const SELECTOR_KINDS: readonly SelectorKind[] = [
  "encrypted_suffix",
  "unencrypted_suffix",
  "encrypted_regex",
  "unencrypted_regex",
  "encrypted_comment_regex",
  "unencrypted_comment_regex",
];

/** Which values of a file are encrypted. A file has one selector; without one, that of `DEFAULT_SELECTOR` holds. */
export interface Selector {
  readonly kind: SelectorKind;
  readonly pattern: string;
}

export const DEFAULT_SELECTOR: Selector = { kind: "unencrypted_suffix", pattern: "_unencrypted" };

/** A selector ready to be asked. */
export interface CompiledSelector {
  readonly kind: SelectorKind;
  /** Whether keys decide (any key on the way to a value), or comments. */
  readonly by: "key" | "comment";
  /** Whether what matches is encrypted; else what matches stays clear. */
  readonly encryptsMatches: boolean;
  /** Whether one key, or the text of one comment, matches. */
  matches(text: string): boolean;
}

/** Keys whose answer is remembered: files repeat few keys many times. */
const MAX_REMEMBERED = 10_000;

/**
 * Makes a selector usable. A pattern that RE2 does not take matches nothing, as with the original, when
 * `badPattern` is `"matches nothing"`: that is how a file that was written so is read again.
 *
 * @throws {SopsError} `SOPS_BAD_REGEX` for such a pattern otherwise: the values that it should select would stay clear.
 */
export function compileSelector(
  { kind, pattern }: Selector,
  { badPattern, file }: { badPattern: "refused" | "matches nothing"; file?: string | undefined },
): CompiledSelector {
  return {
    kind,
    by: kind.includes("comment") ? "comment" : "key",
    encryptsMatches: kind.startsWith("encrypted"),
    matches: kind.endsWith("suffix")
      ? (text) => text.endsWith(pattern)
      : remembered(matcherOf(kind, pattern, badPattern, file)),
  };
}

function matcherOf(
  kind: SelectorKind,
  pattern: string,
  badPattern: "refused" | "matches nothing",
  file: string | undefined,
): (text: string) => boolean {
  const compiled = compilePattern(pattern);
  if ("test" in compiled) return compiled.test;
  if (badPattern === "matches nothing") return () => false;
  throw new SopsError("SOPS_BAD_REGEX", `Cannot encrypt ${nameOf(file)}: ${kind} is not a valid RE2 pattern`, {
    file,
    details: [`${JSON.stringify(pattern)}: ${compiled.problem}`, "it would select nothing"],
    hints: ["RE2 has no look-around and no back-references: https://github.com/google/re2/wiki/Syntax"],
  });
}

type CompiledPattern = { readonly test: (text: string) => boolean } | { readonly problem: string };

/** A pattern of RE2, searched anywhere in a text, or what is wrong with it. */
export function compilePattern(pattern: string): CompiledPattern {
  const before = compiledPatterns.get(pattern);
  if (before !== undefined) return before;
  const now = compile(pattern);
  if (compiledPatterns.size >= MAX_COMPILED) compiledPatterns.clear();
  compiledPatterns.set(pattern, now);
  return now;
}

/** A repository has few patterns and looks at each for every file; compiling one takes longer than a small file. */
const compiledPatterns = new Map<string, CompiledPattern>();
const MAX_COMPILED = 200;

function compile(pattern: string): CompiledPattern {
  if (pattern.length > MAX_PATTERN_LENGTH) return { problem: `longer than ${MAX_PATTERN_LENGTH} characters` };
  try {
    const compiled = RE2JS.compile(pattern);
    return { test: (text) => compiled.test(text) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : "not valid" };
  }
}

const MAX_PATTERN_LENGTH = 10_000;

function remembered(test: (text: string) => boolean): (text: string) => boolean {
  const known = new Map<string, boolean>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const now = test(text);
    if (known.size < MAX_REMEMBERED) known.set(text, now);
    return now;
  };
}
