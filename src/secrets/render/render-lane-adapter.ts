import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { WorkerReport } from "./render-worker-adapter.ts";
import type { RenderAnswer, RenderRequest } from "./templates.ts";

export interface LaneOptions {
  /** File that the process runs. */
  readonly worker: URL;
  /** A job that takes longer is ended, and the process with it. */
  readonly timeMs: number;
  readonly heapMb: number;
}

export type LaneResult =
  | { readonly kind: "answered"; readonly answer: RenderAnswer }
  /** The process was ended, or ended itself, while it worked on this template. */
  | { readonly kind: "ended"; readonly why: "time" | "memory" | "crash"; readonly at: string | undefined };

/** How long an idle process is kept. */
const IDLE_MS = 60_000;

/** How long a process may take until it begins with the first template. */
const START_MS = 30_000;

/** How V8 ends a process whose heap is full. */
const OUT_OF_MEMORY: readonly (NodeJS.Signals | null)[] = ["SIGABRT", "SIGTRAP", "SIGKILL"];

interface Waiting {
  readonly namespace: string;
  readonly request: RenderRequest;
  readonly done: (result: LaneResult) => void;
}

/**
 * One process and the jobs that wait for it, one after the other. Namespaces take turns, so that one with many jobs holds
 * the others up by one job at most. The process is started by the first job, kept while there is work, and replaced after
 * it had to be ended. A process, not a thread: V8 ends the whole process when the heap of one of its threads is full.
 */
export class RenderLane {
  readonly #options: LaneOptions;
  /** Jobs by namespace; the namespace whose turn it is comes first. */
  readonly #waiting = new Map<string, Waiting[]>();
  #child: ChildProcess | undefined;
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

  /** Ends the process; what waits is answered as if it had ended by itself. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#idle);
    for (const jobs of this.#waiting.values()) {
      for (const { done } of jobs) done({ kind: "ended", why: "crash", at: undefined });
    }
    this.#waiting.clear();
    this.#drop();
  }

  #next(): void {
    if (this.#busy) return;
    const job = this.#take();
    if (job === undefined) {
      this.#idle = setTimeout(() => this.#drop(), IDLE_MS);
      this.#idle.unref();
      return;
    }
    if (this.#closed) {
      job.done({ kind: "ended", why: "crash", at: undefined });
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
    this.#child ??= this.#started();
    const child = this.#child;
    const id = this.#nextId++;
    let at: string | undefined;
    const result = await new Promise<LaneResult>((settle) => {
      const late = () => settle({ kind: "ended", why: "time", at });
      let timer = setTimeout(late, START_MS + this.#options.timeMs);
      const finish = (found: LaneResult) => {
        clearTimeout(timer);
        settle(found);
      };
      child.on("message", (report: WorkerReport) => {
        if (report.id !== id) return;
        if ("at" in report) {
          // A process that is just starting, on a machine with much to do, is not the template's fault.
          if (at === undefined) {
            clearTimeout(timer);
            timer = setTimeout(late, this.#options.timeMs);
          }
          at = report.at;
        } else finish({ kind: "answered", answer: report.answer });
      });
      child.on("error", () => finish({ kind: "ended", why: "crash", at }));
      child.on("exit", (_, signal) => {
        const isMemory = !this.#closed && OUT_OF_MEMORY.includes(signal);
        finish({ kind: "ended", why: isMemory ? "memory" : "crash", at });
      });
      // A process that is gone already tells by its exit.
      child.send({ id, request }, () => undefined);
    });
    child.removeAllListeners("message").removeAllListeners("error").removeAllListeners("exit");
    if (result.kind === "ended") this.#drop();
    else this.#watchIdle(child);
    return result;
  }

  /** Between jobs nobody listens: a process that ends then is replaced by the next job. */
  #watchIdle(child: ChildProcess): void {
    child.on("error", () => undefined);
    child.on("exit", () => {
      if (this.#child === child) this.#child = undefined;
    });
  }

  #started(): ChildProcess {
    const { worker, heapMb } = this.#options;
    const child = fork(fileURLToPath(worker), ["render"], {
      // Nothing of this process but its time zone: no environment, no arguments, no streams.
      env: { TZ: new Intl.DateTimeFormat().resolvedOptions().timeZone },
      execArgv: [
        `--max-old-space-size=${heapMb}`,
        "--max-semi-space-size=8",
        "--disallow-code-generation-from-strings",
      ],
      serialization: "advanced",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    child.unref();
    child.channel?.unref();
    return child;
  }

  #drop(): void {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    // Late news of a process that is on its way out concern nobody.
    child.on("error", () => undefined);
    child.kill("SIGKILL");
  }
}
