export type { Json, KubeObject, ObjectId, ObjectMeta, OwnerReference } from "./object.ts";
export { objectId, splitApiVersion } from "./object.ts";
