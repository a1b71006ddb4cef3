import { type KeyOrder, newestFirst, type Orderable } from "../../src/keys/index.ts";
import type { SealingKey } from "./sealing-key.ts";

/** A sealing key that the cluster holds in an active Secret. */
export interface RegisteredKey<K extends SealingKey = SealingKey> extends Orderable {
  readonly key: K;
  /** Its Secret is gone, and it lives in this process only. */
  readonly held?: boolean;
}

/** The sealing keys in use, as they are now. */
export class KeyRegistry<K extends SealingKey = SealingKey> {
  readonly #keys = new Map<string, RegisteredKey<K>>();
  readonly #order: KeyOrder;
  readonly #listeners: ((change: "added" | "removed") => void)[] = [];
  #sorted: readonly RegisteredKey<K>[] | undefined;

  constructor(order: KeyOrder) {
    this.#order = order;
  }

  /** The newest comes first. */
  get keys(): readonly RegisteredKey<K>[] {
    this.#sorted ??= newestFirst([...this.#keys.values()], this.#order);
    return this.#sorted;
  }

  /** The key that seals: the newest whose Secret is there, else the newest at all. */
  get newest(): RegisteredKey<K> | undefined {
    return this.keys.find(({ held }) => held !== true) ?? this.keys[0];
  }

  get(secretName: string): RegisteredKey<K> | undefined {
    return this.#keys.get(secretName);
  }

  /** Returns whether this key was not there before: the same key again, e.g. with a new label, is no news. */
  put(key: RegisteredKey<K>): boolean {
    const before = this.#keys.get(key.secretName);
    const isNew = before?.key.fingerprint !== key.key.fingerprint || before.held === true;
    this.#keys.set(key.secretName, key);
    this.#sorted = undefined;
    if (isNew) this.#tell("added");
    return isNew;
  }

  /** The Secret of this key is gone, and the key stays. Returns whether that is news. */
  hold(secretName: string): boolean {
    const key = this.#keys.get(secretName);
    if (key === undefined || key.held === true) return false;
    this.#sorted = undefined;
    this.#keys.set(secretName, { ...key, held: true });
    return true;
  }

  remove(secretName: string): boolean {
    this.#sorted = undefined;
    const wasThere = this.#keys.delete(secretName);
    if (wasThere) this.#tell("removed");
    return wasThere;
  }

  /** `listener` is called after every change of the set of keys. */
  onChange(listener: (change: "added" | "removed") => void): void {
    this.#listeners.push(listener);
  }

  #tell(change: "added" | "removed"): void {
    for (const listener of this.#listeners) listener(change);
  }
}
