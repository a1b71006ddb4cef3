import { SopsError } from "../errors.ts";
import { type Format, storeOf } from "../format.ts";
import { flatText, isComplex } from "../stores/flat-value.ts";
import { indentUnit, writeJson } from "../stores/json-write.ts";
import type { StoreContext } from "../stores/store.ts";
import { writeYamlNode } from "../stores/yaml-write.ts";
import { fitsInt64 } from "../values/number.ts";
import { type Branch, goTypeOf, isComment, type Node } from "../values/value.ts";

/** A step into a value: a key of a mapping, or a position in a list. */
export type PathStep = string | number;

/**
 * Reads a path such as `["key"][0]['other key']`. Undefined for an empty one, which means everything.
 *
 * @throws {SopsError} `SOPS_BAD_PATH`.
 */
export function parsePath(text: string): readonly PathStep[] | undefined {
  if (text === "") return undefined;
  const [before, ...parts] = text.split("[");
  const components = before === "" ? parts : [before ?? "", ...parts];
  return components.map((component) => {
    if (!component.endsWith("]")) throw badPath(text, `${show(component)} does not end with "]"`, syntax(component));
    return stepOf(component.slice(0, -1), text);
  });
}

function stepOf(inner: string, text: string): PathStep {
  if (inner === "") throw badPath(text, "a step is empty");
  if (/^["']/.test(inner)) return inner.slice(1, -1);
  if (/^[+-]?\d+$/.test(inner)) {
    if (fitsInt64(BigInt(inner.replace("+", "")))) return Number(inner);
    throw badPath(text, `${show(inner)} is no position`, `strconv.Atoi: parsing ${show(inner)}: value out of range`);
  }
  throw badPath(
    text,
    `${show(inner)} is neither a number nor a key in quotes`,
    `strconv.Atoi: parsing ${show(inner)}: invalid syntax`,
  );
}

function syntax(component: string): string {
  return `component ${component} doesn't end with ]`;
}

function show(text: string): string {
  return JSON.stringify(text);
}

function badPath(text: string, state: string, upstream?: string): SopsError {
  return new SopsError("SOPS_BAD_PATH", `Cannot use ${show(text)} as a path: ${state}`, {
    hints: [`write it as '["key"][0]["key"]'`],
    upstream: upstream === undefined ? undefined : `error parsing --extract path: ${upstream}`,
  });
}

/**
 * The value at a path in a document. A number into a mapping gives its entry of that position, as a mapping with `key`
 * and `value`.
 *
 * @throws {SopsError} `SOPS_BAD_PATH` with `upstream` when there is nothing, without when the path cannot be meant.
 */
export function extract(document: Branch, path: readonly PathStep[]): Node {
  let node: Node = document;
  for (const step of path) node = typeof step === "string" ? inMapping(node, step) : inList(node, step);
  return node;
}

function inMapping(node: Node, key: string): Node {
  if (typeof node !== "object" || node === null || node.kind !== "branch") {
    throw nothingAt(`["${key}"]`, "what is there is no mapping");
  }
  for (const item of node.items) if (item.kind === "entry" && item.key === key) return item.value;
  throw nothingAt(`["${key}"]`, "there is no such key", `component ['${key}'] not found`);
}

function inList(node: Node, index: number): Node {
  const items = typeof node === "object" && node !== null && "items" in node ? node.items : undefined;
  if (items === undefined) {
    throw nothingAt(
      `[${index}]`,
      "what is there is no list",
      `component [${index}] is integer, but tree part is not a slice`,
    );
  }
  if (index < 0) throw nothingAt(`[${index}]`, "positions count from 0");
  const item = items[index];
  if (item === undefined)
    throw nothingAt(`[${index}]`, "the list is shorter", `component [${index}] accesses out of bounds`);
  if (isComment(item)) return item.text;
  if (typeof item !== "object" || item === null || item.kind !== "entry") return item;
  const pair = [["key", item.key] as const, ["value", item.value] as const];
  return { kind: "branch", items: pair.map(([key, value]) => ({ kind: "entry", key, value })) };
}

function nothingAt(step: string, state: string, upstream?: string): SopsError {
  return new SopsError("SOPS_BAD_PATH", `Cannot extract ${step}: ${state}`, {
    upstream: upstream === undefined ? undefined : `error truncating tree: ${upstream}`,
  });
}

/**
 * One value as the original prints it: texts as they are, all else in the format of the result.
 *
 * @throws {SopsError} `SOPS_UNPRINTABLE` for what that format cannot hold.
 */
export function printExtracted(node: Node, format: Format, context: StoreContext): string | Uint8Array {
  if (typeof node === "string") return node;
  const isObject = typeof node === "object" && node !== null;
  if (isObject && node.kind === "bytes") return node.bytes;
  if (format === "yaml") return writeYamlNode(node, context.indent);
  if (isObject && node.kind === "branch") return storeOf(format).emitPlain([node], context);
  if (format === "json") return writeJson(node, { unit: indentUnit(context.indent) });
  if (format === "ini" && !isComplex(node)) return flatText(node);
  const upstream =
    format === "dotenv"
      ? `the dotenv store only supports emitting strings, got ${goTypeOf(node)}`
      : format === "binary"
        ? "Binary files are not structured and extracting a single value is not possible"
        : undefined;
  throw new SopsError("SOPS_UNPRINTABLE", `Cannot print this value as ${format}: it is no text`, {
    hints: ["--output-type yaml"],
    upstream,
  });
}
