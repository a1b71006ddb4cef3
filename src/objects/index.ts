export { fieldAt, isRecord, listAt, numberAt, textAt } from "./field.ts";
export {
  type InventoryEntry,
  inventoryEntry,
  mergeEntries,
  parseInventoryId,
  staleEntries,
  subjectOf,
} from "./inventory.ts";
export { applyJsonPatch, type JsonPatchOperation, MAX_PATCH_OPERATIONS, parseJsonPatch } from "./json-patch.ts";
export { cloneJson, equalJson, isJsonObject, type JsonObject, MAX_DEPTH, setKey } from "./json-value.ts";
export { isSecret, maskedSecret, withoutSecretValues } from "./mask.ts";
export { applyMergePatch } from "./merge-patch.ts";
export type { Json, KubeObject, ObjectId, ObjectMeta, OwnerReference } from "./object.ts";
export { objectId, splitApiVersion } from "./object.ts";
export { applyStages, compareForApply } from "./order.ts";
export { PatchError, type PatchErrorCode } from "./patch-error.ts";
export { applyStrategicMerge, type MergeSchema } from "./strategic-merge.ts";
