import { nameOf, SopsError } from "../errors.ts";
import type { Branch, Comment, Entry, Leaf } from "../values/value.ts";
import { decodeText, isWholeText, leafOfText } from "./byte-text.ts";
import { AUTO_KEY, type KeyProblem, readIniKey, readIniValue, readSectionName, trim, trimStart } from "./ini-value.ts";

/** The section of keys before any section. It is there even when it is empty. */
export const DEFAULT_SECTION = "DEFAULT";

/**
 * Reads sections in order, repeated ones included, each a mapping of texts. A comment above a section is its first item, a
 * comment above a key follows its key. Of a key that is there twice the last value counts.
 *
 * @throws {SopsError} `SOPS_BAD_SYNTAX`, without the line, which may hold a secret.
 */
export function readIni(input: Uint8Array, file: string | undefined): Branch {
  return new IniReader(input, file).document();
}

class IniReader {
  readonly #lines: readonly string[];
  readonly #file: string | undefined;
  readonly #sections: Section[] = [];
  #section: Section = new Section(DEFAULT_SECTION, "");
  #at = 0;
  /** Comments that wait for what they stand above. */
  #comments: string[] = [];

  constructor(input: Uint8Array, file: string | undefined) {
    this.#lines = decodeText(input)
      .replace(/^\ufeff/, "")
      .split(/(?<=\n)/);
    this.#file = file;
    this.#sections.push(this.#section);
  }

  document(): Branch {
    for (let text = this.#next(); text !== undefined; text = this.#next()) {
      const line = trimStart(text);
      if (line === "") continue;
      if (/^[#;]/.test(line)) this.#comments.push(line);
      else if (line.startsWith("[")) this.#sectionLine(line);
      else this.#keyLine(line);
    }
    return { kind: "branch", items: this.#sections.map((section) => section.entry()) };
  }

  #next(): string | undefined {
    return this.#lines[this.#at++];
  }

  #sectionLine(line: string): void {
    const name = readSectionName(line);
    if (name === undefined) throw this.#bad("the section is not closed with ]", "unclosed section");
    if (name === "") throw this.#bad("the section has no name", "empty section name");
    const behind = line.slice(name.length + 2);
    const at = behind.search(/[#;]/);
    if (at >= 0) this.#comments.push(behind.slice(at));
    this.#open(this.#whole(name, "name of a section"));
  }

  #open(name: string): void {
    this.#section = new Section(name, this.#takeComment());
    this.#sections.push(this.#section);
  }

  #keyLine(line: string): void {
    const started = this.#at;
    const read = readIniKey(line);
    if ("problem" in read) throw this.#bad(STATES[read.problem], read.problem);
    const value = readIniValue(read.rest, () => this.#next());
    if (value === undefined) {
      throw this.#bad("the quotes of the value are not closed", "missing closing key quote", started);
    }
    if (value.comment !== "") this.#comments.push(value.comment);
    const key = this.#whole(read.key, "key");
    this.#section.set(key === AUTO_KEY ? this.#section.nextAuto() : key, value.text, this.#takeComment());
  }

  #takeComment(): string {
    return this.#whole(trim(this.#comments.splice(0).join("")), "comment");
  }

  #whole(text: string, what: string): string {
    if (isWholeText(text)) return text;
    throw this.#bad(`the ${what} is no UTF-8`);
  }

  #bad(state: string, reason?: string, line: number = this.#at): SopsError {
    // The original repeats the line for these.
    const upstream = reason === "empty section name" ? `Could not unmarshal input data: ${reason}` : undefined;
    return new SopsError("SOPS_BAD_SYNTAX", `Cannot read ${nameOf(this.#file)}: line ${line}: ${state}`, {
      file: this.#file,
      hints: ["write key = value; comments begin with ; or #, sections are [name]"],
      upstream,
    });
  }
}

const STATES: Readonly<Record<KeyProblem, string>> = {
  "key-value delimiter not found": "it has neither = nor :",
  "empty key name": "it has no key",
  "missing closing key quote": "the quotes of the key are not closed",
};

/** A section that is being read. */
class Section {
  readonly #name: string;
  readonly #comment: string;
  readonly #keys = new Map<string, { value: Leaf; comment: string }>();
  #autoKeys = 0;

  constructor(name: string, comment: string) {
    this.#name = name;
    this.#comment = comment;
  }

  nextAuto(): string {
    return `#${++this.#autoKeys}`;
  }

  /** A key that is there already keeps its place. */
  set(key: string, text: string, comment: string): void {
    this.#keys.set(key, { value: leafOfText(text), comment });
  }

  entry(): Entry {
    const items: Branch["items"] = [...remark(this.#comment)];
    for (const [key, { value, comment }] of this.#keys) items.push({ kind: "entry", key, value }, ...remark(comment));
    return { kind: "entry", key: this.#name, value: { kind: "branch", items } };
  }
}

/**
 * A comment without the marks and blanks at its start; those of its later lines stay in the text. A first line that is
 * empty is left out: the original panics when it has to print it.
 */
function remark(comment: string): Comment[] {
  if (comment === "") return [];
  const text = unmarked(comment.replace(/^(?:;[; ]*\n|#[# ]*\n)+/, ""));
  return [{ kind: "comment", text, inline: false }];
}

function unmarked(comment: string): string {
  return comment.replace(comment.startsWith(";") ? /^[; ]+/ : /^[# ]+/, "");
}
