import { writeFileSync } from "node:fs";
import type { RenderAnswer, RenderRequest } from "./templates.ts";
import { renderHere, renderJobHere } from "./this-thread-adapter.ts";

/** What the process is asked for. */
export interface WorkerQuestion {
  readonly id: number;
  readonly request: RenderRequest;
}

/** What the process says: which template it begins, then what came of all. */
export type WorkerReport =
  | { readonly id: number; readonly at: string }
  | { readonly id: number; readonly answer: RenderAnswer };

export { renderJobHere };

/*
 * The process that renders templates. It gets values and sources, and holds no keys. Whoever started it ends it when it
 * takes too long. When this module is loaded for `renderJobHere` alone there is nobody to answer to.
 */
if (process.send !== undefined && process.argv[2] === "render") serve(process.send.bind(process));

function serve(send: (report: WorkerReport) => unknown): void {
  dieFirst();
  process.on("message", ({ id, request }: WorkerQuestion) => {
    void renderHere(request, (at) => send({ id, at })).then((answer) => send({ id, answer: withoutWords(answer) }));
  });
  process.on("disconnect", () => process.exit());
}

/**
 * Without what the templates said and made when one of them failed: nobody is told that here, and much of it would fill
 * the memory of the process that holds the keys.
 */
function withoutWords({ rendered, problems }: RenderAnswer): RenderAnswer {
  if (problems.length === 0) return { rendered, problems };
  return { rendered: [], problems: problems.map((problem) => ({ ...problem, text: new Uint8Array() })) };
}

/** Where memory is short the kernel ends this process, not the one that holds the keys. */
function dieFirst(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // Not Linux, or not allowed: it is a precaution only.
  }
}
