import { primitives } from "#primitives";
import { encodeBase64 } from "../../bytes/base64.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { ClearText } from "../../clear-text.ts";
import { FairPlaces } from "./fair-places.ts";
import { type LaneResult, RenderLane } from "./render-lane-adapter.ts";
import { type Rendered, type RenderPlan, renderedOf, requestOf, type TemplateRenderer } from "./templates.ts";

export interface IsolatedRendererOptions {
  /** File that the processes run; default: the one that comes with this build. */
  readonly worker?: URL | undefined;
  /** What templates usually need at most; those that take longer go to a lane of their own. */
  readonly quickMs?: number | undefined;
  /** What templates may need: a key pair of RSA-4096 takes seconds. */
  readonly slowMs?: number | undefined;
  /** Heap of one process. */
  readonly heapMb?: number | undefined;
  /** Objects that may wait at the same time, in all and of one namespace; see `FairPlaces`. */
  readonly waiting?: number | undefined;
  readonly waitingPerNamespace?: number | undefined;
  /** Of those, objects with templates that take long. */
  readonly slowWaiting?: number | undefined;
  readonly slowWaitingPerNamespace?: number | undefined;
}

/** A renderer with processes of its own. */
export interface IsolatedRenderer extends TemplateRenderer {
  isFull(plan: RenderPlan): boolean;
  /** Ends the processes. */
  close(): Promise<void>;
}

const DEFAULTS = { quickMs: 2_000, slowMs: 30_000, heapMb: 128, waiting: 8, waitingPerNamespace: 4 };
const SLOW_DEFAULTS = { waiting: 4, waitingPerNamespace: 2 };

/** Objects whose templates are known to take long; the one that was found out first is forgotten first. */
const KNOWN_SLOW = 4_096;

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
  const places = new FairPlaces({
    most: options.waiting ?? DEFAULTS.waiting,
    mostOfOne: options.waitingPerNamespace ?? DEFAULTS.waitingPerNamespace,
  });
  const slowPlaces = new FairPlaces({
    most: options.slowWaiting ?? SLOW_DEFAULTS.waiting,
    mostOfOne: options.slowWaitingPerNamespace ?? SLOW_DEFAULTS.waitingPerNamespace,
  });
  // Who waits for the slow lane and finds it full comes again: without a second try of the quick one.
  const knownSlow = new Set<string>();

  return {
    isFull: (plan) => (knownSlow.has(identityOf(plan)) ? slowPlaces : places).isFull(plan.namespace),
    async render(job) {
      const { namespace, templates } = job;
      const identity = identityOf(job);
      const request = requestOf(job);
      const items = [...templates.keys()];
      if (!knownSlow.has(identity)) {
        const first = await places.within(namespace, () => quick.run(namespace, request));
        if (first === undefined) return { kind: "busy" };
        if (first.kind === "answered" || first.why !== "time") return renderedBy(first, items);
        knownSlow.add(identity);
        if (knownSlow.size > KNOWN_SLOW) knownSlow.delete(knownSlow.values().next().value ?? "");
      }
      const second = await slowPlaces.within(namespace, () => slow.run(namespace, request));
      if (second === undefined) return { kind: "busy" };
      if (second.kind === "answered") knownSlow.delete(identity);
      return renderedBy(second, items);
    },
    async close() {
      quick.close();
      slow.close();
    },
  };
}

/** The same for the same templates of the same namespace. */
function identityOf({ namespace, templates }: RenderPlan): string {
  return encodeBase64(primitives.sha256(encodeUtf8(JSON.stringify([namespace, [...templates]]))));
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
