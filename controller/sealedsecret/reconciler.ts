import {
  type BackoffOptions,
  backoffMs,
  type Change,
  type Clock,
  keyOf,
  type ObjectKey,
  type ReadStore,
  splitKey,
} from "../../src/kube/index.ts";
import type { KubeObject, ObjectMeta } from "../../src/objects/index.ts";
import { SEALED_SECRETS } from "../api/index.ts";
import type { KindController, PassContext } from "../controller.ts";
import { jittered } from "../duration.ts";
import type { EventNote, Pass } from "../pass.ts";
import { isLater } from "../versions.ts";
import { type Acted, act, refused } from "./act.ts";
import { CLUSTER_WIDE, isOn, MANAGED, NAMESPACE_WIDE, PATCH, REVERT_CHANGES } from "./annotations.ts";
import { decide } from "./decide.ts";
import { Drift, isReverting, lastWriterOf } from "./drift.ts";
import type { LikelyCause } from "./likely-cause.ts";
import { originalLogLines } from "./log-lines.ts";
import type { SealedSecretMetrics } from "./metrics.ts";
import { observe, SECRETS, type Seen } from "./observe.ts";
import { isSyncedNow, openedStateOf } from "./opened-state.ts";
import { syncedProfile } from "./status.ts";
import type { Unsealer } from "./unsealer.ts";
import { Untold } from "./untold.ts";

export interface SealedSecretOptions {
  readonly unsealer: Unsealer;
  readonly metrics: SealedSecretMetrics;
  /** Calls back whenever there is a sealing key that was not there before. */
  readonly onKeyAdded: (tell: () => void) => void;
  /** Looks for what an item that does not open was sealed for. */
  readonly cause?: LikelyCause;
  /** Passes at the same time. Private-key work has its own limit; the rest is waiting for the API. */
  readonly concurrency?: number;
  readonly labelSelector?: string | undefined;
  /** Write `status`. Default true. */
  readonly updateStatus?: boolean;
  /** Make a Secret anew when somebody deletes it. Default true. */
  readonly recreate?: boolean;
  /** Set back what others change in our Secrets, unless an object says otherwise. Default false. */
  readonly revertChanges?: boolean;
  readonly clock: Clock;
  /** Give up after this many failures in a row until the object changes; never when absent. */
  readonly maxRetries?: number | undefined;
  readonly backoff?: BackoffOptions;
  /** Deletes the Secret of a SealedSecret that is gone, whoever owns it; absent: the garbage collector does its work. */
  readonly deleteSecret?: (key: ObjectKey) => Promise<unknown>;
}

const CONCURRENCY = 32;
const WAIT_SPREAD_PERCENT = 10;
const BACKOFF: BackoffOptions = { baseMs: 100, capMs: 5 * 60_000 };

/** Pauses while there is no room for an object's templates. */
const BUSY: BackoffOptions = { baseMs: 1_000, capMs: 60_000 };

/** Looks at the Secret in one pass; somebody who writes it as often as that makes us wait. */
const ROUNDS = 3;

/** SealedSecret: opens its items and keeps the Secret of the same name. */
export function sealedSecretController(options: SealedSecretOptions): KindController {
  const { metrics, unsealer, maxRetries, recreate = true, revertChanges = false } = options;
  const drift = new Drift(options.clock);
  let keysAdded = 0;
  /** Objects that another try may help, and what they wait for. */
  const waiting = new Map<string, NonNullable<Acted["waitsFor"]>>();
  const untold = new Untold();
  /** How often in a row there was no room for the templates of an object. */
  const busy = new Map<string, number>();

  /** Whether the Secret is known to be what this object says: nothing has to be opened to find that out. */
  const isUnchanged = async (sealed: KubeObject, { client, key, signal, watched }: PassContext): Promise<boolean> => {
    const secrets = watched(SECRETS);
    const known = secrets?.get(key)?.metadata;
    if (known !== undefined && isSyncedNow(sealed) && drift.isSettled(key, known)) return true;
    const state = openedStateOf(sealed);
    if (state === undefined || unsealer.isUnchanged === undefined) return false;
    const secret =
      secrets === undefined
        ? await client.get<KubeObject>(SECRETS, splitKey(key), signal).catch(() => undefined)
        : secrets.get(key);
    return secret !== undefined && unsealer.isUnchanged(sealed, secret.metadata, state);
  };

  /** Adds for what the first item was sealed, where that can be found out within the namespace. */
  const explained = async (seen: Seen, { objects }: PassContext): Promise<Seen> => {
    const { sealed, unsealed } = seen;
    if (unsealed?.kind !== "no-key" || unsealed.item === undefined || options.cause === undefined) return seen;
    const { namespace } = sealed.metadata;
    const names = () =>
      objects.keys().flatMap((key) => {
        const place = splitKey(key);
        return place.namespace === namespace ? [place.name] : [];
      });
    const cause = await options.cause.of(sealed, unsealed.item, names);
    return cause === undefined
      ? seen
      : { ...seen, unsealed: { ...unsealed, message: `${unsealed.message}; ${cause}` } };
  };

  const pass = async (
    sealed: KubeObject,
    context: PassContext,
    restore?: Seen["restore"],
  ): Promise<Opened | "overtaken"> => {
    const { client, signal } = context;
    const secrets = context.watched(SECRETS);
    let mayExist = secrets === undefined || secrets.get(context.key) !== undefined;
    for (let round = 1; ; round++) {
      try {
        const seen = await explained(await observe(sealed, { client, unsealer, mayExist, restore, signal }), context);
        if (isOvertaken(sealed, context)) return "overtaken";
        const acted = await act(decide(seen), { sealed, client, signal });
        const openedBy = seen.unsealed?.kind === "opened" ? seen.unsealed.openedBy : [];
        if (acted.changed !== true || round === ROUNDS) {
          // A Secret that another pass would change again, e.g. because it is managed only now, is not settled.
          const { secret } = acted;
          const isSettled = secret !== undefined && decide({ ...seen, live: secret }).kind === "keep";
          return { acted, openedBy, live: seen.live?.metadata, ...(isSettled ? { settled: secret.metadata } : {}) };
        }
        mayExist = true;
      } catch (error) {
        return { acted: refused(error, sealed), openedBy: [] };
      }
    }
  };

  /** What `status` keeps of a success; after a failure nothing. */
  const openedFields = (sealed: KubeObject, { acted, openedBy, settled }: Opened) => {
    if (acted.secret === undefined || openedBy.length === 0) return { openedBy: undefined, digest: undefined };
    return { openedBy, digest: settled && unsealer.proof?.(sealed, settled, openedBy) };
  };

  /** Whether the watch has brought a later version of the Secret than the one that the pass found. */
  const hasMoved = ({ live }: Opened, { key, watched }: PassContext): boolean => {
    const known = watched(SECRETS)?.get(key)?.metadata;
    return known !== undefined && live !== undefined && isLater(known, live);
  };

  /** Remembers the Secret where changes of others are set back. */
  const settle = (sealed: KubeObject, context: PassContext, secret: ObjectMeta | undefined) => {
    // What was edited while the pass ran is not what this Secret was made of.
    const isLatest = !isOvertaken(sealed, context);
    if (secret !== undefined && isLatest && isReverting(sealed, revertChanges)) drift.settled(context.key, secret);
    else drift.forget(context.key);
  };

  const revertEvents = (key: string, { replaced }: Acted): readonly EventNote[] => {
    const how = replaced === undefined ? "again" : drift.reverted(key);
    if (replaced === undefined || how === "again") return [];
    const writer = lastWriterOf(replaced);
    const by = writer === undefined ? "" : ` by "${writer}"`;
    if (how === "first")
      return [{ type: "Normal", reason: "Reverted", message: `Secret was changed${by} and set back` }];
    const message = `Secret keeps being changed${by}; it is set back with growing pauses`;
    return [{ type: "Warning", reason: "RevertContested", message }];
  };

  return {
    name: "sealedsecret",
    resource: SEALED_SECRETS,
    eventSource: "sealed-secrets",
    logLines: originalLogLines,
    concurrency: options.concurrency ?? CONCURRENCY,
    profile: syncedProfile,
    backoff: options.backoff ?? BACKOFF,
    changed: (before, after) => {
      const isChanged = saysAnother(before, after);
      // What the object says now has to be written as a whole first.
      if (isChanged) drift.forget(keyOf(after));
      return isChanged;
    },
    ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),

    // All Secrets, whatever their labels: a Secret belongs to a SealedSecret by its name, and its labels are the
    // template's.
    watches:
      recreate || revertChanges
        ? [
            {
              resource: SECRETS,
              metadataOnly: true,
              keep: identityOf,
              affected: (change, own) => {
                if (change.type === "deleted" && !recreate) return [];
                const isDrift = change.type === "updated" && drift.noticed(change.key, change.object.metadata);
                return isDrift || concerns(change, own, waiting) ? [change.key] : [];
              },
              afterBreak: (secrets, own) =>
                recreate
                  ? own.keys().filter((key) => secrets.get(key) === undefined && waiting.get(key) !== "key")
                  : [],
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
      if (await isUnchanged(sealed, context)) {
        waiting.delete(context.key);
        metrics.condition(sealed, true);
        settle(sealed, context, context.watched(SECRETS)?.get(context.key)?.metadata);
        return { outcome: { kind: "done", reason: "Unchanged", message: "" }, events: [], quiet: true };
      }
      const again = untold.take(context.key, sealed, context.watched(SECRETS)?.get(context.key)?.metadata);
      if (again !== undefined) return again;
      const waitMs = isSyncedNow(sealed) && isReverting(sealed, revertChanges) ? drift.waitMs(context.key) : undefined;
      if (waitMs !== undefined && waitMs > 0) {
        const outcome = { kind: "done", reason: "Contested", message: "", requeueAfterMs: waitMs } as const;
        return { outcome, events: [], quiet: true, keepStatus: true };
      }
      const restore = waitMs === undefined ? undefined : { uid: drift.look(context.key) };
      metrics.attempted();
      const keysBefore = keysAdded;
      const opened = await pass(sealed, context, restore);
      if (opened === "overtaken") return OVERTAKEN;
      const { acted } = opened;
      const { pass: result, failure, waitsFor } = acted;
      if (acted.isBusy === true) {
        const times = (busy.get(context.key) ?? 0) + 1;
        busy.set(context.key, times);
        const retryAfterMs = backoffMs(times, BUSY, options.clock);
        return { ...result, outcome: { ...result.outcome, kind: "waiting", retryAfterMs } };
      }
      busy.delete(context.key);
      settle(sealed, context, opened.settled);
      if (waitsFor === undefined) waiting.delete(context.key);
      else waiting.set(context.key, waitsFor);
      if (failure !== undefined) metrics.failed(failure, sealed.metadata.namespace ?? "");
      metrics.condition(sealed, result.outcome.kind === "done");
      const told: Pass = {
        ...result,
        // A Secret that had to be made anew is told as usual.
        ...(restore?.uid !== undefined && acted.secret?.metadata.uid === restore.uid
          ? { events: revertEvents(context.key, acted) }
          : {}),
        status: openedFields(sealed, opened),
        outcome: limited(
          // What came while this pass ran may not have been seen by it, nor led to another.
          (waitsFor === "key" && keysAdded !== keysBefore) || (waitsFor === "secret" && hasMoved(opened, context))
            ? { ...result.outcome, kind: "waiting", retryAfterMs: 0 }
            : spread(result.outcome, options.clock.random()),
          context.failures,
          maxRetries,
        ),
        ...(options.updateStatus === false ? { keepStatus: true } : {}),
      };
      untold.succeeded(context.key, sealed, opened.settled, told);
      return told;
    },

    statusFailed: (object) => {
      metrics.failed("status", object.metadata.namespace ?? "");
      untold.notTold(keyOf(object));
    },

    gone: (key, last) => {
      // What fails here is not tried again, as in the original: there is no object left to tell about it.
      options.deleteSecret?.(splitKey(key)).catch(() => undefined);
      waiting.delete(key);
      busy.delete(key);
      drift.forget(key);
      untold.forget(key);
      options.cause?.forget(last);
      // As in the original, whose dashboards count on it.
      metrics.attempted();
      metrics.gone(last);
    },
  };
}

/** Another pass follows: that of the object as it is now. */
const OVERTAKEN: Pass = {
  outcome: { kind: "done", reason: "Overtaken", message: "" },
  events: [],
  quiet: true,
  keepStatus: true,
};

/**
 * Whether the object was edited or deleted since the pass began. Opening takes its time, and an older state must not be
 * written over what another replica may have made of the newer one.
 */
function isOvertaken(sealed: KubeObject, { key, objects }: PassContext): boolean {
  const now = objects.get(key);
  return now === undefined || saysAnother(sealed, now);
}

/** Whether two versions of an object may call for another Secret, or another treatment of it. */
function saysAnother(before: KubeObject, after: KubeObject): boolean {
  return (
    before.metadata.uid !== after.metadata.uid ||
    before.metadata.generation !== after.metadata.generation ||
    [NAMESPACE_WIDE, CLUSTER_WIDE].some((scope) => isOn(before, scope) !== isOn(after, scope)) ||
    before.metadata.annotations?.[REVERT_CHANGES] !== after.metadata.annotations?.[REVERT_CHANGES]
  );
}

interface Opened {
  readonly acted: Acted;
  readonly openedBy: readonly string[];
  /** Metadata of the Secret as this pass found it. */
  readonly live?: ObjectMeta | undefined;
  /** Metadata of the Secret, when another pass would leave it as it is. */
  readonly settled?: ObjectMeta;
}

/** What is remembered of a Secret: which one it is, in which version, and what says whose it is. */
function identityOf({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, ownerReferences } = metadata;
  const marks = Object.entries(metadata.annotations ?? {}).filter(([key]) => key === MANAGED || key === PATCH);
  return {
    apiVersion,
    kind,
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
      ...(marks.length === 0 ? {} : { annotations: Object.fromEntries(marks) }),
    },
  };
}

/** A Secret that went is made anew; one that changed hands may be ours to write now, if that is what was missing. */
function concerns(
  change: Change<KubeObject>,
  own: ReadStore<KubeObject>,
  waiting: ReadonlyMap<string, string>,
): boolean {
  if (change.type === "deleted") return own.get(change.key) !== undefined;
  if (change.type !== "updated") return false;
  // After a break two changes arrive as one: it was deleted, and there is another.
  if (change.before.metadata.uid !== change.object.metadata.uid) return own.get(change.key) !== undefined;
  return waiting.get(change.key) === "secret" && ownership(change.before) !== ownership(change.object);
}

function ownership({ metadata }: KubeObject): string {
  const { ownerReferences = [], annotations = {} } = metadata;
  return JSON.stringify([ownerReferences, annotations[MANAGED], annotations[PATCH]]);
}

/** Many objects that wait for the same do not all come due at the same moment. */
function spread(outcome: Pass["outcome"], random: number): Pass["outcome"] {
  if (outcome.kind !== "waiting") return outcome;
  return { ...outcome, retryAfterMs: jittered(outcome.retryAfterMs, WAIT_SPREAD_PERCENT, random) };
}

function limited(outcome: Pass["outcome"], failures: number, maxRetries: number | undefined): Pass["outcome"] {
  if (outcome.kind !== "failed" || maxRetries === undefined || failures < maxRetries) return outcome;
  return { kind: "stalled", reason: outcome.reason, message: outcome.message };
}
