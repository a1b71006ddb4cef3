import { type BackoffOptions, backoffMs, type Clock } from "../../src/kube/index.ts";
import { fieldAt, type KubeObject, listAt, type ObjectMeta, textAt } from "../../src/objects/index.ts";
import { isLater } from "../versions.ts";
import { REVERT_CHANGES } from "./annotations.ts";

/** Pauses between looks at a Secret that somebody keeps changing. */
const PAUSES: BackoffOptions = { baseMs: 1_000, capMs: 5 * 60_000 };
/** After this long without a change the next one is looked at at once again. */
const QUIET_MS = 10 * 60_000;
/** So many times in a row a Secret is set back before it is said that somebody keeps changing it. */
const CONTESTED = 3;
const NAME_CHARS = 64;

interface Watched {
  /** The Secret that we wrote or found to be right, and its version then. */
  ours: ObjectMeta;
  /** The version that was seen last. */
  seen: ObjectMeta;
  /** Somebody wrote it since. */
  isDrifted: boolean;
  looks: number;
  reverts: number;
  lastMs: number;
  dueMs: number;
}

/** Whether changes that others make to the Secret of this object are set back. */
export function isReverting(sealed: KubeObject, byDefault: boolean): boolean {
  const word = sealed.metadata.annotations?.[REVERT_CHANGES];
  return word === "true" || (byDefault && word !== "false");
}

/**
 * What is known about changes that others make to our Secrets. Looks at a Secret that changes again and again get rarer,
 * so that two who want different things never run in a circle.
 */
export class Drift {
  readonly #clock: Clock;
  readonly #secrets = new Map<string, Watched>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** This version of the Secret is as it should be. */
  settled(key: string, secret: ObjectMeta): void {
    const found = identityOf(secret);
    const before = this.#secrets.get(key) ?? { ours: found, seen: found, looks: 0, reverts: 0, lastMs: 0, dueMs: 0 };
    // A mirror may lag behind what we wrote; and it may have shown a later write before the answer to ours came.
    const ours = isLater(before.ours, found) ? before.ours : found;
    this.#secrets.set(key, { ...before, ours, isDrifted: isLater(before.seen, ours) });
  }

  /** Whether this is the Secret as we left it, or as it was before. */
  isSettled(key: string, secret: ObjectMeta): boolean {
    const known = this.#secrets.get(key);
    return known !== undefined && !known.isDrifted && known.ours.uid === secret.uid && !isLater(secret, known.ours);
  }

  /** The Secret was seen in this version. Returns whether it is another than the one that we left. */
  noticed(key: string, secret: ObjectMeta): boolean {
    const known = this.#secrets.get(key);
    if (known === undefined) return false;
    known.seen = secret;
    known.isDrifted = known.ours.resourceVersion !== secret.resourceVersion && !isLater(known.ours, secret);
    return known.isDrifted;
  }

  /**
   * Whether somebody changed the Secret since we left it, and how long to wait before looking. Undefined when nobody did.
   */
  waitMs(key: string): number | undefined {
    const known = this.#secrets.get(key);
    return known?.isDrifted === true ? Math.max(0, known.dueMs - this.#clock.now()) : undefined;
  }

  /** Begins a look. Returns the uid of the Secret that is ours. */
  look(key: string): string | undefined {
    const known = this.#secrets.get(key);
    if (known === undefined) return undefined;
    const nowMs = this.#clock.now();
    if (nowMs - known.lastMs > QUIET_MS + PAUSES.capMs) Object.assign(known, { looks: 0, reverts: 0 });
    known.isDrifted = false;
    known.looks += 1;
    known.lastMs = nowMs;
    known.dueMs = nowMs + backoffMs(known.looks, PAUSES, this.#clock);
    return known.ours.uid;
  }

  /** The Secret was set back. `first` and `contested` are worth an event, the others in a row are not. */
  reverted(key: string): "first" | "contested" | "again" {
    const known = this.#secrets.get(key);
    if (known === undefined) return "again";
    known.reverts += 1;
    if (known.reverts === 1) return "first";
    return known.reverts === CONTESTED ? "contested" : "again";
  }

  forget(key: string): void {
    this.#secrets.delete(key);
  }
}

function identityOf({ uid, resourceVersion }: ObjectMeta): ObjectMeta {
  return { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
}

/** Who wrote the Secret last, by the name that its client gave; undefined when that is not told. */
export function lastWriterOf(live: KubeObject): string | undefined {
  let last: { readonly manager: string; readonly time: string } | undefined;
  for (const entry of listAt(live, "metadata", "managedFields")) {
    const [manager, time] = [textAt(entry, "manager"), textAt(entry, "time")];
    if (manager === undefined || time === undefined || fieldAt(entry, "subresource") !== undefined) continue;
    if (last === undefined || time >= last.time) last = { manager, time };
  }
  return last?.manager.replace(/[^\w.@/:-]/g, "").slice(0, NAME_CHARS);
}
