/**
 * Group names of a pattern. Go lets several groups have the same name; re2js does not, so each gets one of its own.
 */
export interface NamedPattern {
  readonly source: string;
  /** The name that the pattern gave, by that in `source`. */
  readonly given: ReadonlyMap<string, string>;
}

/** Gives each group that is named as an earlier one another name. */
export function withDistinctNames(source: string): NamedPattern {
  const given = new Map<string, string>();
  const renamed = source.replace(TOKEN, (token, opening?: string, name?: string) => {
    if (opening === undefined || name === undefined) return token;
    let distinct = name;
    // re2js keeps names in a plain object, where this one is none.
    while (given.has(distinct) || distinct === "__proto__") distinct += "_";
    given.set(distinct, name);
    return `${opening}${distinct}>`;
  });
  return { source: renamed, given };
}

/** A text of a pattern with the names that it gave. */
export function withGivenNames(text: string, { given }: NamedPattern): string {
  return text.replace(TOKEN, (token, opening?: string, name?: string) =>
    opening === undefined || name === undefined ? token : `${opening}${given.get(name) ?? name}>`,
  );
}

/** What a group may not begin in: quotes, escapes, classes; or the beginning of a named group. */
const TOKEN =
  /\\Q[\s\S]*?(?:\\E|$)|\\[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:[a-z^]*:\]|[^\]\\])*\]|(\(\?P?<)([\p{L}\p{Nd}_]+)>/gu;
