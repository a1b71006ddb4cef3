import { RE2JS, RE2JSSyntaxException } from "re2js";
import { GoError } from "../value/go-error.ts";
import { fromText, isValidUtf8 } from "../value/go-string.ts";
import type { Host } from "../value/host.ts";
import { type NamedPattern, withDistinctNames, withGivenNames } from "./regex-names.ts";

/** One match: where it begins and ends, then each group; -1 for a group that is not part of the match. */
export interface Match {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly { readonly start: number; readonly end: number }[];
}

/** A pattern of Go's `regexp`: linear in time, leftmost-first. Offsets are those of JavaScript strings. */
export interface Pattern {
  readonly source: string;
  /** Numbers of the groups of each name; group 0 is the match. */
  readonly names: ReadonlyMap<string, readonly number[]>;
  /** The first match at or after an offset. */
  search(text: SearchText, from: number): Match | undefined;
}

/** A text made ready to be searched many times. */
export interface SearchText {
  readonly text: string;
  /** Bytes that are no valid UTF-8 count as U+FFFD. */
  readonly searched: string;
}

/** What a search does for one step of the host: instructions of the pattern at characters of the text. */
const WORK_PER_STEP = 1_000;

/**
 * Makes a pattern ready. Its searches count their steps with the host.
 *
 * @throws GoError with the text of Go's `regexp.Compile`
 */
export function compilePattern(source: string, host: Host): Pattern {
  host.step(1 + Math.ceil(source.length / WORK_PER_STEP));
  const named = withDistinctNames(source);
  const compiled = compiledOrRefused(named);
  return {
    source,
    names: numbersByName(compiled, named),
    search: ({ searched }, from) => {
      const matcher = compiled.matcher(searched);
      const isFound = matcher.find(from);
      const passed = (isFound ? matcher.end() : searched.length) - from;
      host.step(1 + Math.ceil((passed * compiled.programSize()) / WORK_PER_STEP));
      if (!isFound) return undefined;
      const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, group) => ({
        start: matcher.start(group),
        end: matcher.end(group),
      }));
      return { start: matcher.start(), end: matcher.end(), groups };
    },
  };
}

export function searchText(text: string): SearchText {
  return { text, searched: fromText(text) };
}

/**
 * All matches from left to right, at most `limit` when that is not negative. An empty match right after another match
 * does not count.
 */
export function* allMatches(pattern: Pattern, text: SearchText, limit: number): Generator<Match> {
  const { searched } = text;
  let at = 0;
  let previousEnd = -1;
  for (let found = 0; found !== limit && at <= searched.length; ) {
    const match = pattern.search(text, at);
    if (match === undefined) return;
    const isEmpty = match.end === at;
    if (!isEmpty || match.start !== previousEnd) {
      found++;
      yield match;
    }
    at = isEmpty ? at + widthAt(searched, at) : match.end;
    previousEnd = match.end;
  }
}

function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

function numbersByName(compiled: RE2JS, { given }: NamedPattern): Map<string, number[]> {
  const names = new Map<string, number[]>();
  const groups = Object.entries(compiled.namedGroups()).sort(([, a], [, b]) => a - b);
  for (const [distinct, number] of groups) {
    const name = given.get(distinct) ?? distinct;
    names.set(name, [...(names.get(name) ?? []), number]);
  }
  return names;
}

function compiledOrRefused(named: NamedPattern): RE2JS {
  const { source } = named;
  if (!isValidUtf8(source)) {
    const from = source.search(/\p{Surrogate}/u);
    throw new GoError(`error parsing regexp: invalid UTF-8: \`${source.slice(from)}\``);
  }
  try {
    return RE2JS.compile(source);
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    const message = withGivenNames(error.message, named);
    if (message.endsWith("`")) throw new GoError(message);
    // re2js leaves out what Go puts behind these texts: the rest of the pattern, or all of it.
    const place = message.endsWith("at end of expression") ? "" : withGivenNames(source, named);
    throw new GoError(`${message}: \`${place}\``);
  }
}
