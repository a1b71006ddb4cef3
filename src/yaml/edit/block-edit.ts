import { endsWithin, indentOf, lineBreakAt, lineEnd, lineStart, nextLine } from "./lines.ts";
import { keyText, scalarText, styleAmong } from "./scalar-text.ts";
import { placeAmong, type Splice } from "./splice.ts";
import type { TextDocument, TextEntry, TextMapping } from "./text-node.ts";

const STEP = 2;

/** A new value: a text under a key, or under a key within mappings that are not there yet. */
export interface NewEntry {
  /** The key, or the keys of all the mappings that have to be made, outermost first. */
  readonly keys: readonly string[];
  readonly value: string;
}

/** One more line, or some, in a mapping of block style. `parent` is the entry that holds the mapping. */
export function addToBlock(
  document: TextDocument,
  mapping: TextMapping,
  parent: TextEntry | undefined,
  { keys, value }: NewEntry,
): Splice {
  const { text } = document;
  const [key = ""] = keys;
  const [first] = mapping.entries;
  const column = (first?.keyStart ?? 0) - lineStart(text, first?.keyStart ?? 0);
  const lines = blockLines(document, { keys, value }, { column, siblings: mapping, at: mapping.start });
  const place = placeAmong(
    mapping.entries.map((entry) => entry.key),
    key,
  );
  const before = mapping.entries[place - 1];
  if (before !== undefined)
    return insertion(lineEnd(text, before.value.end), lineBreakAt(text, before.value.end) + lines);
  // Above the first entry may stand a comment that belongs to it: the new one goes above that.
  const above = parent === undefined ? undefined : behindColon(text, parent.keyEnd);
  if (above !== undefined && endsWithin(text, above)) {
    return insertion(lineEnd(text, above), lineBreakAt(text, above) + lines);
  }
  const at = first?.keyStart ?? mapping.start;
  return insertion(at, lines.trimStart() + lineBreakAt(text, at) + " ".repeat(column));
}

/** Puts a mapping of block style where a key has no value yet, or an empty one that may go. */
export function fillBlock(document: TextDocument, owner: TextEntry, added: NewEntry): Splice | undefined {
  const { text } = document;
  const { value, keyStart, keyEnd } = owner;
  const colon = behindColon(text, keyEnd);
  if (colon === undefined) return undefined;
  const isBare = value.kind === "scalar" && value.style === "none";
  const rest = isBare ? colon : value.end;
  const hasComment = value.kind === "mapping" && text.slice(value.start + 1, value.end - 1).trim() !== "";
  if (value.hasProperties || hasComment || !endsWithin(text, rest)) return undefined;
  const column = keyStart - lineStart(text, keyStart) + STEP;
  const lines = blockLines(document, added, { column, siblings: undefined, at: keyStart });
  const comment = text.slice(rest, lineEnd(text, rest)).trimEnd();
  return { start: colon, end: lineEnd(text, rest), text: comment + lineBreakAt(text, colon) + lines };
}

/** Takes the lines of an entry out of a mapping of block style; undefined when it shares its lines with others. */
export function removeFromBlock(
  { text }: TextDocument,
  mapping: TextMapping,
  { entry, parent }: { readonly entry: TextEntry; readonly parent: TextEntry | undefined },
): Splice | undefined {
  const start = lineStart(text, entry.keyStart);
  const standsAlone = text.slice(start, entry.keyStart).trim() === "" && endsWithin(text, entry.value.end);
  if (!standsAlone) return undefined;
  const end = nextLine(text, entry.value.end);
  if (mapping.entries.length > 1) {
    const isUnended = end === lineEnd(text, entry.value.end);
    // The break before the last line of a text that ends without one goes with it.
    return isUnended ? { start: lineEnd(text, start - 1), end, text: "" } : { start, end, text: "" };
  }
  const colon = parent === undefined ? undefined : behindColon(text, parent.keyEnd);
  if (colon === undefined) return undefined;
  return { start: colon, end, text: ` {}${text.slice(colon, start)}` };
}

function blockLines(
  document: TextDocument,
  { keys, value }: NewEntry,
  {
    column,
    siblings,
    at,
  }: { readonly column: number; readonly siblings: TextMapping | undefined; readonly at: number },
): string {
  const { text } = document;
  const indent = siblings?.entries[0] === undefined ? "" : indentOf(text, siblings.entries[0].keyStart);
  const base = indent.length === column ? indent : " ".repeat(column);
  const style = siblings === undefined || keys.length > 1 ? "plain" : styleAmong(siblings);
  const lines = keys.map((key, depth) => {
    const written =
      depth === 0 && siblings !== undefined ? keyText(key, document, siblings) : scalarText(key, "yaml", "plain");
    const end = depth === keys.length - 1 ? ` ${scalarText(value, "yaml", style)}` : "";
    return `${base}${" ".repeat(STEP * depth)}${written}:${end}`;
  });
  return lines.join(lineBreakAt(text, at));
}

/** The place behind the colon of a key. */
function behindColon(text: string, keyEnd: number): number | undefined {
  const colon = /^[ \t]*:/.exec(text.slice(keyEnd, keyEnd + 100))?.[0];
  return colon === undefined ? undefined : keyEnd + colon.length;
}

function insertion(at: number, text: string): Splice {
  return { start: at, end: at, text };
}
