import { type ResourceLimits, Worker } from "node:worker_threads";
import { revive } from "./carried-error.ts";
import { ThreadsError } from "./errors.ts";
import { type Jobs, Moved } from "./jobs.ts";
import type { FromThread } from "./messages.ts";
import type { ThreadLimits, ThreadPool, ThreadPoolOptions } from "./thread-pool.ts";

const DEFAULTS = { waiting: 10_000, ahead: 1 };

interface Job {
  readonly name: string;
  readonly request: unknown;
  readonly done: (answer: never) => void;
  readonly failed: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  /** Jobs that it was given, the one it is at first. */
  readonly given: Job[];
  /** Why it ends, as far as it said so. */
  end: string | undefined;
}

/**
 * A pool of threads that run one program. None is started before there is a job, unless it is asked for. A thread that dies fails the job it was
 * at, and another takes its place; jobs that it had not begun go to others.
 */
export function startThreads<All extends Jobs>(options: ThreadPoolOptions): ThreadPool<All> {
  const { program, threads, name, setUp, limits, waiting: most = DEFAULTS.waiting } = options;
  const { ahead = DEFAULTS.ahead } = options;
  const all = new Set<Thread>();
  const waiting: Job[] = [];
  let isClosed = false;

  const start = (): Thread => {
    // What it throws is thrown before there is a thread.
    const value = setUp?.();
    const worker = new Worker(program, { name, env: {}, argv: [], execArgv: [], resourceLimits: resources(limits) });
    const thread: Thread = { worker, given: [], end: undefined };
    all.add(thread);
    worker.on("message", (message: FromThread) => {
      const job = thread.given.shift();
      if (thread.given.length === 0) worker.unref();
      next();
      if (message.kind === "answer") job?.done(message.answer);
      else job?.failed(revive(message.error));
    });
    // Without a listener the error would end the process; that the thread ends follows anyway.
    worker.on("error", (error: Error) => {
      thread.end = reason(error);
    });
    worker.on("exit", () => {
      all.delete(thread);
      const [job, ...others] = thread.given.splice(0);
      waiting.unshift(...others);
      job?.failed(isClosed ? closed() : ended(name, thread.end));
      if (isClosed) failAll();
      else next();
    });
    if (setUp !== undefined) post(worker, "set up", value, (each) => ({ value: each }));
    return thread;
  };

  /** The thread that has least to do, if it may get more. */
  const free = (): Thread | undefined => {
    let best: Thread | undefined;
    for (const thread of all) if (thread.given.length < (best?.given.length ?? ahead + 1)) best = thread;
    return best !== undefined && (best.given.length === 0 || all.size >= threads) ? best : undefined;
  };

  const next = () => {
    while (waiting.length > 0) {
      let thread: Thread | undefined;
      try {
        thread = free() ?? (all.size < threads ? start() : undefined);
      } catch (cause) {
        waiting.shift()?.failed(cause instanceof Error ? cause : new TypeError("a set-up that failed"));
        continue;
      }
      const job = thread === undefined ? undefined : waiting.shift();
      if (thread === undefined || job === undefined) return;
      thread.given.push(job);
      thread.worker.ref();
      try {
        post(thread.worker, "job", job.request, (request) => ({ name: job.name, request }));
      } catch (cause) {
        // It cannot be copied: the thread never hears of it.
        thread.given.pop();
        if (thread.given.length === 0) thread.worker.unref();
        job.failed(cause instanceof Error ? cause : new TypeError("a request that cannot be copied"));
      }
    }
  };

  const failAll = () => {
    for (const { failed } of waiting.splice(0)) failed(closed());
  };

  return {
    start() {
      while (!isClosed && all.size < threads) start().worker.unref();
    },
    run: (job, request) =>
      new Promise((done, failed) => {
        if (isClosed) return failed(closed());
        if (waiting.length >= most) return failed(full(name, most));
        waiting.push({ name: job, request, done, failed });
        next();
      }),
    async close() {
      isClosed = true;
      failAll();
      await Promise.all([...all].map(letGo));
    },
  };
}

/** Ends a thread: by its own hand when it is idle, so that it can clear up. */
async function letGo({ worker, given }: Thread): Promise<void> {
  if (given.length > 0) {
    await worker.terminate();
    return;
  }
  await new Promise<void>((done) => {
    worker.once("exit", () => done());
    worker.ref();
    worker.postMessage({ kind: "end" });
  });
}

function post(worker: Worker, kind: string, value: unknown, fields: (value: unknown) => object): void {
  const isMoved = value instanceof Moved;
  worker.postMessage({ kind, ...fields(isMoved ? value.value : value) }, isMoved ? [...value.buffers] : []);
}

function resources(limits: ThreadLimits = {}): ResourceLimits {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

/** Never the message: a program's own errors may hold what it worked on. */
function reason(error: Error): string {
  const code = "code" in error ? String(error.code) : "";
  if (code === "ERR_WORKER_OUT_OF_MEMORY") return "its memory was full";
  if (code === "MODULE_NOT_FOUND" || code === "ERR_MODULE_NOT_FOUND") return "its program is not there";
  return `it ended with ${code === "" ? error.name : code}`;
}

function ended(name: string, why: string | undefined): ThreadsError {
  return new ThreadsError("THREADS_ENDED", `Cannot finish the work: a thread of "${name}" ended before it was done`, {
    details: why === undefined ? [] : [why],
    hints: ["run it again; if it happens again, tell us what it was about"],
  });
}

function closed(): ThreadsError {
  return new ThreadsError("THREADS_CLOSED", "Cannot finish the work: its threads were closed");
}

function full(name: string, most: number): ThreadsError {
  return new ThreadsError("THREADS_FULL", `Cannot take more work: ${most} jobs wait for threads of "${name}" already`, {
    hints: ["wait until some of it is done"],
  });
}
