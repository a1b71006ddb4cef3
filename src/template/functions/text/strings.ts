import { display } from "../../fmt/print.ts";
import { quote } from "../../fmt/quote.ts";
import { defineFunction } from "../../value/function.ts";
import { GoError } from "../../value/go-error.ts";
import { byteLength, canonical, joinStrings, runesOf, sliceBytes } from "../../value/go-string.ts";
import type { GoFunction } from "../../value/go-value.ts";
import type { Host } from "../../value/host.ts";
import {
  binary,
  containsText,
  countText,
  hasPrefix,
  hasSuffix,
  replaceText,
  trimPrefix,
  trimSuffix,
} from "./bytewise.ts";
import { textOf } from "./text-of.ts";
import { isSpace } from "./unicode.ts";

/** Cutting, searching, repeating, quoting. Lengths and offsets are bytes. */
export const stringFunctions: readonly GoFunction[] = [
  defineFunction({ name: "hello", params: [], call: () => "Hello!" }),
  defineFunction({ name: "toString", params: ["interface {}"], call: ([value], host) => textOf(value, host) }),
  defineFunction({ name: "trim", params: ["string"], call: ([text]) => trimWhere(text, isSpace) }),
  defineFunction({ name: "trimall", params: ["string", "string"], call: ([set, text]) => trimAll(set, text) }),
  defineFunction({ name: "trimAll", params: ["string", "string"], call: ([set, text]) => trimAll(set, text) }),
  defineFunction({ name: "trimPrefix", params: ["string", "string"], call: ([part, text]) => trimPrefix(text, part) }),
  defineFunction({ name: "trimSuffix", params: ["string", "string"], call: ([part, text]) => trimSuffix(text, part) }),
  defineFunction({ name: "contains", params: ["string", "string"], call: ([part, text]) => containsText(text, part) }),
  defineFunction({ name: "hasPrefix", params: ["string", "string"], call: ([part, text]) => hasPrefix(text, part) }),
  defineFunction({ name: "hasSuffix", params: ["string", "string"], call: ([part, text]) => hasSuffix(text, part) }),
  defineFunction({ name: "nospace", params: ["string"], call: ([text]) => withoutSpace(text) }),
  defineFunction({ name: "initials", params: ["string"], call: ([text]) => initials(text) }),
  defineFunction({
    name: "plural",
    params: ["string", "string", "int"],
    call: ([one, many, count]) => (count.value === 1n ? one : many),
  }),
  defineFunction({
    name: "substr",
    params: ["int", "int", "string"],
    call: ([start, end, text]) => substring(text, start.value, end.value),
  }),
  defineFunction({ name: "trunc", params: ["int", "string"], call: ([count, text]) => trunc(text, count.toNumber()) }),
  defineFunction({
    name: "repeat",
    params: ["int", "string"],
    call: ([count, text], host) => repeat(text, count.value, host),
  }),
  defineFunction({
    name: "indent",
    params: ["int", "string"],
    call: ([count, text], host) => indent(text, count.value, host),
  }),
  defineFunction({
    name: "nindent",
    params: ["int", "string"],
    call: ([count, text], host) => `\n${indent(text, count.value, host)}`,
  }),
  defineFunction({
    name: "replace",
    params: ["string", "string", "string"],
    call: ([old, replacement, text], host) => {
      host.spend(byteLength(text) + byteLength(replacement) * countText(text, old));
      return replaceText(text, old, replacement);
    },
  }),
  defineFunction({
    name: "cat",
    params: [],
    variadic: "interface {}",
    call: (values, host) => {
      const texts = values.filter((value) => value !== null).map((value) => display(value, host));
      return spent(joinStrings(texts, " "), host);
    },
  }),
  defineFunction({
    name: "quote",
    params: [],
    variadic: "interface {}",
    call: (values, host) => {
      const texts = values.filter((value) => value !== null).map((value) => quote(textOf(value, host)));
      return spent(texts.join(" "), host);
    },
  }),
  defineFunction({
    name: "squote",
    params: [],
    variadic: "interface {}",
    call: (values, host) => {
      const texts = values.filter((value) => value !== null).map((value) => `'${display(value, host)}'`);
      return spent(joinStrings(texts, " "), host);
    },
  }),
];

/** Go's run-time panic for `text[from:to]`, where the offset that is out of range is named. */
function sliceOutOfRange(range: string): GoError {
  return new GoError(`runtime error: slice bounds out of range ${range}`);
}

function spent(text: string, host: Host): string {
  host.spend(text.length);
  return text;
}

function trimWhere(text: string, cut: (rune: number) => boolean): string {
  const chars = Array.from(text);
  const keeps = (char: string): boolean => !cut(runesOf(char)[0] ?? 0);
  const first = chars.findIndex(keeps);
  return first < 0 ? "" : chars.slice(first, chars.findLastIndex(keeps) + 1).join("");
}

function trimAll(set: string, text: string): string {
  const runes = new Set(runesOf(set));
  return trimWhere(text, (rune) => runes.has(rune));
}

/** Without white space, byte by byte: once something is left out, other bytes than ASCII count as Latin-1. */
function withoutSpace(text: string): string {
  const bytes = binary(text);
  const kept = Array.from(bytes).filter((byte) => !isSpace(byte.charCodeAt(0)));
  return kept.length === bytes.length ? text : kept.join("");
}

/** The first byte, as Latin-1, of each word that white space separates. */
function initials(text: string): string {
  let letters = "";
  let afterSpace = true;
  for (const byte of binary(text)) {
    const space = isSpace(byte.charCodeAt(0));
    if (!space && afterSpace) letters += byte;
    afterSpace = space;
  }
  return letters;
}

function substring(text: string, start: bigint, end: bigint): string {
  const length = BigInt(byteLength(text));
  if (start < 0n) {
    if (end < 0n) throw sliceOutOfRange(`[:${end}]`);
    if (end > length) throw sliceOutOfRange(`[:${end}] with length ${length}`);
    return sliceBytes(text, 0, Number(end));
  }
  const to = end < 0n || end > length ? length : end;
  if (start > to) throw sliceOutOfRange(`[${start}:${to}]`);
  return sliceBytes(text, Number(start), Number(to));
}

/** The first `count` bytes; the last ones when it is negative. */
function trunc(text: string, count: number): string {
  const length = byteLength(text);
  if (count < 0 && length + count > 0) return sliceBytes(text, length + count, length);
  return count >= 0 && length > count ? sliceBytes(text, 0, count) : text;
}

const MAX_INT = 2n ** 63n - 1n;

function repeat(text: string, count: bigint, host: Host): string {
  if (count < 0n) throw new GoError("strings: negative Repeat count");
  const length = BigInt(byteLength(text)) * count;
  if (count > 1n && length > MAX_INT) throw new GoError("strings: Repeat output length overflow");
  host.spend(Number(length));
  return text === "" ? "" : canonical(text.repeat(Number(count)));
}

function indent(text: string, count: bigint, host: Host): string {
  if (count < 0n) throw new GoError("strings: negative Repeat count");
  const lines = text.split("\n");
  host.spend(Number(count) * lines.length + text.length);
  const pad = " ".repeat(Number(count));
  return pad + lines.join(`\n${pad}`);
}
