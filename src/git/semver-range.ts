import { compare, compareBuild, parse, type SemVer } from "semver";
import { GitError } from "./errors.ts";

interface Comparator {
  readonly op: "=" | "!=" | ">" | "<" | ">=" | "<=" | "~" | "^";
  readonly base: SemVer;
  /** How many of major, minor, patch were written; 0 is "any version". */
  readonly parts: 0 | 1 | 2 | 3;
}

/** Groups joined by "or"; inside a group every comparator must hold. */
export type SemverRange = readonly (readonly Comparator[])[];

const MAX_RANGE_LENGTH = 512;
const VERSION = "v?(?:[0-9]+|[xX*])(?:\\.(?:[0-9]+|[xX*])){0,2}(?:-[0-9A-Za-z.-]+)?(?:\\+[0-9A-Za-z.-]+)?";
const COMPARATOR = new RegExp(`^(=|==|!=|>|<|>=|=>|<=|=<|~|~>|\\^)?\\s*(${VERSION})$`);
const HYPHEN = new RegExp(`^\\s*(${VERSION})\\s+-\\s+(${VERSION})\\s*$`);

/**
 * Reads a range as Masterminds/semver does: comma or space means "and", `||` means "or", `!=`, `~`, `^`, `x` wildcards,
 * and `1.2 - 2.3`.
 *
 * @throws {GitError} `GIT_SEMVER_RANGE`.
 */
export function parseRange(text: string): SemverRange {
  if (text.length > MAX_RANGE_LENGTH || text.trim() === "") throw malformed(text);
  return text.split("||").map((group) => {
    const hyphen = HYPHEN.exec(group);
    if (hyphen !== null) return [comparator(text, ">=", hyphen[1] ?? ""), comparator(text, "<=", hyphen[2] ?? "")];
    return group
      .trim()
      .replaceAll(/([=!<>~^]+)\s+/g, "$1")
      .split(/\s*,\s*|\s+/)
      .map((part) => {
        const match = COMPARATOR.exec(part);
        if (match === null) throw malformed(text);
        return comparator(text, match[1] ?? "=", match[2] ?? "");
      });
  });
}

/**
 * The tags with the highest version in `range`: one, several that differ in build metadata only, or none. A tag counts
 * only with three numbers, with or without a leading `v`.
 */
export function newestMatching(range: SemverRange, tags: readonly string[]): readonly string[] {
  const matching = tags.flatMap((tag) => {
    const version = /^v?[0-9]+\.[0-9]+\.[0-9]+/.test(tag) && tag.length <= 256 ? parse(tag) : null;
    return version !== null && satisfies(version, range) ? [{ tag, version }] : [];
  });
  const best = matching.reduce<SemVer | undefined>(
    (top, { version }) => (top === undefined || compare(version, top) > 0 ? version : top),
    undefined,
  );
  if (best === undefined) return [];
  return matching
    .filter(({ version }) => compare(version, best) === 0)
    .sort((left, right) => compareBuild(right.version, left.version))
    .map(({ tag }) => tag);
}

/** Whether a version lies in the range. A prerelease does only where each comparator of a group names one. */
export function satisfies(version: SemVer, range: SemverRange): boolean {
  return range.some((group) => group.every((one) => holds(version, one)));
}

function holds(version: SemVer, { op, base, parts }: Comparator): boolean {
  if (version.prerelease.length > 0 && base.prerelease.length === 0) return false;
  const order = compare(version, base);
  switch (op) {
    case "=":
      return parts === 3 ? order === 0 : sameParts(version, base, parts);
    case "!=":
      return parts === 3 ? order !== 0 : !sameParts(version, base, parts);
    case ">":
      return parts === 3 ? order > 0 : order > 0 && !sameParts(version, base, parts);
    case "<":
      return order < 0;
    case ">=":
      return order >= 0;
    case "<=":
      return order <= 0 || (parts < 3 && sameParts(version, base, parts));
    case "~":
      return order >= 0 && sameParts(version, base, Math.min(parts, 2));
    case "^":
      return order >= 0 && sameParts(version, base, caretParts(base, parts));
  }
}

/** `^` keeps everything up to the first number that is not zero. */
function caretParts(base: SemVer, parts: number): number {
  if (base.major > 0 || parts <= 1) return Math.min(parts, 1);
  if (base.minor > 0 || parts <= 2) return Math.min(parts, 2);
  return 3;
}

function sameParts(left: SemVer, right: SemVer, parts: number): boolean {
  return (
    (parts < 1 || left.major === right.major) &&
    (parts < 2 || left.minor === right.minor) &&
    (parts < 3 || left.patch === right.patch)
  );
}

const OPERATORS: Readonly<Record<string, Comparator["op"]>> = {
  "=": "=",
  "==": "=",
  "!=": "!=",
  ">": ">",
  "<": "<",
  ">=": ">=",
  "=>": ">=",
  "<=": "<=",
  "=<": "<=",
  "~": "~",
  "~>": "~",
  "^": "^",
};

function comparator(range: string, operator: string, version: string): Comparator {
  const plain = version.replace(/^v/, "");
  const suffixAt = plain.search(/[-+]/);
  const numbers = (suffixAt < 0 ? plain : plain.slice(0, suffixAt)).split(".");
  const wild = numbers.findIndex((part) => /^[xX*]$/.test(part));
  const known = wild < 0 ? numbers : numbers.slice(0, wild);
  const base = parse([...known, "0", "0", "0"].slice(0, 3).join(".") + (suffixAt < 0 ? "" : plain.slice(suffixAt)));
  const op = OPERATORS[operator];
  if (base === null || op === undefined) throw malformed(range);
  return { op, base, parts: known.length === 3 ? 3 : known.length === 2 ? 2 : known.length === 1 ? 1 : 0 };
}

function malformed(text: string): GitError {
  const shown = JSON.stringify(text.slice(0, 100));
  return new GitError("GIT_SEMVER_RANGE", `Cannot use the semver range ${shown}: it is malformed`, {
    hints: ['ranges look like ">=1.2.0, <2", "1.x", "~1.4" or ">=1.0.0-0" (with prereleases)'],
  });
}
