export { allowedBy, isOver } from "./allowance.ts";
export {
  type AllowedFinding,
  type AuditPolicy,
  DEFAULT_AUDIT_POLICY,
  POLICY_SCOPES,
  type PolicyScope,
} from "./audit-policy.ts";
export { PolicyError, type PolicyErrorCode } from "./errors.ts";
export { type PathPattern, pathPattern } from "./path-pattern.ts";
export { DEFAULT_POLICY, POLICY_PATH, type Policy, parsePolicy } from "./policy.ts";
export { PolicyFields } from "./policy-fields.ts";
export { directionOf, type PromoteDirection, type PromotePolicy } from "./promote-policy.ts";
