export { withoutAllowed } from "./allow.ts";
export { type AuditedFile, type AuditFileOptions, auditFile, leaksIn } from "./audit-file.ts";
export { type AuditedFiles, type AuditOptions, auditFiles } from "./audit-files.ts";
export { type AuditedHistory, auditHistory } from "./audit-history.ts";
export type { AuditKey, AuditKeys } from "./audit-keys.ts";
export { type Finding, fingerprints, inOrder, pathFromTop } from "./finding.ts";
export { AUDIT_RULES, type AuditRule, isAtLeast, type RuleId, SEVERITIES, type Severity, severityOf } from "./rules.ts";
export { sarifLog } from "./sarif.ts";
export { subjectOf } from "./sentence.ts";
