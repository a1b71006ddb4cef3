import { GoError } from "../../value/go-error.ts";

/** A version as Masterminds' semver 3.4 reads it. */
export interface Version {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  /** Without the dash; empty for a release. */
  readonly prerelease: string;
  /** Without the plus. */
  readonly metadata: string;
  /** As it was written. */
  readonly original: string;
}

const FORM =
  /^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;
const MOST = (1n << 64n) - 1n;

/** Longer texts are no versions; Go would take them, and compare numbers of any length. */
const MOST_CHARACTERS = 100_000;

/**
 * Reads a version leniently: `v1`, `1.2`, leading zeros are versions too.
 *
 * @throws {GoError}
 */
export function parseVersion(text: string): Version {
  const found = text.length > MOST_CHARACTERS ? null : FORM.exec(text);
  if (found === null) throw new GoError("invalid semantic version");
  const [, major = "", minor = "0", patch = "0", prerelease = "", metadata = ""] = found;
  const version = {
    major: segment(major),
    minor: segment(minor),
    patch: segment(patch),
    prerelease,
    metadata,
    original: text,
  };
  checkPrerelease(prerelease);
  return version;
}

function segment(digits: string): bigint {
  const value = digits.length > 1000 ? MOST + 1n : BigInt(digits);
  if (value <= MOST) return value;
  throw new GoError(`error parsing version segment: strconv.ParseUint: parsing "${digits}": value out of range`);
}

/** @throws {GoError} for what cannot stand behind the dash of a version; empty means none. */
export function checkPrerelease(text: string): void {
  if (text === "") return;
  for (const part of text.split(".")) {
    if (/^[0-9]+$/.test(part)) {
      if (part.length > 1 && part.startsWith("0")) throw new GoError("version segment starts with 0");
    } else if (!/^[0-9A-Za-z-]+$/.test(part)) {
      throw new GoError("invalid prerelease string");
    }
  }
}

/** @throws {GoError} for what cannot stand behind the plus of a version; empty means none. */
export function checkMetadata(text: string): void {
  if (text !== "" && !/^[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*$/.test(text)) throw new GoError("invalid metadata string");
}

/** The normal form: `1.2.0-rc.1+build`. */
export function versionText({ major, minor, patch, prerelease, metadata }: Version): string {
  return `${major}.${minor}.${patch}${prerelease && `-${prerelease}`}${metadata && `+${metadata}`}`;
}

/** -1, 0 or 1; metadata does not count. */
export function compareVersions(a: Version, b: Version): number {
  for (const part of ["major", "minor", "patch"] as const) if (a[part] !== b[part]) return a[part] < b[part] ? -1 : 1;
  if (a.prerelease === b.prerelease) return 0;
  if (a.prerelease === "") return 1;
  if (b.prerelease === "") return -1;
  return comparePrereleases(a.prerelease, b.prerelease);
}

/** Part by part: numbers by value and before words, words by their bytes, less parts before more. */
export function comparePrereleases(a: string, b: string): number {
  const left = a.split(".");
  const right = b.split(".");
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const order = compareParts(left[at] ?? "", right[at] ?? "");
    if (order !== 0) return order;
  }
  return 0;
}

function compareParts(a: string, b: string): number {
  if (a === b) return 0;
  if (a === "") return -1;
  if (b === "") return 1;
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x === undefined && y === undefined) return a > b ? 1 : -1;
  if (y === undefined) return -1;
  if (x === undefined) return 1;
  return x > y ? 1 : -1;
}

/** A number that 64 bits hold; everything else is a word. */
function numberOf(part: string): bigint | undefined {
  if (!/^[0-9]{1,1000}$/.test(part)) return undefined;
  const value = BigInt(part);
  return value <= MOST ? value : undefined;
}
