import { type BackoffOptions, type Change, type ObjectKey, type ReadStore, splitKey } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { SEALED_SECRETS } from "../api/index.ts";
import type { KindController, PassContext } from "../controller.ts";
import { ControllerError } from "../errors.ts";
import type { Pass } from "../pass.ts";
import { type Acted, act, refused } from "./act.ts";
import { CLUSTER_WIDE, isOn, NAMESPACE_WIDE } from "./annotations.ts";
import { decide } from "./decide.ts";
import { originalLogLines } from "./log-lines.ts";
import type { SealedSecretMetrics } from "./metrics.ts";
import { observe, SECRETS } from "./observe.ts";
import { syncedProfile } from "./status.ts";
import type { Unsealer } from "./unsealer.ts";

export interface SealedSecretOptions {
  readonly unsealer: Unsealer;
  readonly metrics: SealedSecretMetrics;
  /** Calls back whenever there is a sealing key that was not there before. */
  readonly onKeyAdded: (tell: () => void) => void;
  /** Passes at the same time. Private-key work has its own limit; the rest is waiting for the API. */
  readonly concurrency?: number;
  readonly labelSelector?: string | undefined;
  /** Write `status`. Default true. */
  readonly updateStatus?: boolean;
  /** Make a Secret anew when somebody deletes it. Default true. */
  readonly recreate?: boolean;
  /** Give up after this many failures in a row until the object changes; never when absent. */
  readonly maxRetries?: number | undefined;
  readonly backoff?: BackoffOptions;
  /** Deletes the Secret of a SealedSecret that is gone, whoever owns it; absent: the garbage collector does its work. */
  readonly deleteSecret?: (key: ObjectKey) => Promise<unknown>;
}

const CONCURRENCY = 32;
const BACKOFF: BackoffOptions = { baseMs: 100, capMs: 5 * 60_000 };

/** SealedSecret: opens its items and keeps the Secret of the same name. */
export function sealedSecretController(options: SealedSecretOptions): KindController {
  const { metrics, unsealer, maxRetries, recreate = true } = options;
  let keysAdded = 0;
  /** Objects that another try may help, and what they wait for. */
  const waiting = new Map<string, NonNullable<Acted["waitsFor"]>>();

  const pass = async (sealed: KubeObject, context: PassContext): Promise<Acted> => {
    const { client, signal } = context;
    const secrets = options.labelSelector === undefined ? context.watched(SECRETS) : undefined;
    let mayExist = secrets === undefined || secrets.get(context.key) !== undefined;
    for (;;) {
      try {
        const seen = await observe(sealed, { client, unsealer, mayExist, signal });
        const acted = await act(decide(seen), { sealed, client, signal });
        if (acted !== "changed") return acted;
        if (mayExist) return refused(comesAndGoes(), sealed);
        mayExist = true;
      } catch (error) {
        return { ...refused(error, sealed), failure: "fetch" };
      }
    }
  };

  return {
    name: "sealedsecret",
    resource: SEALED_SECRETS,
    eventSource: "sealed-secrets",
    logLines: originalLogLines,
    concurrency: options.concurrency ?? CONCURRENCY,
    profile: syncedProfile,
    backoff: options.backoff ?? BACKOFF,
    changed: (before, after) =>
      before.metadata.generation !== after.metadata.generation ||
      [NAMESPACE_WIDE, CLUSTER_WIDE].some((scope) => isOn(before, scope) !== isOn(after, scope)),
    ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),

    watches: recreate
      ? [
          {
            resource: SECRETS,
            metadataOnly: true,
            ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
            affected: (change, own) => (concerns(change, own, waiting) ? [change.key] : []),
          },
        ]
      : [],

    subscribe: (enqueue) => {
      options.onKeyAdded(() => {
        keysAdded += 1;
        for (const [key, waitsFor] of waiting) if (waitsFor === "key") enqueue(key);
      });
    },

    async reconcile(sealed, context): Promise<Pass> {
      if (sealed.metadata.deletionTimestamp !== undefined) {
        // Its Secret goes with it: making it anew would only fight the garbage collector.
        return { outcome: { kind: "done", reason: "Deleting", message: "" }, events: [], keepStatus: true };
      }
      metrics.attempted();
      const keysBefore = keysAdded;
      const { pass: result, failure, waitsFor } = await pass(sealed, context);
      if (waitsFor === undefined) waiting.delete(context.key);
      else waiting.set(context.key, waitsFor);
      if (failure !== undefined) metrics.failed(failure, sealed.metadata.namespace ?? "");
      metrics.condition(sealed, result.outcome.kind === "done");
      return {
        ...result,
        outcome: limited(
          // A key that came while the items were tried may not have been among those that were.
          waitsFor === "key" && keysAdded !== keysBefore
            ? { ...result.outcome, kind: "waiting", retryAfterMs: 0 }
            : result.outcome,
          context.failures,
          maxRetries,
        ),
        ...(options.updateStatus === false ? { keepStatus: true } : {}),
      };
    },

    statusFailed: (object) => metrics.failed("status", object.metadata.namespace ?? ""),

    gone: (key, last) => {
      // What fails here is not tried again, as in the original: there is no object left to tell about it.
      options.deleteSecret?.(splitKey(key)).catch(() => undefined);
      waiting.delete(key);
      // As in the original, whose dashboards count on it.
      metrics.attempted();
      metrics.gone(last);
    },
  };
}

/** A Secret that went is made anew; one that changed may be ours to write now, if that is what was missing. */
function concerns(
  change: Change<KubeObject>,
  own: ReadStore<KubeObject>,
  waiting: ReadonlyMap<string, string>,
): boolean {
  if (change.type === "deleted") return own.get(change.key) !== undefined;
  return change.type === "updated" && waiting.get(change.key) === "secret";
}

function comesAndGoes(): ControllerError {
  return new ControllerError("CONTROLLER_SECRET_MOVES", "Cannot write the Secret: it comes and goes");
}

function limited(outcome: Pass["outcome"], failures: number, maxRetries: number | undefined): Pass["outcome"] {
  if (outcome.kind !== "failed" || maxRetries === undefined || failures < maxRetries) return outcome;
  return { kind: "stalled", reason: outcome.reason, message: outcome.message };
}
