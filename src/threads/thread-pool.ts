import type { AnswerOf, Jobs, Moved, RequestOf } from "./jobs.ts";

export interface ThreadLimits {
  readonly maxOldGenerationSizeMb?: number | undefined;
  readonly maxYoungGenerationSizeMb?: number | undefined;
  readonly codeRangeSizeMb?: number | undefined;
  readonly stackSizeMb?: number | undefined;
}

export interface ThreadPoolOptions {
  /** File that each thread runs, which calls `serveThread`: JavaScript that needs no other file but Node's own. */
  readonly program: URL;
  /** The most threads there are at a time. Each is started when there is a job that no other is free for. */
  readonly threads: number;
  /** What the threads are called in tools of the system. */
  readonly name: string;
  /** What each thread gets before its first job, such as keys: asked for each thread anew, as `Moved` buffers are gone. */
  readonly setUp?: (() => unknown) | undefined;
  /** Jobs that may wait for a thread; one more is refused. Default 10000. */
  readonly waiting?: number | undefined;
  /** Jobs that a thread has in front of it besides the one it is at, so that it need not wait for this thread. Default 1. */
  readonly ahead?: number | undefined;
  /**
   * Bounds of memory. A thread that exceeds one is ended, and its job fails. They are a bound on mistakes, and none on
   * hostile input: where V8 cannot free enough at once it ends the whole process.
   */
  readonly limits?: ThreadLimits | undefined;
}

/** Threads that do jobs, each one after the other. They keep the process running only as long as they have jobs. */
export interface ThreadPool<All extends Jobs> {
  /** Starts all threads now, for jobs that are sure to come: whoever has other things to do first need not wait then. */
  start(): void;
  /**
   * Has a job done. `request` may be `Moved`, and then some of its buffers are the thread's.
   *
   * @throws {ThreadsError} `THREADS_FULL`, `THREADS_CLOSED`; `THREADS_ENDED` when the thread died of it. What the job
   * throws comes back with the same `code`, `details` and `hints`.
   */
  run<Name extends keyof All & string>(
    name: Name,
    request: RequestOf<All[Name]> | Moved<RequestOf<All[Name]>>,
  ): Promise<AnswerOf<All[Name]>>;
  /** Lets the threads go, after they cleared up; those that are at work are ended, and their jobs fail. */
  close(): Promise<void>;
}
