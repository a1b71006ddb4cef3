import type { NewEntry } from "./block-edit.ts";
import { indentOf, lineBreakAt } from "./lines.ts";
import { keyText, scalarText, styleAmong } from "./scalar-text.ts";
import { placeAmong, type Splice } from "./splice.ts";
import type { TextDocument, TextEntry, TextMapping } from "./text-node.ts";

const DEFAULT_STEP = "  ";

/** One more entry between braces, set off from the others as they are from each other. */
export function addToFlow(document: TextDocument, mapping: TextMapping, added: NewEntry): Splice {
  const { text } = document;
  const [key = ""] = added.keys;
  const { entries } = mapping;
  const [first] = entries;
  if (first === undefined) return fillBraces(document, mapping, added);
  const indent = text.slice(first.keyStart - indentOf(text, first.keyStart).length, first.keyStart);
  const isOwnLine = /[\r\n][ \t]*$/.test(text.slice(mapping.start, first.keyStart));
  const separator = isOwnLine
    ? lineBreakAt(text, mapping.start) + indent
    : document.language === "json" && isTight(text, mapping)
      ? ""
      : " ";
  const written = entryText(document, mapping, added, isOwnLine ? indent : undefined);
  const place = placeAmong(
    entries.map((entry) => entry.key),
    key,
  );
  const before = entries[place - 1];
  if (before === undefined) return { start: first.keyStart, end: first.keyStart, text: `${written},${separator}` };
  return { start: before.value.end, end: before.value.end, text: `,${separator}${written}` };
}

/** Fills `{}`: on lines of its own within JSON that is written so. */
function fillBraces(document: TextDocument, mapping: TextMapping, added: NewEntry): Splice {
  const { text, language } = document;
  const step = language === "json" ? stepOf(document) : undefined;
  const { start, end } = mapping;
  // What stands between empty braces can only be a comment.
  if (text.slice(start + 1, end - 1).trim() !== "") {
    return { start: start + 1, end: start + 1, text: entryText(document, mapping, added, undefined) };
  }
  if (step === undefined)
    return { start: start + 1, end: end - 1, text: entryText(document, mapping, added, undefined) };
  const outer = indentOf(text, start);
  const broken = lineBreakAt(text, start);
  const inner = entryText(document, mapping, added, outer + step);
  return { start: start + 1, end: end - 1, text: `${broken}${outer}${step}${inner}${broken}${outer}` };
}

/** Puts a mapping in braces in place of a value such as `null`. */
export function replaceByBraces(document: TextDocument, { value }: TextEntry, added: NewEntry): Splice {
  const empty: TextMapping = { ...value, kind: "mapping", isFlow: true, entries: [], end: value.start + 2 };
  const text = `${document.text.slice(0, value.start)}{}${document.text.slice(value.end)}`;
  const { text: inner } = fillBraces({ ...document, text }, empty, added);
  return { start: value.start, end: value.end, text: `{${inner}}` };
}

/** Takes an entry and one comma out; undefined when a comment stands where the cut would be. */
export function removeFromFlow({ text }: TextDocument, mapping: TextMapping, entry: TextEntry): Splice | undefined {
  const at = mapping.entries.indexOf(entry);
  const next = mapping.entries[at + 1];
  const before = mapping.entries[at - 1];
  const start = next === undefined ? (before?.value.end ?? mapping.start + 1) : entry.keyStart;
  const end = next?.keyStart ?? (before === undefined ? mapping.end - 1 : entry.value.end);
  const around = text.slice(start, entry.keyStart) + text.slice(entry.value.end, end);
  return /^[\s,]*$/.test(around) ? { start, end, text: "" } : undefined;
}

/** `indent` is that of the entry when it has a line of its own. */
function entryText(
  document: TextDocument,
  mapping: TextMapping,
  { keys, value }: NewEntry,
  indent: string | undefined,
): string {
  const { text, language } = document;
  const [key = "", ...inner] = keys;
  const colon = language === "json" ? colonOf(text, mapping) : ": ";
  const written = `${keyText(key, document, mapping)}${colon}`;
  if (inner.length === 0) return written + scalarText(value, language, flowStyle(value, mapping));
  const empty: TextMapping = { ...mapping, entries: [] };
  const step = indent === undefined || language !== "json" ? undefined : stepOf(document);
  if (indent === undefined || step === undefined) {
    return `${written}{${entryText(document, empty, { keys: inner, value }, undefined)}}`;
  }
  const broken = lineBreakAt(text, mapping.start);
  const within = entryText(document, empty, { keys: inner, value }, indent + step);
  return `${written}{${broken}${indent}${step}${within}${broken}${indent}}`;
}

/** Between braces a plain text ends at more characters. */
function flowStyle(value: string, mapping: TextMapping): "plain" | "single" | "double" {
  const style = styleAmong(mapping);
  return style === "plain" && /[^-A-Za-z0-9_.+/=]/.test(value) ? "double" : style;
}

function isTight(text: string, { entries }: TextMapping): boolean {
  const [first, second] = entries;
  if (first === undefined) return false;
  if (second !== undefined) return !/\s/.test(text.slice(first.value.end, second.keyStart));
  return !/\s/.test(text.slice(first.keyEnd, first.value.start));
}

function colonOf(text: string, { entries, start }: TextMapping): string {
  const [first] = entries;
  if (first !== undefined) {
    const between = text.slice(first.keyEnd, first.value.start);
    return /[\r\n]/.test(between) ? ": " : between;
  }
  // An empty mapping follows the colon that it stands behind.
  return /:$/.test(text.slice(0, start)) ? ":" : ": ";
}

/** What one level is indented by in JSON on lines of its own; undefined when it stands on one line. */
function stepOf({ text, root }: TextDocument): string | undefined {
  const first = root.kind === "mapping" ? root.entries[0] : undefined;
  if (first === undefined || !/[\r\n]/.test(text.slice(root.start, first.keyStart))) return undefined;
  const outer = indentOf(text, root.start);
  const inner = indentOf(text, first.keyStart);
  return inner.length > outer.length && inner.startsWith(outer) ? inner.slice(outer.length) : DEFAULT_STEP;
}
