import type { YamlRequest } from "./answers.ts";

/** A seeded source of choices, so that every run asks the same questions. */
export class Choices {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A whole number from 0 to `below` - 1. */
  below(below: number): number {
    // Mulberry32.
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}

/** Plain scalars that readers disagree about. */
export const SCALARS: readonly string[] = [
  ..."true True TRUE tRue false False FALSE yes Yes YES yEs no No NO nO on On ON oN off Off OFF oFF y Y n N t f".split(
    " ",
  ),
  ..."null Null NULL nULL ~ ~a null1 nil none".split(" "),
  ..."0 00 007 08 09 0777 -0777 0899 0o17 0O17 0o8 -0o7 +0o7 0o-7 0o+7 0o 0x 0X1f 0x1F 0xg -0x10 +0x10 0x-5".split(" "),
  ..."0b 0b101 0b2 -0b11 +0b11 0b-1 0b+1 0B11 0b1_0 1_000 1__0 1_ _1 0_7 0_0 0x_1F 0xdeadBEEF +5 -5 +-5 --1 + - +0 -0".split(
    " ",
  ),
  ..."9007199254740991 9007199254740992 9007199254740993 -9007199254740993 9223372036854775807 9223372036854775808".split(
    " ",
  ),
  ..."-9223372036854775808 -9223372036854775809 18446744073709551615 18446744073709551616 +18446744073709551615".split(
    " ",
  ),
  ..."0xffffffffffffffff 0x10000000000000000 01777777777777777777777 07777777777777777777777 12345678901234567890".split(
    " ",
  ),
  ..."1. .5 +.5 -.5 . .. ... .5. .e5 1.e3 .5e3 1e3 1E3 1e+3 1e-3 12e03 -2E+05 1_0.5 1_2.3_4 ._5 .1_0 1e1_0 0.1e1 1E-2".split(
    " ",
  ),
  ..."0.0 -0.0 1e 1e+ e1 1e400 -1e400 1e309 1e-400 1e308 0x1p4 0x1.8p1 1.5.2 1.2.3 0.0.0.0 v1 1,000 1.5k 10Gi 100m".split(
    " ",
  ),
  ..."1e-6 1e-7 0.00001 0.0001 0.001 123456 1234567 123456.5 1234567.5 123456789.5 1e20 1e21 1e22 12345678901234567000".split(
    " ",
  ),
  ...".inf .Inf .INF .iNF +.inf -.inf -.INF .nan .NaN .NAN .Nan inf nan NaN Infinity -Inf".split(" "),
  ..."1:20 12:30 190:20:30 190:20:30.15 1:60 1:2:3 12:30:45 12:30:45.5 -1:20 +1:20 1_0:20 :20 1: 1:".split(" "),
  ..."2001-12-14 2001-1-1 2001-12-32 2001-13-01 2001-02-29 2000-02-29 20011-1-1 201-1-1 2001-12-14- 2001-12-14T".split(
    " ",
  ),
  "2001-12-14t21:59:43.10-05:00",
  "2001-12-14T21:59:43.10-05:00",
  "2001-12-14T21:59:43Z",
  "2001-12-14T21:59:43z",
  "2001-12-14T21:59:43+00:00",
  "2001-12-14T21:59:43-00:00",
  "2001-12-14T21:59:43,5Z",
  "2001-12-14T21:59:43.123456789123Z",
  "2001-12-14T1:2:3Z",
  "2001-12-14T24:00:00Z",
  "2001-12-14T21:60:00Z",
  "2001-12-14T21:59:60Z",
  "2001-12-14T21:59:43+25:00",
  "2001-12-14T21:59:43+24:00",
  "2001-12-14T21:59:43+01:60",
  "2001-12-14T21:59:43+01:61",
  "2001-12-14T21:59:43",
  "2001-12-14 21:59:43.10",
  "2001-12-14 21:59:43.10 -5",
  "2001-12-14 21:59:43 Z",
  "2001-12-14 21:59:43Z",
  "2001-12-14  21:59:43",
  "0000-01-01",
  ..."= << <<x != => <a> a&b a*b a!b %a @a `a !a &a *a |a >a #a a#b a:b :a ?a -a ,a a,b a? a: a- [a a] {a a}".split(
    " ",
  ),
  ..."- ? : -- --- ---a ... ...a .a a. / \\ \\n \\x41 'a' \"a\" a'b a\"b".split(" "),
  "a b",
  "a  b",
  "a: b",
  "a :b",
  "a #b",
  "a# b",
  "- a",
  "? a",
  ": a",
  "{{ x }}",
  "{{x}}",
  "[x]",
  "é",
  "日本",
  "a\u00a0b",
  "a\u00adb",
  "a\u200bb",
  "\ue000",
  "\ufffd",
  "😀",
  "a😀: b",
];

/** Texts for the emitters: what `SCALARS` has, and what cannot be a plain scalar. */
export const STRINGS: readonly string[] = [
  ...SCALARS,
  "",
  " ",
  "  ",
  "\t",
  "\n",
  "\n\n",
  "a\n",
  "a\n\n",
  "\na",
  " a",
  "a ",
  " a ",
  "a\nb",
  "a\nb\n",
  "a\n\nb\n\n",
  " a\nb",
  "  a\n b\n",
  "a\n b",
  "a \nb",
  "a\nb ",
  "a\n ",
  "a\n \n",
  "a\tb",
  "\ta",
  "a\t",
  "\ta\nb",
  "a\n\tb",
  "a\tb\nc",
  "a\r",
  "a\r\nb",
  "a\rb\n",
  "#a\nb",
  "- a\n- b\n",
  "a: b\nc: d\n",
  "---\na",
  "a\n---\nb\n",
  "\0",
  "\x01",
  "\x07\b\v\f\x1b",
  "\x7f",
  "\x80",
  "\x85",
  "\xa0",
  "a\x85b",
  "\u2028",
  "a\u2028b",
  "\u2028a",
  "a\u2029",
  "a\n\u2028b\n",
  "\ufeff",
  "\ufeffab c",
  "a\ufeffb",
  "\ufffe",
  "\uffff",
  "a\n😀\n",
  '"quoted"',
  "it's",
  "'",
  "''",
  '"',
  "a\\b",
  "x".repeat(79),
  "x".repeat(200),
  "word ".repeat(30).trim(),
  "word  ".repeat(30).trim(),
  `${"word ".repeat(30)}`,
  `# ${"word ".repeat(30)}`,
  `# ${"word  two ".repeat(20)}end`,
  `it's: ${"quoted text ".repeat(12)}`,
  `tab\t${"word ".repeat(30)}`,
  `😀 ${"word ".repeat(30)}`,
  `é ${"é é ".repeat(60)}`,
  `${"x".repeat(85)} y z`,
  `${"x".repeat(78)} yy zz`,
  `${"x".repeat(79)} yy zz`,
  `${"x".repeat(80)} yy zz`,
  `${"line one is rather long and goes on ".repeat(4)}\nline two\n`,
  `${"a ".repeat(50)}\t${"b ".repeat(50)}`,
  "-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA\n-----END AGE ENCRYPTED FILE-----\n",
  "ENC[AES256_GCM,data:abc=,iv:xyz=,tag:uvw==,type:str]",
  "k".repeat(127),
  "k".repeat(128),
  "k".repeat(129),
  "é".repeat(64),
  "é".repeat(65),
  "k: ".repeat(50),
];

const ATOMS = [
  "a",
  "b",
  "key",
  "x y",
  "1",
  "true",
  "~",
  "null",
  "0755",
  "'q'",
  "'it''s'",
  '"d"',
  '"a\\tb\\n"',
  "''",
  '""',
  "é",
  "<<",
  "a:b",
  "a#b",
  "-1",
  "*",
  "?x",
];
const COMMENTS = ["# c", "#c", "#", "# two words", "## x", "# é", "# a: b", "# - x"];

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** A text that is mostly YAML: block and flow collections, scalars of all styles, anchors, tags, comments, mistakes. */
export class YamlWriter {
  private readonly choices: Choices;
  private anchors: string[] = [];

  constructor(choices: Choices) {
    this.choices = choices;
  }

  stream(): string {
    const { choices } = this;
    this.anchors = [];
    let text = choices.chance(4)
      ? choices.of(["%YAML 1.1\n---\n", "%TAG !e! tag:e.com,2000:\n---\n", "---\n", "--- # c\n"])
      : "";
    const documents = choices.chance(80) ? 1 : 1 + choices.below(3);
    for (let at = 0; at < documents; at++) {
      if (at > 0) text += choices.of(["---\n", "---\n", "--- # next\n", "...\n---\n", "---\n# above\n", "---\n\n"]);
      text += this.comments(0, 25);
      text += this.block(0, 0);
      text += this.comments(0, 15);
    }
    return choices.chance(20) ? this.mutated(text).replace(LONE_SURROGATE, "") : text;
  }

  private mutated(text: string): string {
    const { choices } = this;
    const at = choices.below(text.length + 1);
    const piece = choices.of([
      " ",
      "\n",
      "\t",
      ":",
      "- ",
      "#",
      "'",
      '"',
      "[",
      "]",
      "{",
      "}",
      ",",
      "? ",
      ": ",
      "&a ",
      "*a",
      "!t ",
      "|",
      ">",
      "---\n",
      "\r\n",

      "%",
      "@",
    ]);
    if (choices.chance(50)) return text.slice(0, at) + piece + text.slice(at);
    return text.slice(0, at) + text.slice(at + 1 + choices.below(3));
  }

  private comments(indent: number, percent: number): string {
    const { choices } = this;
    let text = "";
    while (choices.chance(percent)) {
      const shift = choices.chance(15) ? choices.of([-2, -1, 1, 2, 4]) : 0;
      text += choices.chance(25) ? "\n" : `${" ".repeat(Math.max(indent + shift, 0))}${choices.of(COMMENTS)}\n`;
    }
    return text;
  }

  private lineComment(): string {
    return this.choices.chance(12) ? ` ${this.choices.of(COMMENTS)}` : "";
  }

  private properties(): string {
    const { choices } = this;
    let text = "";
    if (choices.chance(5)) {
      const name = choices.of(["a", "b", "c1"]);
      this.anchors.push(name);
      text += `&${name} `;
    }
    if (choices.chance(4))
      text += choices.of(["!!str ", "!!int ", "!t ", "! ", "!!map ", "!!binary ", "!<x> ", "!!float "]);
    return text;
  }

  /** A block node at `indent`, ending with a break. */
  private block(indent: number, depth: number): string {
    const kind = this.choices.below(depth > 3 ? 3 : 10);
    if (kind < 2) return `${" ".repeat(indent)}${this.inline(indent, depth)}`;
    return kind < 6
      ? this.mapping(indent, depth)
      : kind < 8
        ? this.sequence(indent, depth)
        : this.mapping(indent, depth);
  }

  private mapping(indent: number, depth: number): string {
    const { choices } = this;
    let text = "";
    const entries = 1 + choices.below(4);
    for (let at = 0; at < entries; at++) {
      text += this.comments(indent, 15) + " ".repeat(indent);
      const key = choices.chance(70) ? `k${at}` : choices.of(ATOMS);
      if (choices.chance(4)) text += `? ${key}\n${" ".repeat(indent)}:`;
      else text += `${this.choices.chance(3) ? "&k " : ""}${key}:`;
      text += this.value(indent, depth);
    }
    return text;
  }

  private value(indent: number, depth: number): string {
    const { choices } = this;
    const kind = choices.below(10);
    if (kind < 6) return ` ${this.inline(indent, depth)}`;
    const properties = this.properties().trimEnd();
    const start = `${properties === "" ? "" : ` ${properties}`}${this.lineComment()}\n`;
    if (kind === 6) return start;
    if (kind === 7 && choices.chance(60)) return start + this.sequence(indent, depth + 1);
    const step = choices.of([2, 2, 4, 1]);
    return (
      start + this.comments(indent + step, 10) + this.block(indent + step, depth + 1) + this.comments(indent + step, 10)
    );
  }

  private sequence(indent: number, depth: number): string {
    const { choices } = this;
    let text = "";
    const items = 1 + choices.below(3);
    for (let at = 0; at < items; at++) {
      text += `${this.comments(indent, 15)}${" ".repeat(indent)}-`;
      if (choices.chance(20) && depth < 4) {
        const nested = choices.chance(60) ? this.mapping(indent + 2, depth + 1) : this.sequence(indent + 2, depth + 1);
        const comment = choices.chance(20);
        text += comment ? ` # dash\n${nested}` : ` ${nested.trimStart()}`;
      } else {
        text += choices.chance(8) ? `${this.lineComment()}\n` : ` ${this.inline(indent, depth)}`;
      }
    }
    return text;
  }

  /** A node that starts in the present line, ending with a break. */
  private inline(indent: number, depth: number): string {
    const { choices } = this;
    const kind = choices.below(12);
    const properties = this.properties();
    if (kind < 6) return `${properties}${this.scalar()}${this.lineComment()}\n`;
    if (kind === 6 && this.anchors.length > 0) return `*${choices.of(this.anchors)}${this.lineComment()}\n`;
    if (kind === 7) return `${properties}${this.blockScalar(indent)}`;
    if (kind === 8) {
      const continued = " ".repeat(indent + 1 + choices.below(3));
      return `${properties}one\n${continued}two${choices.chance(30) ? "\n\n" : "\n"}${continued}three${this.lineComment()}\n`;
    }
    if (kind === 9)
      return `${properties}"q one\n${" ".repeat(indent + 1)}two \\\n ${" ".repeat(indent)}three"${this.lineComment()}\n`;
    return `${properties}${this.flow(indent, depth)}${this.lineComment()}\n`;
  }

  private scalar(): string {
    const { choices } = this;
    if (choices.chance(40)) return choices.of(ATOMS);
    const text = choices.of(SCALARS);
    if (choices.chance(60)) return text;
    return choices.chance(50) ? `'${text.replaceAll("'", "''")}'` : JSON.stringify(text);
  }

  private blockScalar(indent: number): string {
    const { choices } = this;
    const pad = " ".repeat(indent + choices.of([1, 2, 2, 4]));
    const header = choices.of(["|", "|", ">", "|-", ">-", "|+", ">+", "|2", ">1-", "|4"]);
    let text = `${header}${this.lineComment()}\n`;
    const lines = choices.below(5);
    for (let at = 0; at < lines; at++) {
      text += choices.chance(20)
        ? "\n"
        : `${pad}${choices.of(["x", "y z", " indented", "# no comment", "- a", "k: v", "\ttab", "é", "x "])}\n`;
    }
    return text;
  }

  private flow(indent: number, depth: number): string {
    const { choices } = this;
    const items = choices.below(4);
    const parts: string[] = [];
    const mapping = choices.chance(50);
    for (let at = 0; at < items; at++) {
      const inner = depth < 4 && choices.chance(15) ? this.flow(indent, depth + 1) : this.flowScalar();
      const pair = choices.of([
        `k${at}: ${inner}`,
        `k${at}: ${inner}`,
        `"k${at}":${inner}`,
        `k${at}`,
        `? k${at} : ${inner}`,
        `k${at}:`,
      ]);
      parts.push(mapping ? pair : choices.chance(12) ? pair : inner);
    }
    const lines = choices.chance(20);
    const pad = `\n${" ".repeat(indent + 2)}`;
    const separator = lines ? `,${choices.chance(30) ? ` ${choices.of(COMMENTS)}` : ""}${pad}` : ", ";
    const body = parts.join(separator) + (choices.chance(10) ? "," : "");
    const end = lines && choices.chance(50) ? `${this.lineComment()}\n${" ".repeat(indent + 1)}` : "";
    return mapping ? `{${lines ? pad : ""}${body}${end}}` : `[${lines ? pad : ""}${body}${end}]`;
  }

  private flowScalar(): string {
    const { choices } = this;
    return choices.chance(60)
      ? choices.of(ATOMS)
      : choices.of(["x", "1", "1.5", "null", "'a, b'", '"}"', "a b", "http://x", "&a v", "!t v"]);
  }
}

/** A text for the emitters, made of pieces that matter to them. */
function randomString(choices: Choices): string {
  const pieces = [
    "a",
    "word",
    " ",
    "  ",
    "\n",
    "\t",
    ":",
    ": ",
    " #",
    "#",
    "-",
    "- ",
    "'",
    '"',
    "\\",
    "é",
    "😀",
    "\u2028",
    "\x85",
    "\x7f",
    "0",
    "12",
    ".",
    "{",
    "}",
    ",",
    "yes",
    "x y z w ",
    "long words in a row that fill the line ",
  ];
  let text = "";
  const count = choices.below(12);
  for (let at = 0; at < count; at++) text += choices.of(pieces);
  return text;
}

/** A value as JSON text. */
export function randomJson(choices: Choices, depth = 0): string {
  const kind = choices.below(depth > 3 ? 5 : 9);
  if (kind < 2)
    return JSON.stringify(
      choices.chance(50) ? choices.of(STRINGS.filter(isJsonSafe)) : randomString(choices).replace(/[\x7f-\x9f]/g, ""),
    );
  if (kind === 2) return choices.of(["true", "false", "null"]);
  if (kind < 5)
    return choices.of([
      "0",
      "1",
      "-1",
      "1.5",
      "1e3",
      "1e21",
      "1e-7",
      "123456789.5",
      "9007199254740993",
      "18446744073709551615",
      "1e20",
      "0.1",
      "1000000",
      "-0",
      "12345678901234567890123",
    ]);
  const count = choices.below(4);
  if (kind < 7) return `[${Array.from({ length: count }, () => randomJson(choices, depth + 1)).join(",")}]`;
  const keys = new Set<string>();
  for (let at = 0; at < count; at++) {
    keys.add(
      choices.chance(60)
        ? choices.of(["a", "b", "a1", "a10", "a2", "A", "_x", "a-b", "aB", "é", "on", "n", "", "k v", "a.b/c"])
        : choices.of(STRINGS.filter(isSafeKey)),
    );
  }
  return `{${[...keys].map((key) => `${JSON.stringify(key)}:${randomJson(choices, depth + 1)}`).join(",")}}`;
}

/** sigs.k8s.io/yaml reads its own JSON as YAML, which refuses these characters or folds them (NEL). */
function isJsonSafe(text: string): boolean {
  return !/[\x7f-\x9f\ufffe\uffff]/.test(text);
}

/** The order of keys in which letters meet numbers is not transitive in Go: it depends on chance. */
function isSafeKey(text: string): boolean {
  return isJsonSafe(text) && !/^[-+.0-9]/.test(text) && text.length < 1000;
}

/** `count` questions of every kind. */
export function randomRequests(seed: number, count: number): YamlRequest[] {
  const choices = new Choices(seed);
  const writer = new YamlWriter(choices);
  const requests: YamlRequest[] = [];
  while (requests.length < count) {
    const text = writer.stream();
    requests.push(
      { op: "v3-nodes", text },
      { op: "v3-print", text, indent: choices.of([2, 4]) },
      { op: "sigs-json", text },
    );
    requests.push({ op: "sigs-marshal", text: randomJson(choices) });
    requests.push({ op: "v3-string", text: randomString(choices), indent: choices.of([2, 4]) });
  }
  return requests.slice(0, count);
}
