import { quoteGo } from "../src/bytes/go-quote.ts";

/** How the text after a flag is understood. `slice` is a comma list that may be repeated, `array` only repeated. */
export type FlagKind = "bool" | "string" | "slice" | "array";

export interface FlagSpec {
  /** Without dashes. */
  readonly name: string;
  /** One character, without its dash. */
  readonly short?: string | undefined;
  readonly kind: FlagKind;
  /** Says what is wrong with a value, or undefined when it is good. */
  readonly check?: ((value: string) => string | undefined) | undefined;
  /** What is said of a text that is no boolean; without it what Go's pflag says. */
  readonly notBoolean?: string | undefined;
}

export interface ParsedFlags {
  /** Normalised texts per flag that was given, in order: bools are `true` or `false`. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  /** Words that are no flags, in order. */
  readonly args: readonly string[];
}

/** What is wrong with a command line. `message` is the text that Go's pflag prints. */
export type FlagProblem =
  | { readonly kind: "help"; readonly message: string }
  | { readonly kind: "unknown"; readonly message: string; readonly word: string }
  | { readonly kind: "syntax" | "missing-value"; readonly message: string; readonly word: string }
  | {
      readonly kind: "bad-value";
      readonly message: string;
      readonly word: string;
      readonly value: string;
      readonly why: string;
    };

export type FlagResult =
  | { readonly ok: true; readonly parsed: ParsedFlags }
  | { readonly ok: false; readonly problem: FlagProblem };

/**
 * Reads a command line by the rules of Go's pflag: `--flag value`, `--flag=value`, clusters of shorthands (`-abo yaml`,
 * `-oyaml`, `-o=yaml`), flags and words in any order, `--` ends the flags. `-h` and `--help` are a request for help
 * unless they are declared. With `stopAtWord` the first word that is no flag ends the flags too.
 */
export function parseFlags(
  specs: readonly FlagSpec[],
  words: readonly string[],
  { stopAtWord = false }: { stopAtWord?: boolean } = {},
): FlagResult {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const byShort = new Map(specs.filter((spec) => spec.short !== undefined).map((spec) => [spec.short, spec]));
  const given = new Map<string, string[]>();
  const args: string[] = [];

  const set = (spec: FlagSpec, value: string): FlagProblem | undefined => {
    const { texts, why } = valuesOf(spec, value);
    if (why !== undefined) {
      const word = spec.short === undefined ? `--${spec.name}` : `-${spec.short}, --${spec.name}`;
      const message = `invalid argument ${quoteGo(value)} for "${word}" flag: ${why}`;
      return { kind: "bad-value", message, word: `--${spec.name}`, value, why };
    }
    const before = spec.kind === "slice" || spec.kind === "array" ? (given.get(spec.name) ?? []) : [];
    given.set(spec.name, [...before, ...texts]);
    return undefined;
  };

  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") {
      args.push(...words.slice(at + 1));
      break;
    }
    if (word.length < 2 || word[0] !== "-") {
      if (stopAtWord) {
        args.push(...words.slice(at));
        break;
      }
      args.push(word);
      continue;
    }
    const next = words[at + 1];
    const step = word.startsWith("--") ? longFlag(word, next, byName) : shortFlags(word, next, byShort);
    for (const { spec, value } of step.sets) {
      const problem = set(spec, value);
      if (problem !== undefined) return { ok: false, problem };
    }
    if (step.problem !== undefined) return { ok: false, problem: step.problem };
    if (step.tookNext) at++;
  }
  return { ok: true, parsed: { given, args } };
}

interface Step {
  readonly sets: readonly { readonly spec: FlagSpec; readonly value: string }[];
  readonly tookNext: boolean;
  readonly problem?: FlagProblem;
}

function longFlag(word: string, next: string | undefined, byName: ReadonlyMap<string, FlagSpec>): Step {
  const body = word.slice(2);
  if (body[0] === "-" || body[0] === "=") return stop({ kind: "syntax", message: `bad flag syntax: ${word}`, word });
  const equals = body.indexOf("=");
  const name = equals < 0 ? body : body.slice(0, equals);
  const spec = byName.get(name);
  if (spec === undefined) {
    if (name === "help") return stop(HELP);
    return stop({ kind: "unknown", message: `unknown flag: --${name}`, word: `--${name}` });
  }
  if (equals >= 0) return { sets: [{ spec, value: body.slice(equals + 1) }], tookNext: false };
  if (spec.kind === "bool") return { sets: [{ spec, value: "true" }], tookNext: false };
  if (next !== undefined) return { sets: [{ spec, value: next }], tookNext: true };
  return stop({ kind: "missing-value", message: `flag needs an argument: ${word}`, word });
}

function shortFlags(word: string, next: string | undefined, byShort: ReadonlyMap<string | undefined, FlagSpec>): Step {
  const sets: { spec: FlagSpec; value: string }[] = [];
  const cluster = word.slice(1);
  for (let at = 0; at < cluster.length; at++) {
    const letter = cluster[at] ?? "";
    const rest = cluster.slice(at + 1);
    const spec = byShort.get(letter);
    if (spec === undefined) {
      if (letter === "h") return { ...stop(HELP), sets };
      const message = `unknown shorthand flag: '${letter}' in -${cluster.slice(at)}`;
      return { ...stop({ kind: "unknown", message, word: `-${letter}` }), sets };
    }
    // "-n=" is too short for the form with an equals sign: its value is the sign itself.
    if (rest.length > 1 && rest[0] === "=") {
      sets.push({ spec, value: rest.slice(1) });
      return { sets, tookNext: false };
    }
    if (spec.kind === "bool") {
      sets.push({ spec, value: "true" });
      continue;
    }
    if (rest !== "") {
      sets.push({ spec, value: rest });
      return { sets, tookNext: false };
    }
    if (next !== undefined) {
      sets.push({ spec, value: next });
      return { sets, tookNext: true };
    }
    const message = `flag needs an argument: '${letter}' in -${cluster.slice(at)}`;
    return { ...stop({ kind: "missing-value", message, word: `-${letter}` }), sets };
  }
  return { sets, tookNext: false };
}

const HELP: FlagProblem = { kind: "help", message: "pflag: help requested" };

function stop(problem: FlagProblem): Step {
  return { sets: [], tookNext: false, problem };
}

const TRUE = ["1", "t", "T", "TRUE", "true", "True"];
const FALSE = ["0", "f", "F", "FALSE", "false", "False"];

/** The boolean that Go reads from this text, or undefined. */
export function goBool(text: string): boolean | undefined {
  if (TRUE.includes(text)) return true;
  return FALSE.includes(text) ? false : undefined;
}

function valuesOf(spec: FlagSpec, value: string): { texts: readonly string[]; why?: string | undefined } {
  if (spec.kind === "bool") {
    const read = goBool(value);
    if (read === undefined) {
      return { texts: [], why: spec.notBoolean ?? `strconv.ParseBool: parsing ${quoteGo(value)}: invalid syntax` };
    }
    return { texts: [String(read)] };
  }
  const texts = spec.kind === "slice" ? splitCommaList(value) : [value];
  if (texts === undefined) return { texts: [], why: csvProblem(value) };
  return { texts, why: texts.map((text) => spec.check?.(text)).find((why) => why !== undefined) };
}

/** One CSV record: fields in double quotes may hold commas, a doubled quote is a quote. Undefined when it is not CSV. */
export function splitCommaList(text: string): string[] | undefined {
  if (text === "") return [];
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    let field = "";
    if (text[at] === '"') {
      at++;
      for (;;) {
        const quote = text.indexOf('"', at);
        if (quote < 0) return undefined;
        field += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
      if (at < text.length && text[at] !== ",") return undefined;
    } else {
      const comma = text.indexOf(",", at);
      const end = comma < 0 ? text.length : comma;
      field = text.slice(at, end);
      if (field.includes('"')) return undefined;
      at = end;
    }
    fields.push(field);
    if (at >= text.length) return fields;
    at++;
  }
}

/** Go's word on a text that is no CSV record. Columns count bytes. */
function csvProblem(text: string): string {
  const column = (at: number) => Buffer.byteLength(text.slice(0, at)) + 1;
  for (let at = 0; at < text.length; ) {
    if (text[at] === '"') {
      let end = text.indexOf('"', at + 1);
      while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
      const wrong = end < 0 ? text.length : end;
      if (end < 0 || (end + 1 < text.length && text[end + 1] !== ",")) {
        return `parse error on line 1, column ${column(wrong)}: extraneous or missing " in quoted-field`;
      }
      at = end + 2;
    } else {
      const comma = text.indexOf(",", at);
      const end = comma < 0 ? text.length : comma;
      const bare = text.slice(at, end).indexOf('"');
      if (bare >= 0) return `parse error on line 1, column ${column(at + bare)}: bare " in non-quoted-field`;
      at = end + 1;
    }
  }
  return "EOF";
}
