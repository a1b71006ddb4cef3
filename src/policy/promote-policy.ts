import { type PathPattern, pathPattern } from "./path-pattern.ts";
import type { PolicyFields } from "./policy-fields.ts";

/** The section `promote`: which way `sealkit promote` may carry secrets. */
export interface PromotePolicy {
  /** The first entry that matches both paths counts; what none matches is allowed. */
  readonly directions: readonly PromoteDirection[];
}

export interface PromoteDirection {
  readonly from: PathPattern;
  readonly to: PathPattern;
  readonly allow: boolean;
  /** 1-based line in the policy file. */
  readonly line: number;
}

export const DEFAULT_PROMOTE_POLICY: PromotePolicy = { directions: [] };

/** @throws {PolicyError} */
export function readPromotePolicy(entries: readonly PolicyFields[]): PromotePolicy {
  return { directions: entries.map(readDirection) };
}

function readDirection(fields: PolicyFields): PromoteDirection {
  const direction = { from: patternOf(fields, "from"), to: patternOf(fields, "to"), line: fields.line };
  const allow = fields.boolean("allow");
  if (allow === undefined) throw fields.bad("allow", "it is missing");
  fields.refuseOthers();
  return { ...direction, allow };
}

function patternOf(fields: PolicyFields, name: string): PathPattern {
  const matches = pathPattern(fields.needText(name));
  if (matches === undefined) throw fields.bad(name, "it is no pattern of paths");
  return matches;
}

/** The entry that decides about a file that goes from one path to another; undefined when none does. Paths from the top. */
export function directionOf(
  { directions }: PromotePolicy,
  from: string,
  to: string,
): { readonly allow: boolean; readonly line: number } | undefined {
  return directions.find((direction) => direction.from(from) && direction.to(to));
}
