import { ClearText } from "../../clear-text.ts";
import { type LaneResult, RenderLane } from "./render-lane-adapter.ts";
import { type Rendered, renderedOf, requestOf, type TemplateRenderer } from "./templates.ts";

export interface IsolatedRendererOptions {
  /** File that the processes run; default: the one that comes with this build. */
  readonly worker?: URL | undefined;
  /** What templates usually need at most; those that take longer go to a lane of their own. */
  readonly quickMs?: number | undefined;
  /** What templates may need: a key pair of RSA-4096 takes seconds. */
  readonly slowMs?: number | undefined;
  /** Heap of one process. */
  readonly heapMb?: number | undefined;
  /** Objects that may wait at the same time, in all and of one namespace. */
  readonly waiting?: number | undefined;
  readonly waitingPerNamespace?: number | undefined;
}

/** A renderer with processes of its own. */
export interface IsolatedRenderer extends TemplateRenderer {
  /** Ends the processes. */
  close(): Promise<void>;
}

const DEFAULTS = { quickMs: 2_000, slowMs: 30_000, heapMb: 128, waiting: 16, waitingPerNamespace: 4 };

/**
 * Renders in processes that hold no keys, with bounds on time and memory: for manifests of strangers. A template that
 * takes long is moved to a second process, so that it holds up only others of its kind; one that breaks its process breaks
 * nothing else. No process is started before there is a template.
 */
export function isolatedRenderer(options: IsolatedRendererOptions = {}): IsolatedRenderer {
  const worker = options.worker ?? ownWorker();
  const heapMb = options.heapMb ?? DEFAULTS.heapMb;
  const quick = new RenderLane({ worker, heapMb, timeMs: options.quickMs ?? DEFAULTS.quickMs });
  const slow = new RenderLane({ worker, heapMb, timeMs: options.slowMs ?? DEFAULTS.slowMs });
  const mostWaiting = options.waiting ?? DEFAULTS.waiting;
  const mostOfOne = options.waitingPerNamespace ?? DEFAULTS.waitingPerNamespace;
  const counts = new Map<string, number>();
  let all = 0;

  const count = (namespace: string, by: 1 | -1) => {
    all += by;
    const own = (counts.get(namespace) ?? 0) + by;
    if (own === 0) counts.delete(namespace);
    else counts.set(namespace, own);
  };

  return {
    async render(job) {
      const { namespace, templates } = job;
      if (all >= mostWaiting || (counts.get(namespace) ?? 0) >= mostOfOne) return { kind: "busy" };
      count(namespace, 1);
      try {
        const request = requestOf(job);
        const first = await quick.run(namespace, request);
        const isSlow = first.kind === "ended" && first.why === "time";
        return renderedBy(isSlow ? await slow.run(namespace, request) : first, [...templates.keys()]);
      } finally {
        count(namespace, -1);
      }
    },
    async close() {
      quick.close();
      slow.close();
    },
  };
}

function renderedBy(result: LaneResult, items: readonly string[]): Rendered {
  if (result.kind === "answered") return renderedOf(result.answer);
  const { at: item = items[0] ?? "", why: failure } = result;
  const text = ClearText.fromText(`template: ${item}: execution was ended: ${failure}`);
  return { kind: "failed", problems: [{ item, failure, text }] };
}

/** In the bundle the worker is a file beside it; in the library, the module next to this one. */
function ownWorker(): URL {
  const here = import.meta.url;
  return new URL(here.endsWith(".js") ? "./render-worker-adapter.js" : "./render-worker.cjs", here);
}
