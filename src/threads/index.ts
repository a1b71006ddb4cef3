export { CarriedToolkitError, ThreadsError, type ThreadsErrorCode } from "./errors.ts";
export { type AnswerOf, type Jobs, Moved, type RequestOf } from "./jobs.ts";
export { threadProgram } from "./program.ts";
export type { ServeOptions } from "./serve-thread-adapter.ts";
export type { ThreadLimits, ThreadPool, ThreadPoolOptions } from "./thread-pool.ts";
