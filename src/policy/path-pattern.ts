/** A pattern of paths in a repository, ready to be asked. */
export type PathPattern = (path: string) => boolean;

const MAX_LENGTH = 1_000;

/**
 * A pattern such as `clusters/prod-*.yaml`: `*` and `?` stand for anything, and for one character, within a folder or name;
 * a part `**` for any number of folders. A pattern that ends in `/` means everything below. The whole path has to match,
 * from the top of the repository. Undefined when it is empty or longer than 1,000 characters.
 */
export function pathPattern(pattern: string): PathPattern | undefined {
  const text = pattern.replace(/^\.?\/+/, "");
  if (text === "" || text.length > MAX_LENGTH) return undefined;
  const parts = (text.endsWith("/") ? `${text}**` : text).split("/");
  return (path) => matches(parts, path.split("/"), matchesPart, (part) => part === "**");
}

function matchesPart(pattern: string, name: string): boolean {
  const same = (wanted: string, actual: string) => wanted === "?" || wanted === actual;
  return matches([...pattern], [...name], same, (character) => character === "*");
}

/**
 * Matches with wildcards that stand for any number of elements. Only the last wildcard is ever tried anew, so the work is
 * bounded by the product of the lengths.
 */
function matches(
  pattern: readonly string[],
  elements: readonly string[],
  isSame: (wanted: string, actual: string) => boolean,
  isAny: (wanted: string) => boolean,
): boolean {
  let at = 0;
  let wildcard = -1;
  let resumed = 0;
  for (let element = 0; element < elements.length; ) {
    const wanted = pattern[at];
    if (wanted !== undefined && isAny(wanted)) {
      wildcard = at++;
      resumed = element;
    } else if (wanted !== undefined && isSame(wanted, elements[element] ?? "")) {
      at++;
      element++;
    } else if (wildcard >= 0) {
      at = wildcard + 1;
      element = ++resumed;
    } else return false;
  }
  while (at < pattern.length && isAny(pattern[at] ?? "")) at++;
  return at === pattern.length;
}
