import type { MappingNode, Entry as YamlEntry } from "../../../yaml/index.ts";
import { isSameNode } from "../../merge/same-node.ts";
import { writeYaml } from "../../stores/yaml-write.ts";
import type { Branch, Entry, Node } from "../../values/value.ts";
import { LayoutError, type LocatedText } from "../layout.ts";
import { spotsOf } from "../spots.ts";
import { appended, lineBreakOf, lineStart, linesTaken, nextLine, type TextEdit } from "../text-edit.ts";
import { lastEnd } from "./last-end.ts";

/** A text, where its documents stand in it, and where the values of documents that were read from it stand. */
export interface YamlText {
  readonly text: string;
  readonly roots: readonly (MappingNode | undefined)[];
  readonly sitesOf: (documents: readonly Branch[]) => LocatedText;
}

/**
 * The edits that make documents of others: entries of block mappings are added below the others, taken out with their
 * lines, or written anew as a whole where a list or a kind changes. All else stays as it is.
 */
export function yamlShapeEdits(source: YamlText, before: readonly Branch[], wanted: readonly Branch[]): TextEdit[] {
  if (before.length !== wanted.length) throw new LayoutError("the number of its documents changes");
  const shape = new Shape(source, before);
  for (const [at, document] of wanted.entries()) {
    const [root, old] = [source.roots[at], before[at]];
    if (old === undefined || isSameNode(old, document)) continue;
    if (root === undefined) throw new LayoutError("a document without entries changes");
    shape.mapping(root, old, document);
  }
  return shape.edits;
}

class Shape {
  readonly edits: TextEdit[] = [];
  readonly #text: string;
  readonly #sites: ReadonlyMap<number, (value: Node) => TextEdit>;

  constructor({ text, sitesOf }: YamlText, before: readonly Branch[]) {
    this.#text = text;
    const { sites } = sitesOf(before);
    const spots = spotsOf(before);
    this.#sites = new Map(
      sites.flatMap((site, at) => {
        if (site === undefined || spots[at] === undefined) return [];
        return [[site.start, (value: Node) => site.opened(leafOnly(value))] as const];
      }),
    );
  }

  mapping(node: MappingNode, before: Branch, wanted: Branch): void {
    if (node.style === "flow") throw new LayoutError("a mapping in braces gets or loses an entry");
    const [old, now] = [entriesOf(before), entriesOf(wanted)];
    const kept = old.filter(({ key }) => now.some((entry) => entry.key === key));
    if (kept.length === 0) throw new LayoutError("a mapping loses its last entry");
    for (const [at, entry] of old.entries()) {
      const yaml = node.entries[at];
      if (yaml === undefined) throw new LayoutError("it has keys that are not where they are read");
      const next = now.find(({ key }) => key === entry.key);
      if (next === undefined) this.#take(yaml);
      else if (!isSameNode(entry.value, next.value)) this.#entry(yaml, entry, next);
    }
    const added = now.filter(({ key }) => !old.some((entry) => entry.key === key));
    const last = node.entries.at(-1);
    if (added.length > 0 && last !== undefined) this.#add(node, last, added);
  }

  #entry(yaml: YamlEntry, before: Entry, wanted: Entry): void {
    const [one, other] = [before.value, wanted.value];
    if (yaml.value.kind === "mapping" && isBranch(one) && isBranch(other) && other.items.length > 0) {
      this.mapping(yaml.value, one, other);
      return;
    }
    const site = yaml.value.kind === "scalar" ? this.#sites.get(yaml.value.textStart ?? -1) : undefined;
    if (site !== undefined && isLeaf(other)) {
      this.edits.push(site(other));
      return;
    }
    const { start, end } = this.#linesOf(yaml);
    const lines = this.#printed([wanted], columnOf(yaml));
    this.edits.push({
      start,
      end,
      text: end === this.#text.length && !/[\r\n]$/.test(this.#text) ? lines.trimEnd() : lines,
    });
  }

  #take(yaml: YamlEntry): void {
    const { start, end } = this.#linesOf(yaml);
    this.edits.push(linesTaken(this.#text, start, end));
  }

  #add(node: MappingNode, last: YamlEntry, added: readonly Entry[]): void {
    const first = node.entries[0] ?? last;
    const at = nextLine(this.#text, lastEnd(last.value) || lastEnd(last.key));
    this.edits.push(appended(this.#text, at, this.#printed(added, columnOf(first))));
  }

  #linesOf({ key, value }: YamlEntry): { start: number; end: number } {
    const keyAt = key.at?.offset ?? 0;
    const start = lineStart(this.#text, keyAt);
    if (this.#text.slice(start, keyAt).trim() !== "")
      throw new LayoutError("an entry shares its line with what holds it");
    return { start, end: nextLine(this.#text, Math.max(lastEnd(value), lastEnd(key))) };
  }

  #printed(entries: readonly Entry[], column: number): string {
    const printed = writeYaml([{ kind: "branch", items: structuredClone([...entries]) }], undefined);
    return printed.replace(/^(?=.)/gm, " ".repeat(column)).replaceAll("\n", lineBreakOf(this.#text));
  }
}

function columnOf({ key }: YamlEntry): number {
  return (key.at?.column ?? 1) - 1;
}

function entriesOf({ items }: Branch): Entry[] {
  return items.filter((item): item is Entry => item.kind === "entry");
}

function isBranch(node: Node): node is Branch {
  return typeof node === "object" && node !== null && node.kind === "branch";
}

function isLeaf(node: Node): boolean {
  return typeof node !== "object" || node === null || (node.kind !== "branch" && node.kind !== "list");
}

function leafOnly(value: Node) {
  if (typeof value === "object" && value !== null && (value.kind === "branch" || value.kind === "list")) {
    throw new RangeError("expected a value without others in it");
  }
  return value;
}
