import type { AllowedFinding } from "./audit-policy.ts";

/** Whether a finding is allowed at a moment (milliseconds since the epoch), and by which entry: the first that matches. */
export function allowedBy(
  allow: readonly AllowedFinding[],
  { rule, path }: { readonly rule: string; readonly path: string },
  now: number,
): AllowedFinding | undefined {
  return allow.find((entry) => (entry.rule === "*" || entry.rule === rule) && entry.paths(path) && !isOver(entry, now));
}

/** Whether the last day of an entry has passed. */
export function isOver({ until }: AllowedFinding, now: number): boolean {
  return until !== undefined && now > until;
}
