import { type AuditPolicy, allowedBy, isOver } from "../policy/index.ts";
import { type Finding, finding, pathFromTop } from "./finding.ts";

export interface Allowed {
  readonly findings: readonly Finding[];
  /** How many the policy allows. */
  readonly allowed: number;
}

/**
 * Takes out what the policy allows, and adds a note for each entry whose day has passed.
 *
 * @param prefix of the folder that is looked at, from the top of the repository, where patterns count from: `""` or `a/b/`.
 */
export function withoutAllowed(
  findings: readonly Finding[],
  { policy, policyPath, prefix, now }: AllowOptions,
): Allowed {
  const left = findings.filter(
    (found) => allowedBy(policy.allow, { rule: found.rule, path: pathFromTop(found, prefix) }, now) === undefined,
  );
  const over = policy.allow
    .filter((entry) => isOver(entry, now))
    .map(({ rule, pattern, line }) =>
      finding("expired-allowance", policyPath, { line, object: `${rule} for ${pattern}` }),
    );
  return { findings: [...left, ...over], allowed: findings.length - left.length };
}

export interface AllowOptions {
  readonly policy: AuditPolicy;
  readonly policyPath: string;
  readonly prefix: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}
