import { canBackquote, quote } from "../../fmt/quote.ts";
import { defineFunction } from "../../value/function.ts";
import { GoError } from "../../value/go-error.ts";
import { byteLength, canonical, joinStrings } from "../../value/go-string.ts";
import type { GoFunction, GoValue } from "../../value/go-value.ts";
import type { Host } from "../../value/host.ts";
import { nilSlice, strings } from "../../value/make.ts";
import { allMatches, compilePattern, type Pattern, searchable } from "./regex-pattern.ts";
import { expandReplacement } from "./regex-replacement.ts";

/** Regular expressions of RE2, on strings. */
export const regexFunctions: readonly GoFunction[] = [
  defineFunction({
    name: "regexMatch",
    params: ["string", "string"],
    call: ([source, text], host) => {
      try {
        return matches(compilePattern(source, host), text);
      } catch (error) {
        if (error instanceof GoError) return false;
        throw error;
      }
    },
  }),
  defineFunction({
    name: "mustRegexMatch",
    params: ["string", "string"],
    call: ([source, text], host) => matches(compilePattern(source, host), text),
  }),
  defineFunction({ name: "regexQuoteMeta", params: ["string"], call: ([text], host) => quoteMeta(text, host) }),
  ...plainAndMust("regexFind", (name, compile) =>
    defineFunction({
      name,
      params: ["string", "string"],
      call: ([source, text], host) => {
        const match = compile(source, host).search(searchable(text), 0);
        return match === undefined ? "" : text.slice(match.start, match.end);
      },
    }),
  ),
  ...plainAndMust("regexFindAll", (name, compile) =>
    defineFunction({
      name,
      params: ["string", "string", "int"],
      call: ([source, text, limit], host) => {
        const found = findAll(compile(source, host), text, limit.toNumber(), host);
        return found.length === 0 ? nilSlice("string") : strings(found);
      },
    }),
  ),
  ...plainAndMust("regexSplit", (name, compile) =>
    defineFunction({
      name,
      params: ["string", "string", "int"],
      call: ([source, text, limit], host) => {
        const pattern = compile(source, host);
        return limit.value === 0n ? nilSlice("string") : strings(split(pattern, text, limit.toNumber(), host));
      },
    }),
  ),
  ...plainAndMust("regexReplaceAll", (name, compile) =>
    defineFunction({
      name,
      params: ["string", "string", "string"],
      call: ([source, text, replacement], host) =>
        replaceAll(
          compile(source, host),
          text,
          (pattern, match) => expandReplacement(replacement, pattern, match, text),
          host,
        ),
    }),
  ),
  ...plainAndMust("regexReplaceAllLiteral", (name, compile) =>
    defineFunction({
      name,
      params: ["string", "string", "string"],
      call: ([source, text, replacement], host) => replaceAll(compile(source, host), text, () => replacement, host),
    }),
  ),
];

type Compile = (source: string, host: Host) => Pattern;

/** The form that panics for a bad pattern and the one that returns an error: in a template their texts differ. */
function plainAndMust(name: string, define: (name: string, compile: Compile) => GoFunction): GoFunction[] {
  const must = `must${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return [define(name, compileOrPanic), define(must, compilePattern)];
}

function compileOrPanic(source: string, host: Host): Pattern {
  try {
    return compilePattern(source, host);
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    const quoted = canBackquote(source) ? `\`${source}\`` : quote(source);
    throw new GoError(`regexp: Compile(${quoted}): ${error.message}`);
  }
}

function matches(pattern: Pattern, text: string): GoValue {
  return pattern.search(searchable(text), 0) !== undefined;
}

/** What one found text takes beside its bytes. */
const PART_BYTES = 16;

function findAll(pattern: Pattern, text: string, limit: number, host: Host): string[] {
  const found: string[] = [];
  for (const match of allMatches(pattern, searchable(text), limit)) {
    host.spend(match.end - match.start + PART_BYTES);
    found.push(text.slice(match.start, match.end));
  }
  return found;
}

/** Parts between the matches; at most `limit`, the last one being the rest. */
function split(pattern: Pattern, text: string, limit: number, host: Host): string[] {
  if (pattern.source !== "" && text === "") return [""];
  const parts: string[] = [];
  let begin = 0;
  let end = 0;
  for (const match of allMatches(pattern, searchable(text), limit)) {
    if (limit > 0 && parts.length === limit - 1) break;
    host.spend(match.start - begin + PART_BYTES);
    end = match.start;
    if (match.end !== 0) parts.push(text.slice(begin, end));
    begin = match.end;
  }
  return end === text.length ? parts : [...parts, text.slice(begin)];
}

type Replace = (pattern: Pattern, match: Parameters<typeof expandReplacement>[2]) => string;

function replaceAll(pattern: Pattern, text: string, replace: Replace, host: Host): string {
  const pieces: string[] = [];
  let at = 0;
  for (const match of allMatches(pattern, searchable(text), -1)) {
    const piece = replace(pattern, match);
    host.spend(match.start - at + byteLength(piece));
    pieces.push(text.slice(at, match.start), piece);
    at = match.end;
  }
  host.spend(text.length - at);
  return joinStrings([...pieces, text.slice(at)]);
}

function quoteMeta(text: string, host: Host): string {
  host.spend(2 * byteLength(text));
  return canonical(text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&"));
}
