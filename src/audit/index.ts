export { withoutAllowed } from "./allow.ts";
export { type AuditedFiles, auditFiles } from "./audit-files.ts";
export { type AuditedHistory, auditHistory } from "./audit-history.ts";
export type { AuditKey, AuditKeys } from "./audit-keys.ts";
export { type Finding, fingerprints, inOrder, pathFromTop } from "./finding.ts";
export { AUDIT_RULES, type AuditRule, isAtLeast, type RuleId, SEVERITIES, type Severity, severityOf } from "./rules.ts";
export { sarifLog } from "./sarif.ts";
export { subjectOf } from "./sentence.ts";
