import { parentPort } from "node:worker_threads";
import type { RenderAnswer, RenderRequest } from "./templates.ts";
import { renderHere, renderJobHere } from "./this-thread-adapter.ts";

/** What the worker is asked for. */
export interface WorkerQuestion {
  readonly id: number;
  readonly request: RenderRequest;
}

/** What the worker says: which template it begins, then what came of all. */
export type WorkerReport =
  | { readonly id: number; readonly at: string }
  | { readonly id: number; readonly answer: RenderAnswer };

/*
 * The worker thread that renders templates. It gets values and sources, and holds neither keys nor a way to the network
 * or to files. Whoever started it ends it when it takes too long.
 */
export { renderJobHere };

parentPort?.on("message", ({ id, request }: WorkerQuestion) => {
  const report = (message: WorkerReport) => parentPort?.postMessage(message);
  void renderHere(request, (at) => report({ id, at })).then((answer) => report({ id, answer }));
});
