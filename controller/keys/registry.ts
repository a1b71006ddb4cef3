import { type KeyOrder, newestFirst, type Orderable } from "./order.ts";
import type { SealingKey } from "./sealing-key.ts";

/** A sealing key that the cluster holds in an active Secret. */
export interface RegisteredKey<K extends SealingKey = SealingKey> extends Orderable {
  readonly key: K;
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

  get newest(): RegisteredKey<K> | undefined {
    return this.keys[0];
  }

  get(secretName: string): RegisteredKey<K> | undefined {
    return this.#keys.get(secretName);
  }

  /** Returns whether this key was not there before: the same key again, e.g. with a new label, is no news. */
  put(key: RegisteredKey<K>): boolean {
    const isNew = this.#keys.get(key.secretName)?.key.fingerprint !== key.key.fingerprint;
    this.#keys.set(key.secretName, key);
    this.#sorted = undefined;
    if (isNew) this.#tell("added");
    return isNew;
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
