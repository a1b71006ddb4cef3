/**
 * The contexts that a version of sops before 3.3.0 may have encrypted with instead of the one in the file: it sent every
 * name with the same value, any one of them. Empty when all values are the same anyway.
 *
 * Source: the description of the correction, github.com/getsops/sops/pull/435.
 */
export function contextsOfOldVersions(context: ReadonlyMap<string, string>): ReadonlyMap<string, string>[] {
  const values = [...new Set(context.values())];
  if (values.length < 2 || values.length > MAX_VALUES) return [];
  return values.map((value) => new Map([...context.keys()].map((name) => [name, value])));
}

/** Each is a question to the service: the file says how many, and it may be anybody's. */
const MAX_VALUES = 16;
