export { build } from "./build.ts";
export { type BuiltObject, type Origin, originText } from "./built.ts";
export { KustomizeError, type KustomizeErrorCode } from "./errors.ts";
export { type BuildLimits, DEFAULT_BUILD_LIMITS } from "./limits.ts";
