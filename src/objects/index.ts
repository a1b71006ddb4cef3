export { fieldAt, isRecord, listAt, numberAt, textAt } from "./field.ts";
export {
  type InventoryEntry,
  inventoryEntry,
  mergeEntries,
  parseInventoryId,
  staleEntries,
  subjectOf,
} from "./inventory.ts";
export { isSecret, maskedSecret, withoutSecretValues } from "./mask.ts";
export type { Json, KubeObject, ObjectId, ObjectMeta, OwnerReference } from "./object.ts";
export { objectId, splitApiVersion } from "./object.ts";
export { applyStages, compareForApply } from "./order.ts";
