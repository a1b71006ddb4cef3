import { type Matcher, RE2JS, RE2JSSyntaxException } from "re2js";
import { GoError } from "../../value/go-error.ts";
import { fromText, isValidUtf8 } from "../../value/go-string.ts";
import type { Host } from "../../value/host.ts";
import { type NamedPattern, withDistinctNames, withGivenNames } from "./regex-names.ts";

/** A part of a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One match. */
export interface Match extends Span {
  /** A group of the match, if there is one of that number and it took part; group 0 is the match. */
  group(number: number): Span | undefined;
}

/** A pattern of Go's `regexp`: linear in time, leftmost-first. Offsets are those of JavaScript strings. */
export interface Pattern {
  readonly source: string;
  /** Numbers of the groups of each name. */
  readonly names: ReadonlyMap<string, readonly number[]>;
  /** The first match in a {@link searchable} text at or after an offset. */
  search(searched: string, from: number): Match | undefined;
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
    search: (searched, from) => {
      const matcher = compiled.matcher(searched);
      const isFound = matcher.find(from);
      const passed = (isFound ? matcher.end() : searched.length) - from;
      host.step(1 + Math.ceil((passed * compiled.programSize()) / WORK_PER_STEP));
      return isFound ? matchOf(matcher) : undefined;
    },
  };
}

/** A text as patterns see it, with the same offsets: bytes that are no valid UTF-8 are U+FFFD. */
export function searchable(text: string): string {
  return fromText(text);
}

/**
 * All matches from left to right, at most `limit` when that is not negative. An empty match right after another match
 * does not count.
 */
export function* allMatches(pattern: Pattern, searched: string, limit: number): Generator<Match> {
  let at = 0;
  let previousEnd = -1;
  for (let found = 0; found !== limit && at <= searched.length; ) {
    const match = pattern.search(searched, at);
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

/** The matcher belongs to the match: it searches nothing else. Groups are found when they are asked for. */
function matchOf(matcher: Matcher): Match {
  return {
    start: matcher.start(),
    end: matcher.end(),
    group: (number) => {
      if (number > matcher.groupCount()) return undefined;
      const start = matcher.start(number);
      return start < 0 ? undefined : { start, end: matcher.end(number) };
    },
  };
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
