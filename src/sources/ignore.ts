import { SourceError } from "./errors.ts";
import { compileGlob, type Glob, matchesGlob } from "./glob.ts";

/** The name of a file with ignore patterns for its directory and those below. */
export const IGNORE_FILE = ".sourceignore";

const VCS_PATTERNS = [".git/", ".gitignore", ".gitmodules", ".gitattributes"];

/** What a cluster never needs; in force only while nobody has written patterns of their own. */
const DEFAULT_PATTERNS = [
  ..."*.jpg *.jpeg *.gif *.png *.wmv *.flv *.tar.gz *.zip".split(" "),
  ...".github/ .circleci/ .travis.yml .gitlab-ci.yml appveyor.yml .drone.yml cloudbuild.yaml".split(" "),
  ..."codeship-services.yml codeship-steps.yml".split(" "),
  ..."**/.goreleaser.yml **/.sops.yaml **/.flux.yaml".split(" "),
];

const MAX_PATTERNS = 2000;
const MAX_PATTERN_LENGTH = 1024;

interface Rule {
  readonly negated: boolean;
  readonly directoriesOnly: boolean;
  /** Parts of the directory whose file holds the pattern; it says nothing about paths elsewhere. */
  readonly scope: readonly string[];
  /** One part: matches that name at any depth. */
  readonly name: Glob | undefined;
  /** Several parts, from `scope` on; undefined is `**`. */
  readonly parts: readonly (Glob | undefined)[];
}

export interface IgnoreSources {
  /** `.sourceignore` files: the directory of each (`""` for the root) and its text. */
  readonly files: readonly { readonly directory: string; readonly text: string }[];
  /** `spec.ignore`, which has the last word. */
  readonly spec?: string | undefined;
}

/**
 * Tells which paths stay out of an artifact. Patterns are those of gitignore; the last one that matches a path or one of
 * its directories decides. Unlike git, a pattern may bring back a file whose directory is ignored.
 *
 * @throws {SourceError} `SOURCE_IGNORE_TOO_LARGE` for too many or too long patterns.
 */
export function ignoreRules({ files, spec }: IgnoreSources): (path: string) => boolean {
  const own = [
    ...[...files]
      .sort((left, right) => depth(left.directory) - depth(right.directory))
      .flatMap(({ directory, text }) => parseRules(text, directory === "" ? [] : directory.split("/"))),
    ...parseRules(spec ?? "", []),
  ];
  const given = own.length > 0 || spec !== undefined;
  const rules = [
    ...VCS_PATTERNS.map((pattern) => parseRule(pattern, [])),
    ...(given ? [] : DEFAULT_PATTERNS.map((pattern) => parseRule(pattern, []))),
    ...own,
  ]
    .filter((rule) => rule !== undefined)
    .reverse();
  if (rules.length > MAX_PATTERNS) throw tooLarge(`more than ${MAX_PATTERNS} patterns`);
  return (path) => {
    const parts = path.split("/");
    const decisive = rules.find((rule) => matches(rule, parts));
    return decisive !== undefined && !decisive.negated;
  };
}

function parseRules(text: string, scope: readonly string[]): Rule[] {
  return text.split("\n").flatMap((line) => parseRule(line, scope) ?? []);
}

function parseRule(line: string, scope: readonly string[]): Rule | undefined {
  let pattern = withoutTrailingBlanks(line.replace(/\r$/, ""));
  if (pattern === "" || pattern.startsWith("#")) return undefined;
  if (pattern.length > MAX_PATTERN_LENGTH) throw tooLarge(`a pattern longer than ${MAX_PATTERN_LENGTH} characters`);
  const negated = pattern.startsWith("!");
  if (negated) pattern = pattern.slice(1);
  const directoriesOnly = pattern.endsWith("/");
  if (directoriesOnly) pattern = pattern.replace(/\/+$/, "");
  const anchored = pattern.includes("/");
  const parts = pattern.replace(/^\/+/, "").split("/");
  if (parts.length === 1 && parts[0] === "") return undefined;
  return {
    negated,
    directoriesOnly,
    scope,
    name: anchored ? undefined : compileGlob(parts[0] ?? ""),
    parts: anchored ? parts.map((part) => (part === "**" ? undefined : compileGlob(part))) : [],
  };
}

/** A blank behind a backslash is part of the pattern. No regular expression: on a long run of blanks it takes the square. */
function withoutTrailingBlanks(line: string): string {
  const trimmed = line.trimEnd();
  return trimmed.endsWith("\\") ? line.slice(0, trimmed.length + 1) : trimmed;
}

/** Whether the rule matches the file itself or one of the directories above it, inside the rule's scope. */
function matches({ scope, name, parts, directoriesOnly }: Rule, path: readonly string[]): boolean {
  if (path.length <= scope.length || scope.some((part, index) => part !== path[index])) return false;
  const inside = path.slice(scope.length);
  for (let length = 1; length <= inside.length; length++) {
    if (directoriesOnly && length === inside.length) return false;
    if (
      name === undefined ? matchesParts(parts, inside.slice(0, length)) : matchesGlob(name, inside[length - 1] ?? "")
    ) {
      return true;
    }
  }
  return false;
}

/** Matches part by part; `**` takes any number of parts, and at least one at the end. */
function matchesParts(pattern: readonly (Glob | undefined)[], path: readonly string[]): boolean {
  // reach[n]: the pattern read so far can match the first n parts of the path.
  let reach = path.map(() => false);
  reach = [true, ...reach];
  for (const [index, part] of pattern.entries()) {
    const next: boolean[] = reach.map(() => false);
    const last = index === pattern.length - 1;
    for (let taken = 0; taken <= path.length; taken++) {
      if (part === undefined) {
        const before = taken > 0 && (next[taken - 1] === true || reach[taken - 1] === true);
        next[taken] = before || (!last && reach[taken] === true);
      } else if (taken > 0) {
        next[taken] = reach[taken - 1] === true && matchesGlob(part, path[taken - 1] ?? "");
      }
    }
    reach = next;
  }
  return reach[path.length] === true;
}

function depth(directory: string): number {
  return directory === "" ? 0 : directory.split("/").length;
}

function tooLarge(what: string): SourceError {
  return new SourceError("SOURCE_IGNORE_TOO_LARGE", `Cannot use the ignore patterns: ${what}`, {
    hints: ["ignore whole directories, or begin with /* and bring back what is needed with !/deploy"],
  });
}
