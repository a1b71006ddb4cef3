import { Worker } from "node:worker_threads";
import type { WorkerReport } from "./render-worker-adapter.ts";
import type { RenderAnswer, RenderRequest } from "./templates.ts";

export interface LaneOptions {
  /** Module that the worker runs. */
  readonly worker: URL;
  /** A job that takes longer is ended, and the worker with it. */
  readonly timeMs: number;
  readonly heapMb: number;
}

export type LaneResult =
  | { readonly kind: "answered"; readonly answer: RenderAnswer }
  /** The worker was ended, or ended itself, while it worked on this template. */
  | { readonly kind: "ended"; readonly why: "time" | "memory" | "crash"; readonly at: string | undefined };

/** How long an idle worker is kept. */
const IDLE_MS = 60_000;

interface Waiting {
  readonly namespace: string;
  readonly request: RenderRequest;
  readonly done: (result: LaneResult) => void;
}

/**
 * One worker and the jobs that wait for it, one after the other. Namespaces take turns, so that one with many jobs holds
 * the others up by one job at most. The worker is started by the first job, kept while there is work, and replaced after
 * it had to be ended.
 */
export class RenderLane {
  readonly #options: LaneOptions;
  /** Jobs by namespace; the namespace whose turn it is comes first. */
  readonly #waiting = new Map<string, Waiting[]>();
  #worker: Worker | undefined;
  #busy = false;
  #idle: NodeJS.Timeout | undefined;
  #nextId = 1;
  #closed = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  run(namespace: string, request: RenderRequest): Promise<LaneResult> {
    return new Promise((done) => {
      const own = this.#waiting.get(namespace);
      const job = { namespace, request, done };
      if (own === undefined) this.#waiting.set(namespace, [job]);
      else own.push(job);
      this.#next();
    });
  }

  /** Ends the worker; what waits is answered as if it had ended by itself. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idle);
    for (const jobs of this.#waiting.values()) {
      for (const { done } of jobs) done({ kind: "ended", why: "crash", at: undefined });
    }
    this.#waiting.clear();
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  #next(): void {
    if (this.#busy || this.#closed) return;
    const job = this.#take();
    if (job === undefined) {
      this.#idle = setTimeout(() => void this.#drop(), IDLE_MS);
      this.#idle.unref();
      return;
    }
    clearTimeout(this.#idle);
    this.#busy = true;
    void this.#work(job).then((result) => {
      this.#busy = false;
      job.done(result);
      this.#next();
    });
  }

  #take(): Waiting | undefined {
    for (const [namespace, jobs] of this.#waiting) {
      const job = jobs.shift();
      this.#waiting.delete(namespace);
      if (jobs.length > 0) this.#waiting.set(namespace, jobs);
      if (job !== undefined) return job;
    }
    return undefined;
  }

  async #work({ request }: Waiting): Promise<LaneResult> {
    const worker = this.#start();
    const id = this.#nextId++;
    let at: string | undefined;
    const result = await new Promise<LaneResult>((settle) => {
      const timer = setTimeout(() => settle({ kind: "ended", why: "time", at }), this.#options.timeMs);
      const finish = (found: LaneResult) => {
        clearTimeout(timer);
        settle(found);
      };
      worker.on("message", (report: WorkerReport) => {
        if (report.id !== id) return;
        if ("at" in report) at = report.at;
        else finish({ kind: "answered", answer: report.answer });
      });
      // The error of a template that broke its thread may quote values: only its code is looked at.
      worker.on("error", (error: NodeJS.ErrnoException) => {
        const why = error.code === "ERR_WORKER_OUT_OF_MEMORY" ? "memory" : "crash";
        finish({ kind: "ended", why, at });
      });
      worker.on("exit", () => finish({ kind: "ended", why: "crash", at }));
      worker.postMessage({ id, request });
    });
    worker.removeAllListeners("message").removeAllListeners("error").removeAllListeners("exit");
    if (result.kind === "ended") await this.#drop();
    return result;
  }

  #start(): Worker {
    this.#worker ??= this.#created();
    return this.#worker;
  }

  #created(): Worker {
    const { worker: file, heapMb } = this.#options;
    const worker = new Worker(file, {
      // Nothing of the process: no environment, no arguments, no streams.
      env: {},
      argv: [],
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
    });
    worker.unref();
    return worker;
  }

  async #drop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker === undefined) return;
    // Late errors of a worker that is on its way out concern nobody.
    worker.on("error", () => undefined);
    await worker.terminate();
  }
}
