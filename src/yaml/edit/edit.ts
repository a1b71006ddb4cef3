import { placeOf, YamlError } from "../errors.ts";
import { parseJsonStream } from "../json-reader.ts";
import { readManifests } from "../manifests.ts";
import { parseYaml } from "../parse.ts";
import { printJson } from "../print/json.ts";
import { setOwn, type YamlValue } from "../yaml-value.ts";
import { addToBlock, fillBlock, type NewEntry, removeFromBlock } from "./block-edit.ts";
import { addToFlow, removeFromFlow, replaceByBraces } from "./flow-edit.ts";
import { jsonTextNode } from "./json-text.ts";
import { lineEnd } from "./lines.ts";
import { replacedScalar } from "./scalar-text.ts";
import { type Splice, spliced } from "./splice.ts";
import type { TextDocument, TextEntry, TextMapping, TextNode } from "./text-node.ts";
import { yamlTextNode } from "./yaml-text.ts";

/** One text of a document, set or (with `value` undefined) taken out. Numbers in the path are places in lists. */
export interface TextChange {
  readonly path: readonly (string | number)[];
  readonly value: string | undefined;
}

export interface EditOptions {
  /** 0-based index of the document, as `readManifests` counts. */
  readonly document: number;
  /** Carried out in this order. Taking out what is not there does nothing. */
  readonly changes: readonly TextChange[];
  /** Name of the file, for messages. */
  readonly source?: string;
}

/**
 * Changes texts in a file of YAML or JSON manifests and leaves every other character as it is: comments, order, quotes,
 * indentation, line ends, other documents. A mapping that a path leads through and that is not there is made.
 *
 * The result is read again before it is given out, and has to say exactly what was meant; a layout that cannot be
 * edited so (an anchor that is used elsewhere, a merge key) is refused with its line.
 *
 * @throws {YamlError} `YAML_NOT_EDITABLE`, and what `readManifests` throws.
 *
 * @example
 * editManifests("a: {b: x} # c\n", { document: 0, changes: [{ path: ["a", "b"], value: "y" }] }); // "a: {b: y} # c\n"
 */
export function editManifests(input: string, { document, changes, source }: EditOptions): string {
  const mark = input.charCodeAt(0) === 0xfeff ? "\ufeff" : "";
  const text = input.slice(mark.length);
  const named = source === undefined ? {} : { source };
  const before = readManifests(text, named).manifests;
  const part = partOf(text, document, named);
  const edited = carriedOut(changes, { text, part, source });
  const result = text.slice(0, part.start) + edited + text.slice(part.end);
  const wanted = before.map((manifest) =>
    manifest.document === document ? { ...manifest, value: changes.reduce(changedValue, manifest.value) } : manifest,
  );
  if (!sameValues(result, wanted)) {
    throw new YamlError("YAML_NOT_EDITABLE", "this layout cannot be edited in place", {
      at: placeOf(text, part.start),
      source,
      hints: REWRITE,
    });
  }
  return mark + result;
}

/**
 * Changes one after the other. New texts in the place of old ones move nothing else that matters, so a run of such changes
 * takes one reading of the document, however many there are.
 */
function carriedOut(changes: readonly TextChange[], whole: Whole): string {
  const { language } = whole.part;
  let { text } = whole.part;
  let document: TextDocument | undefined;
  let inPlace: Splice[] = [];
  const take = (splices: readonly Splice[]) => {
    text = splices.toSorted((a, b) => b.start - a.start).reduce(spliced, text);
    document = undefined;
  };
  const find = (change: TextChange): Found | undefined => {
    document ??= parsePart(text, language);
    return new Edit(document, change, whole).find();
  };
  for (const change of changes) {
    const found = find(change);
    const isApart = found !== undefined && !inPlace.some(({ start, end }) => found.start < end && start < found.end);
    if (found?.isInPlace === true && isApart) {
      inPlace.push(found);
      continue;
    }
    const waiting = inPlace;
    inPlace = [];
    if (waiting.length > 0) take(waiting);
    const splice = waiting.length > 0 ? find(change) : found;
    if (splice !== undefined) take([splice]);
  }
  take(inPlace);
  return text;
}

/** Where a text changes; in place when one line of text takes the place of another, and nothing around it moves. */
interface Found extends Splice {
  readonly isInPlace?: boolean;
}

const REWRITE = ["write the lines around it in plain block style, without anchors, and try again"];

/** One document of a stream. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly language: TextDocument["language"];
}

function partOf(text: string, document: number, named: { source?: string }): Part {
  const json = /^\s*\{/.test(text) ? jsonStarts(text) : undefined;
  // Without a marker there is one document, and it need not be read to be found.
  const isOne = document === 0 && !/^(---|\.\.\.)/m.test(text);
  const starts = json ?? (isOne ? [0] : yamlStarts(text, named));
  const start = starts[document];
  if (start === undefined)
    throw new RangeError(`editManifests: expected a document below ${starts.length}, got ${document}`);
  const end = starts[document + 1] ?? text.length;
  return { start, end, text: text.slice(start, end), language: json === undefined ? "yaml" : "json" };
}

function yamlStarts(text: string, named: { source?: string }): number[] {
  return parseYaml(text, named).documents.map(({ at }, index) => (index === 0 ? 0 : at.offset));
}

function jsonStarts(text: string): number[] | undefined {
  try {
    return parseJsonStream(text).values.map(({ at }) => at);
  } catch (error) {
    if (error instanceof YamlError && error.code === "JSON_SYNTAX") return undefined;
    throw error;
  }
}

function parsePart(text: string, language: TextDocument["language"]): TextDocument | undefined {
  if (language === "json") {
    const [value] = parseJsonStream(text).values;
    return value === undefined ? undefined : { text, language, root: jsonTextNode(text, value, 0) };
  }
  const root = parseYaml(text).documents[0]?.root;
  return root === undefined ? undefined : { text, language, root: yamlTextNode(text, root, 0) };
}

interface Whole {
  readonly text: string;
  readonly part: Part;
  readonly source: string | undefined;
}

class Edit {
  readonly #document: TextDocument;
  readonly #change: TextChange;
  readonly #whole: Whole;

  constructor(document: TextDocument | undefined, change: TextChange, whole: Whole) {
    if (document === undefined) throw new RangeError("editManifests: expected a document that is not empty");
    this.#document = document;
    this.#change = change;
    this.#whole = whole;
  }

  /** Undefined when there is nothing to do. @throws {YamlError} `YAML_NOT_EDITABLE` */
  find(): Found | undefined {
    const { path, value } = this.#change;
    let node: TextNode = this.#document.root;
    let owner: TextEntry | undefined;
    for (const [depth, step] of path.entries()) {
      this.#refuseShared(node);
      if (typeof step === "number") {
        const item: TextNode | undefined = node.kind === "sequence" ? node.items[step] : undefined;
        if (item === undefined) throw this.#refusal(node.start, `there is no list with an item ${step + 1}`);
        node = item;
        owner = undefined;
        continue;
      }
      if (node.kind !== "mapping") return value === undefined ? undefined : this.#fill(owner, node, depth);
      const mapping: TextMapping = node;
      const merge = mapping.entries.find(({ key }) => key === "<<");
      if (merge !== undefined) throw this.#refusal(merge.keyStart, "a merge key (<<) brings in entries from elsewhere");
      const entry = mapping.entries.find(({ key }) => key === step);
      const isLast = depth === path.length - 1;
      if (entry === undefined) return value === undefined ? undefined : this.#add(mapping, owner, depth, value);
      if (isLast) return value === undefined ? this.#remove(mapping, entry, owner) : this.#replace(entry, value);
      node = entry.value;
      owner = entry;
    }
    throw new RangeError("editManifests: expected a path that ends in a key");
  }

  #add(mapping: TextMapping, owner: TextEntry | undefined, depth: number, value: string): Splice {
    const added = this.#newEntry(depth, value);
    if (!mapping.isFlow) return addToBlock(this.#document, mapping, owner, added);
    const isReplaceable = mapping.entries.length === 0 && this.#document.language === "yaml" && owner !== undefined;
    const filled = isReplaceable ? this.#fillBlock(owner, added) : undefined;
    return filled ?? addToFlow(this.#document, mapping, added);
  }

  /** Where nothing is, or `null`. */
  #fill(owner: TextEntry | undefined, node: TextNode, depth: number): Splice {
    const written = this.#document.text.slice(node.start, node.end);
    const isNull = node.kind === "scalar" && /^(null|Null|NULL|~)?$/.test(written);
    if (owner === undefined || !isNull) throw this.#refusal(node.start, "a mapping is expected here");
    const added = this.#newEntry(depth, this.#change.value ?? "");
    return this.#fillBlock(owner, added) ?? replaceByBraces(this.#document, owner, added);
  }

  #fillBlock(owner: TextEntry, added: NewEntry): Splice | undefined {
    const { text, language, root } = this.#document;
    const isWithinBraces = language === "json" || root.kind !== "mapping" || isInFlow(root, owner);
    if (isWithinBraces || lineEnd(text, owner.keyStart) < owner.keyEnd) return undefined;
    return fillBlock(this.#document, owner, added);
  }

  #newEntry(depth: number, value: string): NewEntry {
    return { keys: this.#change.path.slice(depth).map(String), value };
  }

  #replace(entry: TextEntry, value: string): Found {
    const { value: node } = entry;
    const { text, language } = this.#document;
    this.#refuseShared(node, true);
    const { start, end } = node;
    if (node.kind === "alias") {
      return { start, end, text: replacedScalar(text, { ...node, kind: "scalar", style: "plain" }, value, language) };
    }
    if (node.kind !== "scalar") throw this.#refusal(start, "a text is expected here");
    const written = (node.style === "none" ? " " : "") + replacedScalar(text, node, value, language);
    const isInPlace = start < end && node.style !== "block" && !/[\r\n]/.test(text.slice(start, end));
    return { start, end, text: written, isInPlace };
  }

  #remove(mapping: TextMapping, entry: TextEntry, owner: TextEntry | undefined): Splice {
    this.#refuseShared(entry.value, true);
    const splice = mapping.isFlow
      ? removeFromFlow(this.#document, mapping, entry)
      : removeFromBlock(this.#document, mapping, { entry, parent: owner });
    if (splice !== undefined) return splice;
    throw this.#refusal(entry.keyStart, "the entry cannot be taken out without a change to what stands beside it");
  }

  /** What is written once and meant twice must not change in one of the two places. */
  #refuseShared(node: TextNode, isTarget = false): void {
    if (node.kind === "alias" && !isTarget) {
      throw this.#refusal(node.start, "an alias stands here: its values are written elsewhere");
    }
    if (node.repeatedAt === undefined) return;
    const line = this.#lineOf(node.repeatedAt);
    throw this.#refusal(node.start, `an alias in line ${line} repeats what stands here`);
  }

  #lineOf(offset: number): number {
    const { text, part } = this.#whole;
    // Earlier changes of the same file may have moved lines; they are told as they stand now.
    return placeOf(text.slice(0, part.start) + this.#document.text, part.start + offset).line;
  }

  #refusal(offset: number, problem: string): YamlError {
    const { text, part, source } = this.#whole;
    const at = placeOf(text.slice(0, part.start) + this.#document.text, part.start + offset);
    return new YamlError("YAML_NOT_EDITABLE", problem, { at, source, hints: REWRITE });
  }
}

/** Whether an entry stands between braces or brackets. */
function isInFlow(root: TextMapping, { keyStart }: TextEntry): boolean {
  let mapping: TextMapping | undefined = root;
  while (mapping !== undefined) {
    if (mapping.isFlow) return true;
    const around: TextNode | undefined = mapping.entries.find(
      ({ value }) => value.start <= keyStart && keyStart < value.end,
    )?.value;
    if (around?.kind === "sequence") return around.items.every((item) => item.kind !== "mapping" || item.isFlow);
    mapping = around?.kind === "mapping" ? around : undefined;
  }
  return false;
}

function changedValue(value: YamlValue, change: TextChange): YamlValue {
  return changedAt(value, change.path, change.value);
}

function changedAt(value: YamlValue, path: TextChange["path"], text: string | undefined): YamlValue {
  const [step, ...rest] = path;
  if (step === undefined) return text ?? null;
  if (typeof step === "number") {
    return Array.isArray(value) ? value.map((item, at) => (at === step ? changedAt(item, rest, text) : item)) : value;
  }
  const isMapping = typeof value === "object" && value !== null && !Array.isArray(value);
  const inner = isMapping && Object.hasOwn(value, step) ? value[step] : undefined;
  if (text === undefined && inner === undefined) return value;
  const changed: { [key: string]: YamlValue } = {};
  for (const [key, item] of isMapping ? Object.entries(value) : []) {
    if (key !== step || text !== undefined || rest.length > 0) setOwn(changed, key, item);
  }
  if (text !== undefined || rest.length > 0) setOwn(changed, step, changedAt(inner ?? null, rest, text));
  return changed;
}

function sameValues(
  text: string,
  wanted: readonly { readonly value: YamlValue; readonly document: number }[],
): boolean {
  try {
    const { manifests } = readManifests(text);
    const print = (value: YamlValue) => printJson(value, { sortKeys: true });
    return (
      manifests.length === wanted.length &&
      manifests.every(({ value, document }, at) => {
        const other = wanted[at];
        return other !== undefined && document === other.document && print(value) === print(other.value);
      })
    );
  } catch (error) {
    if (error instanceof YamlError) return false;
    throw error;
  }
}
