import { primitives } from "#primitives";
import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { type RuleId, severityOf } from "./rules.ts";

/** Something that a rule is about. Holds names, fingerprints and days, never a value. */
export interface Finding {
  readonly rule: RuleId;
  /** From the folder that is looked at, with `/`; for a key the backup or the cluster that has it. */
  readonly path: string;
  /** 1-based. */
  readonly line: number | undefined;
  /** `Secret apps/db`; undefined for a file as a whole. */
  readonly object: string | undefined;
  /** Names of fields or items. */
  readonly fields: readonly string[];
  /** What there is more to say; `""` for nothing. */
  readonly detail: string;
  /** The first commit that has it, when it was found in history. */
  readonly commit: string | undefined;
}

/** A finding without what most rules have nothing to say about. */
export function finding(
  rule: RuleId,
  path: string,
  more: Partial<Pick<Finding, "line" | "object" | "fields" | "detail" | "commit">> = {},
): Finding {
  return { rule, path, line: undefined, object: undefined, fields: [], detail: "", commit: undefined, ...more };
}

/**
 * The path of a finding from the top of the repository, when what was looked at is the folder `prefix` of it (`""` or
 * `a/b/`). History knows only such paths.
 */
export function pathFromTop({ path, commit }: Pick<Finding, "path" | "commit">, prefix: string): string {
  return commit === undefined ? prefix + path : path;
}

const RANK = { error: 0, warning: 1, note: 2 } as const;

/** The worst first, then by place. */
export function inOrder(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted(
    (a, b) =>
      RANK[severityOf(a.rule)] - RANK[severityOf(b.rule)] ||
      compare(a.path, b.path) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      compare(a.rule, b.rule),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * What a finding is known by from one run to the next, also when lines above it come and go: a digest of rule, path,
 * object and fields, and a number where several are alike. In the order of the findings.
 */
export function fingerprints(findings: readonly Finding[]): readonly string[] {
  const seen = new Map<string, number>();
  return findings.map(({ rule, path, object, fields }) => {
    const text = JSON.stringify([rule, path, object ?? "", fields]);
    const number = (seen.get(text) ?? 0) + 1;
    seen.set(text, number);
    return `${encodeHex(primitives.sha256(encodeUtf8(text))).slice(0, 32)}:${number}`;
  });
}
