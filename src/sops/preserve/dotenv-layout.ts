import { isSameNode } from "../merge/same-node.ts";
import { flattenMetadata } from "../stores/flat-metadata.ts";
import { flatText, isComplex } from "../stores/flat-value.ts";
import type { Branch } from "../values/value.ts";
import { type Layout, LayoutError, type Site } from "./layout.ts";
import { isCommentSpot } from "./spots.ts";
import { appended, linesTaken, type TextEdit } from "./text-edit.ts";

const METADATA_PREFIX = "sops_";

/** Blank lines and the last line break of dotenv; all else of it are texts. */
export const dotenvLayout: Layout = {
  locate: (text) => ({
    sites: linesOf(text).flatMap(({ start, line }) => (line.startsWith(METADATA_PREFIX) ? [] : [siteOf(start, line)])),
    unseenComments: [],
  }),
  addMetadata(text, metadata) {
    const lines = flattenMetadata(metadata).map(([name, value]) => `${METADATA_PREFIX}${name}=${escaped(value)}\n`);
    return [appended(text, text.length, lines.join(""))];
  },
  removeMetadata(text) {
    const lines = linesOf(text).filter(({ line }) => line.startsWith(METADATA_PREFIX));
    const isOpen = lines.some(({ start, line }) => start + line.length === text.length);
    return lines.map(({ start, line }, at): TextEdit => {
      const end = Math.min(start + line.length + 1, text.length);
      // The break before the first of them came with them.
      return { start: at === 0 && isOpen && start > 0 ? start - 1 : start, end, text: "" };
    });
  },
  shapeEdits(text, [before], [wanted]) {
    const lines = linesOf(text).filter(({ line }) => !line.startsWith(METADATA_PREFIX));
    const [old, now] = [before?.items ?? [], wanted?.items ?? []];
    let at = 0;
    const edits: TextEdit[] = [];
    for (const [index, item] of old.entries()) {
      const next = now[at];
      if (next !== undefined && isSameItem(item, next)) {
        at++;
      } else {
        const { start, line } = lines[index] ?? { start: text.length, line: "" };
        edits.push(linesTaken(text, start, Math.min(start + line.length + 1, text.length)));
      }
    }
    const added = now.slice(at).map((item) => {
      if (item.kind === "comment" || isComplex(item.value))
        throw new LayoutError("dotenv has no place for what is new");
      return `${item.key}=${escaped(flatText(item.value))}\n`;
    });
    return added.length === 0 ? edits : [...edits, appended(text, text.length, added.join(""))];
  },
};

function isSameItem(one: Branch["items"][number], other: Branch["items"][number]): boolean {
  if (one.kind === "comment") return other.kind === "comment" && one.text === other.text;
  return other.kind === "entry" && one.key === other.key && isSameNode(one.value, other.value);
}

interface Line {
  readonly start: number;
  readonly line: string;
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (const line of text.split("\n")) {
    if (line !== "") lines.push({ start, line });
    start += line.length + 1;
  }
  return lines;
}

function siteOf(lineAt: number, line: string): Site {
  const isRemark = line.startsWith("#");
  const start = lineAt + (isRemark ? 1 : line.indexOf("=") + 1);
  const end = lineAt + line.length;
  return {
    start,
    end,
    sealed: (envelope) => ({ start, end, text: envelope }),
    opened: (spot) => ({ start, end, text: isCommentSpot(spot) ? spot.text : escaped(flatText(spot)) }),
  };
}

function escaped(text: string): string {
  return text.replaceAll("\n", "\\n");
}
