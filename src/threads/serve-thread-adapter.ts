import { isMainThread, parentPort } from "node:worker_threads";
import { carry } from "./carried-error.ts";
import { type Jobs, Moved } from "./jobs.ts";
import type { FromThread, ToThread } from "./messages.ts";

export interface ServeOptions {
  /** Takes what the pool's `setUp` gave. What it throws, every job answers. */
  readonly setUp?: ((value: never) => void | Promise<void>) | undefined;
  /** Clears what should not lie in memory, when the thread is let go. */
  readonly clearUp?: (() => void) | undefined;
}

/** Makes this thread one of a pool: it does the jobs it is given, one after the other. In a main thread it does nothing. */
export function serveThread(jobs: Jobs, { setUp, clearUp }: ServeOptions = {}): void {
  const port = parentPort;
  if (isMainThread || port === null) return;
  const all = new Map(Object.entries(jobs));
  let ready: Promise<unknown> = Promise.resolve();
  let last: Promise<void> = Promise.resolve();

  const answer = async (name: string, request: never): Promise<void> => {
    try {
      await ready;
      const job = all.get(name);
      if (job === undefined) throw new TypeError(`the program has no job "${name}"`);
      const value: unknown = await job(request);
      if (value instanceof Moved) port.postMessage({ kind: "answer", answer: value.value }, [...value.buffers]);
      else port.postMessage({ kind: "answer", answer: value });
    } catch (error) {
      port.postMessage({ kind: "failed", error: carry(error) } satisfies FromThread);
    }
  };

  port.on("message", (message: ToThread) => {
    if (message.kind === "job") last = last.then(() => answer(message.name, message.request));
    else if (message.kind === "set up") {
      ready = (async () => await setUp?.(message.value))();
      // It is every job that tells of it.
      ready.catch(() => undefined);
    } else {
      clearUp?.();
      port.close();
    }
  });
}
