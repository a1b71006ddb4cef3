import { flagHint } from "./nearest.ts";

/** A flag of a tool that reads its command line with Go's `flag` package. */
export interface GoFlag {
  /** All spellings, without dashes: `["o", "output"]`. The first is the key in the result. */
  readonly names: readonly string[];
  readonly kind: "bool" | "text" | "int" | "list";
}

export interface GoFlags {
  /** Whether a bool is set. */
  has(name: string): boolean;
  /** The texts of a flag, in order; a `text` or `int` flag has at most its last one; an `int` in decimal digits. */
  texts(name: string): readonly string[];
  /** The texts of several flags in the order of the command line, each with the first spelling of its flag. */
  inOrder(...names: readonly string[]): readonly (readonly [name: string, text: string])[];
  /** All of them, by the first spelling of each. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  /** The words before the first one that is no flag. */
  readonly before: readonly string[];
  /** The first word that is no flag, and all after it. */
  readonly args: readonly string[];
}

/** `message` is what Go prints; help has none. */
export interface GoFlagProblem {
  readonly problem: "help" | "usage";
  readonly message: string;
  /** For people: the flag that was meant by one that is not known. */
  readonly hint?: string;
}

/**
 * Reads a command line by the rules of Go's `flag`: one dash or two, `-flag value` or `-flag=value`, bools only with `=`,
 * no clusters, and the first word that is no flag ends them.
 */
export function parseGoFlags(flags: readonly GoFlag[], words: readonly string[]): GoFlags | GoFlagProblem {
  const byName = new Map(flags.flatMap((flag) => flag.names.map((name) => [name, flag] as const)));
  const given = new Map<string, string[]>();
  const ordered: (readonly [string, string])[] = [];
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") {
      at++;
      break;
    }
    if (word.length < 2 || !word.startsWith("-")) break;
    const body = word.slice(word.startsWith("--") ? 2 : 1);
    if (body === "" || /^[-=]/.test(body)) return { problem: "usage", message: `bad flag syntax: ${word}` };
    const equals = body.indexOf("=");
    const name = equals < 0 ? body : body.slice(0, equals);
    const inline = equals < 0 ? undefined : body.slice(equals + 1);
    const flag = byName.get(name);
    if (flag === undefined) {
      if (name === "h" || name === "help") return { problem: "help", message: "" };
      const message = `flag provided but not defined: -${name}`;
      return { problem: "usage", message, hint: flagHint(name, byName.keys()) };
    }
    const key = flag.names[0] ?? name;
    if (flag.kind === "bool") {
      const value = parseBool(inline ?? "true");
      if (value === undefined) {
        return {
          problem: "usage",
          message: `invalid boolean value ${JSON.stringify(inline)} for -${name}: parse error`,
        };
      }
      given.set(key, value ? ["true"] : []);
      continue;
    }
    const value = inline ?? words[++at];
    if (value === undefined) return { problem: "usage", message: `flag needs an argument: -${name}` };
    if (flag.kind === "int") {
      const number = parseInteger(value);
      if (typeof number === "string") {
        return { problem: "usage", message: `invalid value ${JSON.stringify(value)} for flag -${name}: ${number}` };
      }
      given.set(key, [String(number)]);
      continue;
    }
    ordered.push([key, value]);
    given.set(key, flag.kind === "list" ? [...(given.get(key) ?? []), value] : [value]);
  }
  return {
    has: (name) => (given.get(name) ?? []).length > 0,
    texts: (name) => given.get(name) ?? [],
    given,
    inOrder: (...names) => ordered.filter(([name]) => names.includes(name)),
    before: words.slice(0, at),
    args: words.slice(at),
  };
}

/** A number as `strconv.ParseInt` reads it for base 0, or what Go says against it. */
function parseInteger(text: string): bigint | string {
  const [, sign = "", digits = ""] =
    /^([+-]?)((?:0[xX]|0[oO]|0[bB])?_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)$/.exec(text) ?? [];
  const plain = digits.replaceAll("_", "").replace(/^0(?=\d)/, "0o");
  try {
    const value = digits === "" ? undefined : BigInt(plain) * (sign === "-" ? -1n : 1n);
    if (value === undefined) return "parse error";
    return BigInt.asIntN(64, value) === value ? value : "value out of range";
  } catch {
    return "parse error";
  }
}

/** The spellings of `strconv.ParseBool`. */
function parseBool(text: string): boolean | undefined {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
  return ["0", "f", "F", "false", "FALSE", "False"].includes(text) ? false : undefined;
}
