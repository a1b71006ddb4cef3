import { type Clock, type KubeClient, KubeError, sleep } from "../../kube/index.ts";
import { fieldAt, type KubeObject } from "../../objects/index.ts";
import { KeysError } from "../errors.ts";
import { SEALED_SECRETS } from "../resources.ts";
import { type ControllerPlace, restartHint } from "../sealing/served.ts";

export interface SyncedOptions {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Where the controller is, for the hint. */
  readonly controller?: ControllerPlace | undefined;
  /** Called after each look, with how many are synced and how many there are. */
  readonly onLook?: ((synced: number, all: number) => void) | undefined;
}

const EVERY_MS = 500;
/** As many of those that are not synced as a message names. */
const SHOWN = 20;

/**
 * Waits until every SealedSecret of a cluster has the condition Synced. Returns how many there are.
 *
 * @throws {KeysError} `KEYS_NOT_SYNCED` when the time is over: it names those that are not, and why.
 */
export async function waitUntilSynced(client: KubeClient, options: SyncedOptions): Promise<number> {
  const { timeoutMs, clock, signal, controller, onLook = () => undefined } = options;
  const deadline = clock.now() + timeoutMs;
  let left: readonly NotSynced[] = [];
  let trouble: KubeError | undefined;
  for (;;) {
    try {
      const isServed = (await client.resourceFor("bitnami.com/v1alpha1", "SealedSecret")) !== undefined;
      const { items } = isServed ? await client.list<KubeObject>(SEALED_SECRETS) : { items: [] };
      left = items.flatMap(notSynced);
      trouble = undefined;
      onLook(items.length - left.length, items.length);
      if (left.length === 0) return items.length;
    } catch (cause) {
      if (!(cause instanceof KubeError) || cause.status === 403) throw cause;
      trouble = cause;
    }
    if (clock.now() >= deadline) break;
    await sleep(clock, EVERY_MS, signal);
    signal?.throwIfAborted();
  }
  const waited = `waited ${Math.round(timeoutMs / 1000)} s`;
  if (trouble !== undefined) {
    throw new KeysError("KEYS_NOT_SYNCED", "Cannot see whether the SealedSecrets are synced: the time is over", {
      cause: trouble,
      details: [`${waited}; ${trouble.apiMessage}`],
    });
  }
  throw new KeysError("KEYS_NOT_SYNCED", `Cannot see ${left.length} SealedSecrets synced: the time is over`, {
    details: [
      ...left.slice(0, SHOWN).map(({ name, why }) => `${name}: ${why}`),
      ...(left.length > SHOWN ? [`and ${left.length - SHOWN} more`] : []),
      waited,
    ],
    hints: [restartHint(controller)],
  });
}

interface NotSynced {
  readonly name: string;
  readonly why: string;
}

function notSynced(object: KubeObject): readonly NotSynced[] {
  const { namespace = "", name = "", generation = 0 } = object.metadata;
  const conditions = fieldAt(object, "status", "conditions");
  const list: readonly unknown[] = Array.isArray(conditions) ? conditions : [];
  const condition = list.find((one) => fieldAt(one, "type") === "Synced");
  const seen = fieldAt(object, "status", "observedGeneration");
  const isCurrent = typeof seen !== "number" || seen >= generation;
  if (fieldAt(condition, "status") === "True" && isCurrent) return [];
  const message = fieldAt(condition, "message");
  const why = !isCurrent || condition === undefined ? "the controller has not looked at it yet" : message;
  return [{ name: `${namespace}/${name}`, why: typeof why === "string" && why !== "" ? why : "it is not synced" }];
}
