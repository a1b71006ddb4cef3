import { SopsError, showPath } from "../errors.ts";
import { SOPS_LIMITS } from "../limits.ts";
import { type Branch, isComment, type Leaf, type Node } from "../values/value.ts";
import { isComplex } from "./flat-value.ts";
import { DEFAULT_SECTION } from "./ini-read.ts";
import { quoteIniKey, quoteIniValue, readSectionName, trim } from "./ini-value.ts";

/** A section ready to be printed. */
interface PrintedSection {
  readonly name: string;
  readonly comment: string;
  readonly keys: ReadonlyMap<string, PrintedKey>;
}

interface PrintedKey {
  readonly name: string;
  readonly value: string;
  readonly comment: string;
}

/** The text of a leaf; `path` is section and key. */
export type TextOf = (leaf: Leaf, path: readonly string[]) => string;

/**
 * Prints the sections of all documents: an empty line between them, `=` in one column, comments above with `;`.
 *
 * @throws {SopsError} `SOPS_UNPRINTABLE` for what INI cannot hold, and for what would be read as something else.
 */
export function writeIni(documents: readonly Branch[], textOf: TextOf): string {
  const sections = documents.flatMap(({ items }) => {
    return items.flatMap((item) => (isComment(item) ? [] : [printedSection(item.key, item.value, textOf)]));
  });
  return sections.map((section, index) => writeSection(section, index, index === sections.length - 1)).join("");
}

function printedSection(name: string, value: Node, textOf: TextOf): PrintedSection {
  if (!isComplex(value) || value.kind !== "branch") {
    throw unprintable(
      [name],
      "INI has keys in sections only",
      `${SECTION}: Section values should always be TreeBranches`,
    );
  }
  if (name === "") throw unprintable([name], "a section needs a name", `${SECTION} : empty section name`);
  if (name.includes("\n") || readSectionName(`[${name}]`) !== name) {
    throw unprintable([name], "the name of a section is one line");
  }
  const keys = new Map<string, PrintedKey>();
  let [comment, last]: [string, PrintedKey | undefined] = ["", undefined];
  for (const [at, item] of value.items.entries()) {
    if (isComment(item)) {
      if (at === 0) comment = item.text;
      else if (last !== undefined) keys.set(last.name, { ...last, comment: item.text });
      continue;
    }
    last = printedKey(name, item.key, item.value, textOf);
    if (keys.has(last.name)) throw unprintable([name, item.key], "INI has a key once in a section");
    keys.set(last.name, last);
  }
  return { name, comment, keys };
}

function printedKey(section: string, key: string, value: Node, textOf: TextOf): PrintedKey {
  const path = [section, key];
  if (isComplex(value)) throw unprintable(path, "INI has no lists and no mappings in sections");
  if (key === "") throw unprintable(path, "a key needs a name", EMPTY_KEY);
  const name = quoteIniKey(key);
  if (name === undefined) throw unprintable(path, "INI cannot write this key so that it is read again");
  const text = quoteIniValue(textOf(value, path));
  if (text === undefined) throw unprintable(path, "INI cannot write this text so that it is read again");
  return { name, value: text, comment: "" };
}

const MARSHAL = "Error marshaling to INI: Error encoding";
const SECTION = `${MARSHAL} section`;
const EMPTY_KEY = `${MARSHAL} key: error creating new key: empty key name`;

function writeSection({ name, comment, keys }: PrintedSection, index: number, isLast: boolean): string {
  let out = writeComment(comment);
  if (index === 0 && name === DEFAULT_SECTION) {
    if (keys.size === 0) return out;
  } else {
    out += `[${name}]\n`;
  }
  const width = [...keys.keys()].reduce((most, key) => Math.max(most, Buffer.byteLength(key)), 0);
  // Each line is as wide as the longest key: one long key among many would be more than memory holds.
  if (width * keys.size > SOPS_LIMITS.maxFileBytes) {
    throw new SopsError("SOPS_TOO_LARGE", `Cannot print the section ${JSON.stringify(name)}: it is too wide`, {
      path: [name],
      details: [`${keys.size} keys, the longest of ${width} bytes`],
    });
  }
  for (const key of keys.values()) {
    const blanks = " ".repeat(width - Buffer.byteLength(key.name));
    out += `${writeComment(key.comment, trim)}${key.name}${blanks} = ${key.value}\n`;
  }
  return isLast ? out : `${out}\n`;
}

/** Each line with a mark and one blank: its own mark where it has one. */
function writeComment(comment: string, shaped: (line: string) => string = (line) => line): string {
  if (comment === "") return "";
  return comment
    .split("\n")
    .map((line) => (/^[#;]/.test(line) ? `${line.slice(0, 1)} ${trim(line.slice(1))}\n` : `; ${shaped(line)}\n`))
    .join("");
}

function unprintable(path: readonly string[], state: string, upstream?: string): SopsError {
  return new SopsError("SOPS_UNPRINTABLE", `Cannot print ${showPath(path)}: ${state}`, {
    path: [...path],
    hints: ["--output-type yaml"],
    upstream,
  });
}
