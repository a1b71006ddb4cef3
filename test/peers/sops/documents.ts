/** Random documents from a seed, the same on every run. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 up to, and without, `bound`. */
  below(bound: number): number {
    // mulberry32
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }
}

const WORDS = [
  "alpha",
  "Beta",
  "token",
  "host",
  "port",
  "päss",
  "ключ",
  "鍵",
  "a b",
  "x:y",
  "yes",
  "n",
  "1",
  "true",
  "~",
  "it's",
  "#h",
  "- d",
  "null",
  "2024-01-01",
  "1:20",
  "_unencrypted",
] as const;

const PLAIN_SCALARS = [
  "0",
  "-7",
  "0x1F",
  "0o17",
  "0b101",
  "0777",
  "1_000",
  "9007199254740993",
  "9223372036854775807",
  "-9223372036854775808",
  "1.5",
  "-0.0",
  "1e3",
  "1e21",
  "1e-7",
  "123456789.125",
  ".5",
  ".inf",
  "-.inf",
  ".nan",
  "true",
  "False",
  "null",
  "~",
  "",
  "yes",
  "No",
  "on",
  "2024-01-01",
  "2001-12-14t21:59:43.10-05:00",
  "2001-12-15 2:59:43",
  "word",
  "two words",
  "a:b",
  "a#b",
  "http://u:p@h/x?y=z#f",
  "1:20",
  "0899",
  "1e400",
  "!!str 5",
  "!!float 3",
  "! 7",
  "!tag x",
  "!!binary aGVsbG8=",
  "!!binary /w==",
  "[]",
  "{}",
  "[a, {b: 1}]",
  "{a: 1, b: [x]}",
] as const;

const TEXTS = [
  "plain",
  "",
  " lead",
  "trail ",
  "two\nlines",
  "two\nlines\n",
  "keep\n\n\n",
  "tab\there",
  "é漢",
  "😀 face",
  "\u00a0nbsp",
  'quote"s',
  "it's",
  "# no comment",
  "- item",
  "key: value",
  '{"a": [1, 2]}',
  "\u0001",
  "\u007f",
  "\ufeffbom",
  "a\r\nb",
  "ENC[AES256_GCM,x]",
  "<<",
  "=",
  "---",
  "...",
  "%x",
  "@x",
  "`x",
  "true",
  "12",
  "1.0",
  "null",
  "a\n  b\n c\n",
] as const;

/** One YAML stream as text: nested mappings and lists, comments, all kinds of scalars, one or more documents. */
export function yamlStream(random: Random): string {
  const documents = random.chance(20) ? 2 + random.below(3) : 1;
  return Array.from({ length: documents }, () => mapping(random, 0, 0) || "a: 1\n").join("---\n");
}

function mapping(random: Random, indent: number, depth: number): string {
  let out = "";
  const used = new Set<string>();
  const pad = " ".repeat(indent);
  const count = 1 + random.below(depth === 0 ? 7 : 4);
  for (let at = 0; at < count; at++) {
    const key = `${random.pick(WORDS)}${random.chance(60) ? at : ""}`;
    if (used.has(key)) continue;
    used.add(key);
    if (random.chance(20)) out += `${pad}#${comment(random)}\n`;
    out += `${pad}${quoted(key, random)}:${value(random, indent, depth)}`;
  }
  if (random.chance(5)) out += `${pad}#${comment(random)}\n`;
  return out;
}

function value(random: Random, indent: number, depth: number): string {
  const kind = random.below(depth > 3 ? 6 : 10);
  if (kind < 3) {
    const scalar = random.pick(PLAIN_SCALARS);
    // The original loses comments behind empty collections.
    return ` ${scalar}${/^[[{]/.test(scalar) ? "" : inline(random)}\n`;
  }
  if (kind < 5) return ` ${JSON.stringify(random.pick(TEXTS))}${inline(random)}\n`;
  if (kind < 6)
    return ` |\n${["a", " b", "", "c: d #e"]
      .slice(0, 1 + random.below(4))
      .map((line) => `${" ".repeat(indent + 2)}${line}\n`)
      .join("")}`;
  if (kind < 8) return `\n${mapping(random, indent + 2, depth + 1)}`;
  return `\n${list(random, indent + 2, depth + 1)}`;
}

function list(random: Random, indent: number, depth: number): string {
  const pad = " ".repeat(indent);
  let out = "";
  for (let at = 0; at < 1 + random.below(4); at++) {
    if (random.chance(10)) out += `${pad}#${comment(random)}\n`;
    // Blanks and breaks at the start of a text in a list are a known fault of the original: see the compatibility page.
    const text = random.pick(TEXTS);
    const scalar = random.chance(50) || /^[\s]/.test(text) ? random.pick(PLAIN_SCALARS) || "~" : JSON.stringify(text);
    if (random.chance(75) || depth > 3) out += `${pad}- ${scalar}\n`;
    else out += `${pad}- k: ${scalar}\n${pad}  l: 1\n`;
  }
  return out;
}

function quoted(key: string, random: Random): string {
  return /^[a-zA-Zäключ鍵]+\d*$/.test(key) && !/^(n|yes|true|null)$/.test(key) && random.chance(80)
    ? key
    : JSON.stringify(key);
}

function comment(random: Random): string {
  return random.pick([" note", "tight", "  two blanks", " é 😀", "# more", " ENC[x]", " k: v"]);
}

function inline(random: Random): string {
  return random.chance(8) ? ` #${comment(random)}` : "";
}

/** One JSON object as text. */
export function jsonObject(random: Random): string {
  return object(random, 0);
}

function object(random: Random, depth: number): string {
  const members = Array.from({ length: random.below(7) + (depth === 0 ? 1 : 0) }, () => {
    return `${JSON.stringify(random.pick(WORDS) + (random.chance(50) ? random.below(9) : ""))}: ${jsonValue(random, depth)}`;
  });
  return `{${members.join(random.chance(50) ? ", " : ",\n  ")}}`;
}

const JSON_LITERALS = [
  "0",
  "-1",
  "9007199254740993",
  "9223372036854775808",
  "1.0",
  "-0.0",
  "1e21",
  "1e-7",
  "0.1",
  "1E5",
  "true",
  "false",
  "null",
  '""',
  '"\\u00e9\\ud83d\\ude00"',
  '"\\ud800"',
  '"<&>\\u2028"',
  '"\\/"',
  "[]",
  "{}",
] as const;

function jsonValue(random: Random, depth: number): string {
  const kind = random.below(depth > 3 ? 6 : 9);
  if (kind < 3) return random.pick(JSON_LITERALS);
  if (kind < 6) return JSON.stringify(random.pick(TEXTS));
  if (kind < 8) return object(random, depth + 1);
  return `[${Array.from({ length: random.below(4) }, () => jsonValue(random, depth + 1)).join(", ")}]`;
}
