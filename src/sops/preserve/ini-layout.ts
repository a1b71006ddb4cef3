import { flattenMetadata } from "../stores/flat-metadata.ts";
import { flatText } from "../stores/flat-value.ts";
import { quoteIniValue, readIniKey, readIniValue, readSectionName, trim, trimStart } from "../stores/ini-value.ts";
import { METADATA_KEY } from "../stores/store.ts";
import { type Layout, LayoutError, type LocatedText, type Site } from "./layout.ts";
import { isCommentSpot } from "./spots.ts";
import { appended, linesTaken, type TextEdit } from "./text-edit.ts";

/** Blank lines, quotes, the columns of `=`, and the marks of comments of INI. */
export const iniLayout: Layout = {
  locate: (text) => new Locator(text).locate(),
  addMetadata(text, metadata) {
    const lines = flattenMetadata(metadata).map(([key, value]) => {
      const quoted = quoteIniValue(value.replaceAll("\n", "\\n"));
      if (quoted === undefined) throw new LayoutError("its metadata cannot be written as INI");
      return `${key} = ${quoted}\n`;
    });
    return [appended(text, text.length, `[${METADATA_KEY}]\n${lines.join("")}`)];
  },
  removeMetadata(text) {
    const at = new RegExp(`^\\[${METADATA_KEY}\\][ \\t]*\\r?$`, "m").exec(text)?.index;
    return at === undefined ? [] : [linesTaken(text, at, text.length)];
  },
  shapeEdits(): TextEdit[] {
    throw new LayoutError("keys of INI cannot be added or taken out yet");
  },
};

interface Part {
  readonly start: number;
  readonly end: number;
}

class Locator {
  readonly #text: string;
  readonly #lines: readonly string[];
  readonly #sites: Site[] = [];
  #at = 0;
  #offset = 0;
  /** Comments that wait for what they stand above. */
  #waiting: Part[] = [];
  #keys = new Set<string>();

  constructor(text: string) {
    this.#text = text;
    this.#lines = text.split(/(?<=\n)/);
  }

  locate(): LocatedText {
    for (let start = this.#offset, raw = this.#next(); raw !== undefined; start = this.#offset, raw = this.#next()) {
      const line = trimStart(raw);
      const from = start + raw.length - line.length;
      if (line === "") continue;
      if (/^[#;]/.test(line)) {
        this.#waiting.push({ start: from, end: from + trim(line).length });
      } else if (line.startsWith("[")) {
        if (readSectionName(line) === METADATA_KEY) break;
        this.#section(line);
      } else {
        this.#key(line, from);
      }
    }
    return { sites: this.#sites, unseenComments: this.#waiting.map((part) => unseenSite(this.#text, part)) };
  }

  #next(): string | undefined {
    const line = this.#lines[this.#at++];
    this.#offset += line?.length ?? 0;
    return line;
  }

  #section(line: string): void {
    this.#keys = new Set();
    const behind = (readSectionName(line)?.length ?? 0) + 2;
    // A ciphertext there would be read as a part of the name: it has a bracket.
    if (/[#;]/.test(line.slice(behind))) throw new LayoutError("a comment stands behind the name of a section");
    this.#takeComment();
  }

  #key(line: string, from: number): void {
    const read = readIniKey(line);
    if ("problem" in read) throw new LayoutError("it has a line that cannot be read again");
    const start = from + line.length - trimStart(read.rest).length;
    const value = readIniValue(read.rest, () => this.#next());
    if (value === undefined || this.#keys.has(read.key)) throw new LayoutError("a key is there twice in a section");
    this.#keys.add(read.key);
    const whole = this.#text.slice(start, this.#offset);
    const remark = trim(value.comment);
    const remarkAt = remark === "" ? whole.length : whole.lastIndexOf(remark);
    if (remark !== "") this.#waiting.push({ start: start + remarkAt, end: start + remarkAt + remark.length });
    const end = Math.max(start, start + whole.slice(0, remarkAt).trimEnd().length);
    this.#sites.push(valueSite(start, end));
    this.#takeComment();
  }

  #takeComment(): void {
    const parts = this.#waiting.splice(0);
    if (parts.length > 0) this.#sites.push(this.#commentSite(parts));
  }

  /** One comment of the tree: lines below each other. */
  #commentSite(parts: readonly Part[]): Site {
    const [start, end] = [parts[0]?.start ?? 0, parts.at(-1)?.end ?? 0];
    const isWhole = parts.every(({ start: from }, at) => {
      const before = parts[at - 1];
      return before === undefined || /^[ \t\r]*\n[ \t]*$/.test(this.#text.slice(before.end, from));
    });
    return {
      start,
      end,
      sealed(envelope) {
        if (!isWhole) throw new LayoutError("a comment of it stands in two places, and INI joins them");
        return { start, end, text: `; ${envelope}` };
      },
      opened(spot) {
        if (!isCommentSpot(spot)) throw new LayoutError("a value of it stands where a comment is");
        const lines = spot.text.split("\n").map((line) => (/^[#;]/.test(line) ? line : `; ${line}`));
        return { start, end, text: lines.join("\n") };
      },
    };
  }
}

/** A comment below the last key, which the reader does not give: all behind its mark. */
function unseenSite(text: string, { start, end }: Part): Site {
  const mark = text.charAt(start);
  return {
    start,
    end,
    sealed: (envelope) => ({ start, end, text: mark + envelope }),
    opened: (spot) => ({ start, end, text: mark + (isCommentSpot(spot) ? spot.text : "") }),
  };
}

function valueSite(start: number, end: number): Site {
  return {
    start,
    end,
    sealed: (envelope) => ({ start, end, text: envelope }),
    opened(spot) {
      const text = isCommentSpot(spot) ? undefined : quoteIniValue(flatText(spot));
      if (text === undefined) throw new LayoutError("a value of it cannot be written as INI");
      return { start, end, text };
    },
  };
}
