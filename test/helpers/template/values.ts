import { goString } from "../../../src/template/value/go-string.ts";
import { GoBytes, GoMap, GoSlice, type GoValue, type ParamType } from "../../../src/template/value/go-value.ts";
import { intKind } from "../../../src/template/value/integer.ts";
import { dict, int, integer, list, stringMap, strings } from "../../../src/template/value/make.ts";
import type { Random } from "./random.ts";

/** A Go value in the JSON that the oracle reads: `{"$go": TYPE, "value": …}` for what plain JSON cannot say. */
export type TaggedValue =
  | null
  | boolean
  | number
  | string
  | readonly TaggedValue[]
  | { readonly $go: string; readonly value: unknown }
  | { readonly [key: string]: TaggedValue };

/** The value that the oracle makes of it, as ours. */
export function untagged(value: unknown): GoValue {
  if (Array.isArray(value)) return list(value.map(untagged));
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value !== "object" || value === null) return null;
  if ("$go" in value && typeof value.$go === "string") return typed(value.$go, "value" in value ? value.value : null);
  return dict(Object.entries(value).map(([key, item]) => [key, untagged(item)] as const));
}

function typed(type: string, value: unknown): GoValue {
  const kind = intKind(type);
  if (kind !== undefined) return integer(kind, BigInt(String(value)));
  if (type === "string") return goString(Buffer.from(String(value), "base64"));
  if (type === "bytes") return new GoBytes(Buffer.from(String(value), "base64"));
  if (type === "[]string" && Array.isArray(value)) return strings(value.map(String));
  if (type === "[]int" && Array.isArray(value))
    return new GoSlice(
      "int",
      value.map((item) => int(Number(item))),
    );
  if (type === "[]float64" && Array.isArray(value)) return new GoSlice("float64", value.map(Number));
  const entries = Object.entries(value ?? {});
  if (type === "map[string]string") return stringMap(entries.map(([key, item]) => [key, String(item)] as const));
  if (type === "map[string]int")
    return new GoMap("int", new Map(entries.map(([key, item]) => [key, int(Number(item))])));
  throw new TypeError(`no value of type ${type}`);
}

const PIECES: Readonly<Record<string, readonly string[]>> = {
  words: [
    ..."aAbBzZ019_- .,:;!/\n\t",
    "é",
    "É",
    "ß",
    "日本",
    "ǆ",
    "ﬁ",
    "ა",
    "İ",
    "½",
    "\u00a0",
    "\u0085",
    "🔑",
    "Word",
    "HTTP",
  ],
  numbers: [
    ..."0123456789",
    "0x",
    "0b",
    "0o",
    "_",
    ".",
    "-",
    "+",
    "e",
    "E",
    "p",
    "inf",
    "nan",
    "1.0",
    "00",
    "a",
    "F",
    " ",
  ],
  json: [
    ...'[]{},:"\\ 01-.eE+tfn',
    "true",
    "false",
    "null",
    '"a"',
    '"a":',
    "\\u00e9",
    "\\ud83d\\udd11",
    "\\ud83d",
    "\n",
    "é",
    "1e5",
    "'",
    "\u0001",
  ],
  patterns: [
    ..."abx.*+?|()[]^$\\",
    "\\d",
    "\\w+",
    "\\b",
    "(a|b)",
    "(?P<n>a+)",
    "(?i)",
    "[a-c]",
    "[^a]",
    "\\s",
    "x{2}",
    "a{1,3}?",
    "\\pL",
    "(?:a)",
    "^",
    "é",
    ".*?",
    "\\x41",
    "[[:digit:]]",
    "\\Q.\\E",
  ],
  texts: [..."abcxyzABX019 .\n", "é", "日", "🔑", "aa", "ab"],
  replacements: [..."ab$", "$1", "\x24{1}", "$n", "\x24{n}", "$$", "$1x", "\x24{x", "$0", "é", "$01", "$10"],
  paths: [..."ab./", "..", "//", "./", "../", ".txt", "é"],
  keys: ["a", "b", "c", "a.b", "", "é"],
};

const NAMES_OF_PIECES: Readonly<Record<string, readonly string[]>> = {
  numbers: ["int", "int64", "float64", "atoi", "toDecimal", "add", "sub", "mul", "div", "mod", "add1", "max", "min"],
  json: ["fromJson", "mustFromJson"],
  paths: ["base", "dir", "clean", "ext", "isAbs", "osBase", "osDir", "osClean", "osExt", "osIsAbs"],
  keys: ["get", "set", "unset", "hasKey", "pluck", "pick", "omit", "dig"],
};

const TYPE_NAMES = ["string", "int", "map[string]interface {}", "[]interface {}", "slice", "map", "float64", "invalid"];

/** Extreme only where Go does not try to make what no memory holds. */
const SMALL_ONLY = ["repeat", "indent", "nindent", "until", "untilStep", "seq", "round"];

/** Arguments from a seed, of the kind that each function is about. */
export class RandomArguments {
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  argument(name: string, type: ParamType, at: number): TaggedValue {
    if (type === "string") return this.text(name, at);
    if (type === "int") return this.int(name);
    if (type === "bool") return this.random.once(2);
    if (type === "float64") return this.random.pick([0, 0.1, 0.5, 0.9, 1]);
    if (type === "map[string]interface {}") return this.dict(3);
    return name === "dig" && !this.random.once(4) ? this.digArgument() : this.any(name, 3);
  }

  private digArgument(): TaggedValue {
    return this.random.once(2) ? this.random.pick(["a", "b"]) : this.dict(3);
  }

  private text(name: string, at: number): TaggedValue {
    if (/regex/i.test(name)) {
      if (at === 0 && name !== "regexQuoteMeta") return this.joined("patterns");
      return this.joined(at === 1 ? "texts" : "replacements");
    }
    if (/^(type|kind)Is/.test(name)) return this.random.pick(TYPE_NAMES);
    if (this.random.once(15)) return { $go: "string", value: this.bytes() };
    for (const [pieces, names] of Object.entries(NAMES_OF_PIECES)) if (names.includes(name)) return this.joined(pieces);
    return this.random.once(3) ? this.joined("texts") : this.joined("words");
  }

  private joined(pieces: string): string {
    const from = PIECES[pieces] ?? [];
    const length = pieces === "keys" ? 1 : this.random.below(this.random.once(4) ? 20 : 6);
    return Array.from({ length }, () => this.random.pick(from)).join("");
  }

  private bytes(): string {
    const length = this.random.below(8);
    const bytes = Array.from({ length }, () =>
      this.random.pick([0x61, 0x20, 0x80, 0xa0, 0x85, 0xff, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x5f]),
    );
    return Buffer.from(bytes).toString("base64");
  }

  private int(name: string): TaggedValue {
    const small = this.random.below(30) - 8;
    const extreme = this.random.pick(["9223372036854775807", "-9223372036854775808", "4611686018427387904", "1000"]);
    const value = this.random.once(12) && !SMALL_ONLY.includes(name) ? extreme : String(small);
    return { $go: "int", value };
  }

  private dict(depth: number): TaggedValue {
    const entries = Array.from({ length: this.random.below(4) }, () => [
      this.joined("keys"),
      this.any("dict", depth - 1),
    ]);
    return Object.fromEntries(entries);
  }

  private items(depth: number): TaggedValue[] {
    return Array.from({ length: this.random.below(5) }, () => this.any("list", depth - 1));
  }

  private any(name: string, depth: number): TaggedValue {
    const listed = ["first", "rest", "slice", "uniq", "append", "join", "sortAlpha", "concat"];
    if (depth === 3 && this.random.once(2) && listed.some((part) => name.toLowerCase().includes(part))) {
      return this.random.once(2) ? this.items(depth) : this.listed();
    }
    if (depth === 3 && this.random.once(2) && NAMES_OF_PIECES["numbers"]?.includes(name)) return this.joined("numbers");
    const choice = this.random.below(depth > 0 ? 16 : 11);
    if (choice < 3) return this.text("", 0);
    if (choice < 5) return this.int(name);
    if (choice === 5)
      return this.random.pick([0, 1, -1, 0.1, 2.5, -2.5, 1e21, 1e-7, 123456789.125, 1e300, -0.3, Math.PI]);
    if (choice === 6) return this.random.once(2);
    if (choice === 7) return null;
    if (choice === 8)
      return {
        $go: this.random.pick(["int8", "int64", "uint8", "uint64", "int32"]),
        value: String(this.random.below(99)),
      };
    if (choice === 9) return this.joined("numbers");
    if (choice === 10) return this.listed();
    return choice < 14 ? this.items(depth) : this.dict(depth);
  }

  private listed(): TaggedValue {
    const length = this.random.below(4);
    const some = <Item>(make: () => Item) => Array.from({ length }, make);
    return this.random.pick<TaggedValue>([
      { $go: "[]string", value: some(() => this.joined("texts")) },
      { $go: "[]int", value: some(() => this.random.below(20)) },
      { $go: "[]float64", value: some(() => this.random.pick([0.5, 1, 2e21])) },
      { $go: "bytes", value: this.bytes() },
      { $go: "map[string]string", value: Object.fromEntries(some(() => [this.joined("keys"), this.joined("texts")])) },
      { $go: "map[string]int", value: Object.fromEntries(some(() => [this.joined("keys"), 7])) },
    ]);
  }
}
