import type { Finding } from "./finding.ts";
import { AUDIT_RULES } from "./rules.ts";

const NAMES_SHOWN = 8;

/** What a finding says, in one line: the rule, the object, its fields, and what there is more. */
export function sentenceOf(found: Finding): string {
  const title = AUDIT_RULES.find(({ id }) => id === found.rule)?.title ?? found.rule;
  const subject = subjectOf(found);
  return `${title}${subject === "" ? "" : `: ${subject}`}${found.commit === undefined ? "" : ` (in commit ${found.commit})`}.`;
}

/** The object, its fields, and what there is more, without the title of the rule. */
export function subjectOf({ rule, object, fields, detail }: Finding): string {
  const names = fields.slice(0, NAMES_SHOWN).join(", ") + (fields.length > NAMES_SHOWN ? ", …" : "");
  const isKey = rule === "private-key" || rule === "age-identity";
  return [object, isKey ? "" : names, detail].filter((part) => part !== undefined && part !== "").join("; ");
}
