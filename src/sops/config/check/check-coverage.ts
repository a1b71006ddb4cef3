import type { CheckedRule } from "./check-rule.ts";
import type { Findings } from "./finding.ts";

/** Patterns that every path matches. */
const MATCHES_ALL: ReadonlySet<string> = new Set([
  "",
  ".*",
  "^.*$",
  "^.*",
  ".*$",
  ".",
  ".+",
  "^.+$",
  "^",
  "$",
  "^.",
  "(.*)",
]);

/** Names that are listed in a message. */
const SHOWN = 3;

/**
 * Tells of rules that never come into play: those that stand behind one that takes all their files, and those whose
 * pattern matches no file. `paths` are those of the files below the configuration's folder; without them only what the
 * patterns themselves say is told.
 */
export function checkCoverage(
  rules: readonly CheckedRule[],
  paths: readonly string[] | undefined,
  findings: Findings,
): void {
  const certain = new Set(rules.filter((rule, index) => isShadowed(rule, rules.slice(0, index), findings)));
  if (paths === undefined) return;
  const taken = new Map(rules.map((rule) => [rule, { first: 0, later: new Map<CheckedRule, number>() }]));
  for (const path of paths) {
    const [first, ...later] = rules.filter((rule) => rule.matches?.(path) === true);
    if (first === undefined) continue;
    const counts = taken.get(first);
    if (counts !== undefined) counts.first++;
    for (const rule of later) {
      const by = taken.get(rule)?.later;
      by?.set(first, (by.get(first) ?? 0) + 1);
    }
  }
  for (const rule of rules) {
    const { first = 0, later = new Map<CheckedRule, number>() } = taken.get(rule) ?? {};
    if (certain.has(rule) || rule.matches === undefined || first > 0) continue;
    if (later.size > 0) {
      const by = [...later.keys()].map(({ name }) => name).slice(0, SHOWN);
      const count = [...later.values()].reduce((sum, one) => sum + one, 0);
      const message = `${rule.name} is for no file: all ${count} that it matches are taken by ${by.join(", ")} before`;
      findings.warning(
        rule.at,
        "shadowed-rule",
        message,
        "the first rule that matches counts: put the narrower one first",
      );
    } else if (rule.pattern !== "") {
      const hint = /^\^?\/|^\^?\.\//.test(rule.pattern)
        ? "paths are relative to the configuration's folder, and begin neither with / nor with ./"
        : "paths are relative to the configuration's folder, with /";
      findings.warning(rule.at, "matches-nothing", `the path_regex of ${rule.name} matches no file`, hint);
    }
  }
}

/** Whether an earlier rule matches whatever this one does, for sure. */
function isShadowed(rule: CheckedRule, before: readonly CheckedRule[], findings: Findings): boolean {
  const by = before.find(({ pattern, matches }) => {
    return matches !== undefined && (MATCHES_ALL.has(pattern) || pattern === rule.pattern);
  });
  if (by === undefined) return false;
  const why = by.pattern === rule.pattern && by.pattern !== "" ? "has the same path_regex" : "matches every file";
  const message = `${rule.name} is never used: ${by.name} (line ${by.node.at?.line ?? 1}) ${why}`;
  findings.warning(rule.at, "shadowed-rule", message, "the first rule that matches counts: put the narrower one first");
  return true;
}
