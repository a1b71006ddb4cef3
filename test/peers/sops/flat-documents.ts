import type { Random } from "./documents.ts";

const TEXTS = [
  "1",
  "",
  "x y",
  " lead",
  "trail ",
  "é漢",
  "😀",
  "x # y",
  "x;y",
  "#x",
  ";x",
  "a=b:c",
  '"x y"',
  "'x'",
  '"x',
  'say "hi"',
  "`x # y`",
  "x`y",
  '"""x"""',
  "\\n",
  "x\\ny",
  "C:\\dir",
  "100%",
  "%(a)s",
  "$x",
  "[x]",
  "ENC[AES256_GCM,x]",
  "\ttab\t",
  "\u00a0nbsp\u00a0",
  "\u0085",
  "true",
  "<nil>",
  "aGVsbG8=",
  "{}",
  '"C:\\dir\\"',
  '`"x"`',
  "`'x'`",
  "` x`",
] as const;

const KEYS = ["a", "B", "long_key", "k.d", "k-e", "é", "a b", "x_unencrypted", "sops", "#1", "token", "`q:r`"] as const;

/** Lines of dotenv: values of all kinds, comments, keys that repeat. */
export function dotenvFile(random: Random): string {
  let out = "";
  for (let at = random.below(8); at >= 0; at--) {
    if (random.chance(15)) out += `#${random.pick(TEXTS)}\n`;
    if (random.chance(10)) out += "\n";
    if (random.chance(2)) out += "no delimiter\n";
    out += `${random.pick(KEYS)}=${random.pick(TEXTS)}${random.chance(5) ? "\r" : ""}\n`;
  }
  return out;
}

/** Lines of INI: sections that repeat, comments of one and more lines, quotes, continued lines, values of several lines. */
export function iniFile(random: Random): string {
  let out = random.chance(50) ? iniKeys(random) : "";
  for (let at = random.below(4); at > 0; at--) {
    out += `${iniComment(random)}[${random.pick(["s", "t", "s t", "a.b", "DEFAULT", "s_unencrypted", "é"])}]`;
    out += `${random.chance(8) ? " ; of s" : ""}${random.chance(5) ? "\r" : ""}\n${iniKeys(random)}`;
  }
  return out;
}

function iniKeys(random: Random): string {
  let out = "";
  for (let at = random.below(5); at > 0; at--) {
    out += iniComment(random);
    if (random.chance(1)) out += "no delimiter\n";
    const key = random.pick(["a", "B", "long_key", "k.d", "é", "a b", "x_unencrypted", '"q=r"', "`q:r`", "-k", "sops"]);
    out += `${random.chance(10) ? "  " : ""}${key}${random.pick(["=", " = ", ":", "= "])}${iniValue(random)}`;
    out += `${random.chance(5) ? "\r" : ""}\n`;
  }
  return out;
}

function iniValue(random: Random): string {
  if (random.chance(8)) return `"""${random.pick(["x\ny", "\nx\n", "x # y", 'a"b\n', "`\n"])}"""`;
  if (random.chance(4)) return "x \\\n  y";
  return random.pick(TEXTS) + (random.chance(8) ? random.pick([" # c", " ; c", ";c"]) : "");
}

function iniComment(random: Random): string {
  if (!random.chance(20)) return random.chance(8) ? "\n" : "";
  return random.pick(["; c\n", "# c\n", ";c\n;d\n", "; one\n# two\n", ";;# x\n", ";\n", "#  blanks  \n", "; é 😀\n"]);
}

/** Any bytes, or text. */
export function anyBytes(random: Random): Buffer {
  if (random.chance(30)) return Buffer.from(random.pick(TEXTS));
  return Buffer.from(Array.from({ length: random.below(600) }, () => random.below(random.chance(50) ? 256 : 128)));
}
