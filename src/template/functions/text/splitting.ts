import { defineFunction } from "../../value/function.ts";
import { byteLength, compareStrings, joinStrings } from "../../value/go-string.ts";
import { type GoFunction, type GoMap, GoSlice } from "../../value/go-value.ts";
import type { Host } from "../../value/host.ts";
import { stringMap, strings } from "../../value/make.ts";
import { itemsOf } from "../../value/reflection.ts";
import { splitText } from "./bytewise.ts";
import { textOf, textsOf } from "./text-of.ts";

/** Texts to lists of texts and back. */
export const splittingFunctions: readonly GoFunction[] = [
  defineFunction({
    name: "split",
    params: ["string", "string"],
    call: ([separator, text], host) => numbered(split(text, separator, -1, host)),
  }),
  defineFunction({
    name: "splitn",
    params: ["string", "int", "string"],
    call: ([separator, limit, text], host) => numbered(split(text, separator, limit.toNumber(), host)),
  }),
  defineFunction({
    name: "splitList",
    params: ["string", "string"],
    call: ([separator, text], host) => strings(split(text, separator, -1, host)),
  }),
  defineFunction({
    name: "join",
    params: ["string", "interface {}"],
    call: ([separator, value], host) => join(textsOf(value, host), separator, host),
  }),
  defineFunction({
    name: "toStrings",
    params: ["interface {}"],
    call: ([value], host) => (isStrings(value) ? value : strings(textsOf(value, host))),
  }),
  defineFunction({
    name: "sortAlpha",
    params: ["interface {}"],
    call: ([value], host) => {
      if (itemsOf(value) === undefined) return strings([textOf(value, host)]);
      const sorted = [...textsOf(value, host)].sort(compareStrings);
      if (!isStrings(value)) return strings(sorted);
      // Sprig sorts a []string where it is: every holder of the list sees it sorted.
      value.items.splice(0, sorted.length, ...sorted);
      return value;
    },
  }),
];

/** What one part takes beside its bytes. */
const PART_BYTES = 16;

function split(text: string, separator: string, limit: number, host: Host): string[] {
  host.spend(byteLength(text));
  const parts = splitText(text, separator, limit);
  host.spend(parts.length * PART_BYTES);
  return parts;
}

/** Parts under the names `_0`, `_1`, …, so that templates can write `.x._0`. */
function numbered(parts: readonly string[]): GoMap {
  return stringMap(parts.map((part, at) => [`_${at}`, part]));
}

function join(texts: readonly string[], separator: string, host: Host): string {
  const bytes = texts.reduce((sum, text) => sum + byteLength(text), 0);
  host.spend(bytes + byteLength(separator) * texts.length);
  return joinStrings(texts, separator);
}

function isStrings(value: unknown): value is GoSlice {
  return value instanceof GoSlice && value.elem === "string";
}
