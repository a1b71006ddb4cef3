export { type ApplyOptions, applySet } from "./apply-set.ts";
export { type Change, type ChangeAction, changeLines } from "./change.ts";
export { hasControl, isOwnedBy, type Owner, ownerLabels } from "./controls.ts";
export { ApplyError, type ApplyErrorCode } from "./errors.ts";
export { type Health, healthOf } from "./health.ts";
export { type PruneOptions, type PruneResult, prune } from "./prune.ts";
export { type WaitOptions, type WaitResult, type WaitTarget, waitUntilHealthy } from "./wait.ts";
