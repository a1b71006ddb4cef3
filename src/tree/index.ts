export type { LeftOutLink, TreeEntry, TreeOptions } from "./entries.ts";
export { TreeError, type TreeErrorCode } from "./errors.ts";
export { DEFAULT_TREE_LIMITS, type TreeLimits } from "./limits.ts";
export { checkSizes, treeFromEntries } from "./memory.ts";
export { baseName, compareByBytes, parentOf, resolvePath } from "./path.ts";
export { fromTarGz } from "./tar-read.ts";
export { toTarGz } from "./tar-write.ts";
export type { FileTree } from "./tree.ts";
export { filterTree, overlayTree, subTree } from "./views.ts";
