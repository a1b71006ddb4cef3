import { placeOf, YamlError } from "../errors.ts";
import { parseJsonStream } from "../json-reader.ts";
import { type Manifest, readManifests } from "../manifests.ts";
import { parseYaml } from "../parse.ts";
import { printJson } from "../print/json.ts";
import type { YamlValue } from "../yaml-value.ts";
import { jsonTextNode } from "./json-text.ts";
import { lineBreakAt, lineStart } from "./lines.ts";
import { spliced } from "./splice.ts";

export interface ReplaceOptions {
  /** Name of the file, for messages. */
  readonly source?: string;
}

/**
 * Puts other documents in place of some of a file, and leaves every other character as it is. Comments above a document
 * stay; those in it and below it, up to the next document, go with it: they may repeat what it said.
 *
 * @param documents 0-based index, as `readManifests` counts, to the new document: YAML without `---`, or JSON in a file
 *   of JSON.
 * @throws {YamlError} `YAML_NOT_EDITABLE`, and what `readManifests` throws.
 */
export function replaceDocuments(
  input: string,
  documents: ReadonlyMap<number, string>,
  { source }: ReplaceOptions = {},
): string {
  const mark = input.charCodeAt(0) === 0xfeff ? "\ufeff" : "";
  const text = input.slice(mark.length);
  const named = source === undefined ? {} : { source };
  const before = readManifests(text, named).manifests;
  const spans = jsonSpans(text) ?? yamlSpans(text, named);
  let result = text;
  for (const [index, replacement] of [...documents].sort(([a], [b]) => b - a)) {
    const span = spans[index];
    if (span === undefined)
      throw new RangeError(`replaceDocuments: expected a document below ${spans.length}, got ${index}`);
    const { start, end, isJson } = span;
    const broken = isJson ? "\n" : lineBreakAt(text, start);
    const written = replacement.trimEnd().replaceAll("\n", broken);
    // Behind `---` on the same line only some forms of a document can stand.
    const lead = isJson || text.slice(lineStart(text, start), start).trim() === "" ? "" : broken;
    const tail = isJson || (end === text.length && !/[\r\n]$/.test(text)) ? "" : broken;
    result = spliced(result, { start, end, text: lead + written + tail });
  }
  if (isAsMeant(result, before, documents)) return mark + result;
  throw new YamlError("YAML_NOT_EDITABLE", "its documents cannot be told apart for replacing one", {
    at: placeOf(text, 0),
    source,
  });
}

/** Whether all other documents say what they said. */
function isAsMeant(text: string, before: readonly Manifest[], replaced: ReadonlyMap<number, string>): boolean {
  try {
    const after = readManifests(text).manifests;
    return (
      after.length === before.length &&
      after.every(({ value, document }, at) => {
        const other = before[at];
        if (other === undefined || other.document !== document) return false;
        const print = (one: YamlValue) => printJson(one, { sortKeys: true });
        return replaced.has(document) || print(value) === print(other.value);
      })
    );
  } catch (error) {
    if (error instanceof YamlError) return false;
    throw error;
  }
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly isJson: boolean;
}

function yamlSpans(text: string, named: { source?: string }): Span[] {
  const { documents } = parseYaml(text, named);
  return documents.map(({ root, at }, index) => ({
    start: root?.at?.offset ?? at.offset,
    end: documents[index + 1]?.at.offset ?? text.length,
    isJson: false,
  }));
}

function jsonSpans(text: string): Span[] | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return parseJsonStream(text).values.map((value) => ({
      start: value.at,
      end: jsonTextNode(text, value, 0).end,
      isJson: true,
    }));
  } catch (error) {
    if (error instanceof YamlError && error.code === "JSON_SYNTAX") return undefined;
    throw error;
  }
}
