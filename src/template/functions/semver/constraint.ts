import { GoError } from "../../value/go-error.ts";
import { comparePrereleases, compareVersions, parseVersion, type Version } from "./version.ts";

/** One comparison: an operator and a version that may have wildcards. */
interface Comparison {
  readonly operator: string;
  readonly version: Version;
  /** The parts from here on are wildcards or absent. */
  readonly open: "major" | "minor" | "patch" | undefined;
}

/** Comparisons that must all hold. */
interface Group {
  readonly comparisons: readonly Comparison[];
  /** Whether one of them names a prerelease: only then prereleases can fit. */
  readonly takesPrereleases: boolean;
}

const NUMBER = "[0-9|xX*]+";
const TAIL = String.raw`(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?`;
const VERSION = String.raw`v?${NUMBER}(?:\.${NUMBER})?(?:\.${NUMBER})?${TAIL}`;
const OPERATOR = String.raw`(?:!=|>=|=>|<=|=<|~>|=|>|<|~|\^|)`;
// As RE2 takes blanks, not as JavaScript does.
const BLANK = String.raw`[\t\n\f\r ]`;

const RANGE = new RegExp(`${BLANK}*(${VERSION})${BLANK}+-${BLANK}+(${VERSION})${BLANK}*`, "g");
const FIRST = new RegExp(`^${BLANK}*(${OPERATOR})${BLANK}*(${VERSION})${BLANK}*`);
const NEXT = new RegExp(`^(?:${BLANK}+|,${BLANK}*)?(${OPERATOR})${BLANK}*(${VERSION})${BLANK}*`);
const PARTS = new RegExp(String.raw`^v?(${NUMBER})(?:\.(${NUMBER}))?(?:\.(${NUMBER}))?(${TAIL})$`);

/** Longer constraints are refused: matching them takes quadratic time. */
const MOST_CHARACTERS = 10_000;

/**
 * Whether a version fits a constraint in the language of Masterminds' semver 3.4: `,` and blanks mean and, `||` means or,
 * `1.2 - 1.4.5` is a range, `x`, `X` and `*` are wildcards; operators are `= != > < >= <= ~ ~> ^`.
 *
 * @throws {GoError} `improper constraint: …`, or what is wrong with the version
 */
export function semverCompare(constraint: string, version: string): boolean {
  const groups = parseConstraint(constraint);
  const parsed = parseVersion(version);
  return groups.some((group) =>
    group.comparisons.every((comparison) => holds(comparison, parsed, group.takesPrereleases)),
  );
}

function parseConstraint(constraint: string): readonly Group[] {
  if (constraint.length > MOST_CHARACTERS) throw new GoError("improper constraint: it is too long");
  const plain = constraint.replace(RANGE, (_, from: string, to: string) => `>= ${from}, <= ${to} `);
  return plain.split("||").map(parseGroup);
}

function parseGroup(text: string): Group {
  const improper = (what: string) => new GoError(`improper constraint: ${what}`);
  const comparisons: Comparison[] = [];
  let rest = text;
  for (let form = FIRST; comparisons.length === 0 || rest !== ""; form = NEXT) {
    const [whole, operator = "", version = ""] = form.exec(rest) ?? [];
    if (whole === undefined) throw improper(text);
    if (
      form === NEXT &&
      !/^[\t\n\f\r ,]/.test(whole) &&
      !/[\t\n\f\r ]$/.test(text.slice(0, text.length - rest.length))
    ) {
      throw improper(text);
    }
    comparisons.push(parseComparison(operator, version));
    rest = rest.slice(whole.length);
  }
  return { comparisons, takesPrereleases: comparisons.some(({ version }) => version.prerelease !== "") };
}

function parseComparison(operator: string, text: string): Comparison {
  const [, major = "", minor = "", patch = "", tail = ""] = PARTS.exec(text) ?? [];
  // Behind a wildcard a prerelease still counts, metadata does not.
  const prerelease = /^-[^+]*/.exec(tail)?.[0] ?? "";
  const [open, plain]: readonly [Comparison["open"], string] = isWild(major)
    ? ["major", `0.0.0${prerelease}`]
    : isWild(minor)
      ? ["minor", `${major}.0.0${prerelease}`]
      : isWild(patch)
        ? ["patch", `${major}.${minor}.0${prerelease}`]
        : [undefined, text];
  try {
    return { operator, version: parseVersion(plain), open };
  } catch (error) {
    if (error instanceof GoError) throw new GoError("constraint parser error");
    throw error;
  }
}

function isWild(part: string): boolean {
  return part === "" || part === "x" || part === "X" || part === "*";
}

function holds({ operator, version: wanted, open }: Comparison, version: Version, takesPrereleases: boolean): boolean {
  if (version.prerelease !== "" && !takesPrereleases) return false;
  const order = compareVersions(version, wanted);
  switch (operator) {
    case "":
    case "=":
      return open === undefined ? order === 0 : near({ wanted, open }, version);
    case "!=":
      return differs({ wanted, open }, version);
    case ">":
      return isAbove({ wanted, open }, version);
    case "<":
      return order < 0;
    case ">=":
    case "=>":
      return order >= 0;
    case "<=":
    case "=<":
      return isUpTo({ wanted, open }, version);
    case "~":
    case "~>":
      return near({ wanted, open }, version);
    default:
      return compatible({ wanted, open }, version);
  }
}

interface Wanted {
  readonly wanted: Version;
  readonly open: Comparison["open"];
}

/** `~1.2.3`: the same minor version, from there on. Everything fits `~0.0.0` and `~*`. */
function near({ wanted, open }: Wanted, version: Version): boolean {
  if (compareVersions(version, wanted) < 0) return false;
  const isZero = wanted.major === 0n && wanted.minor === 0n && wanted.patch === 0n;
  if (isZero && open !== "minor" && open !== "patch") return true;
  return version.major === wanted.major && (version.minor === wanted.minor || open === "minor");
}

/** `^1.2.3`: the same leftmost number that is not zero, from there on. */
function compatible({ wanted, open }: Wanted, version: Version): boolean {
  if (compareVersions(version, wanted) < 0) return false;
  if (wanted.major > 0n || open === "minor") return version.major === wanted.major;
  if (version.major > 0n) return false;
  if (wanted.minor > 0n || open === "patch") return version.minor === wanted.minor;
  return version.minor === 0n && version.patch === wanted.patch;
}

function differs({ wanted, open }: Wanted, version: Version): boolean {
  if (open === undefined) return compareVersions(version, wanted) !== 0;
  if (version.major !== wanted.major) return true;
  if (open === "minor") return false;
  if (version.minor !== wanted.minor) return true;
  if (open === "major") return version.patch !== wanted.patch || compareVersions(version, wanted) !== 0;
  return (
    (version.prerelease !== "" || wanted.prerelease !== "") &&
    comparePrereleases(version.prerelease, wanted.prerelease) !== 0
  );
}

function isAbove({ wanted, open }: Wanted, version: Version): boolean {
  if (open === undefined) return compareVersions(version, wanted) > 0;
  if (version.major !== wanted.major) return version.major > wanted.major;
  if (open === "minor") return false;
  if (open === "patch") return version.minor > wanted.minor;
  return compareVersions(version, wanted) > 0;
}

function isUpTo({ wanted, open }: Wanted, version: Version): boolean {
  if (open === undefined) return compareVersions(version, wanted) <= 0;
  if (version.major > wanted.major) return false;
  return !(version.major === wanted.major && version.minor > wanted.minor && open !== "minor");
}
