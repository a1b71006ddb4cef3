export type { MissingKey } from "./evaluate/run.ts";
export { display, sprint, sprintf, sprintln } from "./fmt/print.ts";
export { loadSprigFunctions } from "./functions/sprig.ts";
export {
  DEFAULT_EXECUTION_LIMITS,
  DEFAULT_PARSE_LIMITS,
  type ExecutionLimits,
  type ParseLimits,
} from "./limits.ts";
export { type ExecuteOptions, type TemplateOptions, TemplateSet } from "./template.ts";
export { TemplateError, type TemplateErrorCode, type TemplateFailure } from "./template-error.ts";
export { defineFunction, type FunctionDefinition, type FunctionTable, functionTable } from "./value/function.ts";
export { GoError, LimitReached } from "./value/go-error.ts";
export { byteLength, bytesOf, fromText, goString } from "./value/go-string.ts";
export * from "./value/go-value.ts";
export type { Host } from "./value/host.ts";
export { dict, int, int64, integer, isObjectOf, list, nilSlice, stringMap, strings } from "./value/make.ts";
export { kind, truth, typeName } from "./value/reflection.ts";
