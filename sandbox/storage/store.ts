import type { KubeObject } from "../../src/objects/index.ts";
import type { SandboxLimits } from "../limits.ts";
import { cloneObject } from "../object.ts";
import { tooManyRequests } from "../status.ts";
import { type Change, EventLog } from "./event-log.ts";
import { roughSize } from "./rough-size.ts";

/** Counters for tests, benches and `sealkit sandbox`. */
export interface StorageStats {
  readonly revision: number;
  readonly objects: number;
  readonly events: number;
  readonly watchers: number;
}

type Listener = (change: Change) => void;

/**
 * All objects, in memory. Every write takes one revision of a counter shared by all tables and is seen by listeners in
 * that order. Stored objects are never changed in place: readers may keep them, writers copy.
 */
export class Store {
  readonly log: EventLog;
  readonly #tables = new Map<string, Map<string, KubeObject>>();
  readonly #sorted = new Map<string, readonly string[]>();
  readonly #listeners = new Set<Listener>();
  readonly #maxObjects: number;
  readonly #maxBytes: number;
  #bytes = 0;
  #revision = 1;
  #objects = 0;

  constructor(limits: Pick<SandboxLimits, "eventWindow" | "eventBytes" | "objects" | "objectBytes">) {
    this.log = new EventLog(limits.eventWindow, limits.eventBytes);
    this.#maxObjects = limits.objects;
    this.#maxBytes = limits.objectBytes;
  }

  get revision(): number {
    return this.#revision;
  }

  get size(): number {
    return this.#objects;
  }

  get(table: string, key: string): KubeObject | undefined {
    return this.#tables.get(table)?.get(key);
  }

  /**
   * Asks for room before a client's write. The sandbox's own writes (ends of deletions, status) are small and always go
   * through.
   *
   * @throws StatusError 429 when the store is full
   */
  requireRoom(object: KubeObject, previous: KubeObject | undefined): void {
    const more = roughSize(object) - (previous === undefined ? 0 : roughSize(previous));
    if (previous === undefined && this.#objects >= this.#maxObjects) throw tooManyRequests();
    if (more > 0 && this.#bytes + more > this.#maxBytes) throw tooManyRequests();
  }

  /** Stores `object` (taken over by the store) with the next revision and returns it. */
  put(table: string, key: string, object: KubeObject): KubeObject {
    const rows = this.#tables.get(table) ?? new Map<string, KubeObject>();
    const previous = rows.get(key);
    const bytes = roughSize(object);
    const more = bytes - (previous === undefined ? 0 : roughSize(previous));
    this.#bytes += more;
    this.#tables.set(table, rows);
    this.#revision += 1;
    object.metadata.resourceVersion = String(this.#revision);
    rows.set(key, object);
    if (previous === undefined) {
      this.#objects += 1;
      this.#sorted.delete(table);
    }
    this.#publish({
      revision: this.#revision,
      table,
      key,
      type: previous === undefined ? "ADDED" : "MODIFIED",
      object,
      bytes,
      previous,
    });
    return object;
  }

  /** Removes an object; what is returned carries the revision of the removal. */
  remove(table: string, key: string): KubeObject | undefined {
    const rows = this.#tables.get(table);
    const previous = rows?.get(key);
    if (rows === undefined || previous === undefined) return undefined;
    rows.delete(key);
    this.#objects -= 1;
    this.#sorted.delete(table);
    this.#revision += 1;
    const object = cloneObject(previous);
    object.metadata.resourceVersion = String(this.#revision);
    const bytes = roughSize(previous);
    this.#bytes -= bytes;
    this.#publish({ revision: this.#revision, table, key, type: "DELETED", object, bytes, previous });
    return object;
  }

  /** Objects of a table in key order, below `prefix` (a namespace and a slash, or nothing). */
  list(table: string, prefix = ""): KubeObject[] {
    const rows = this.#tables.get(table);
    if (rows === undefined) return [];
    let keys = this.#sorted.get(table);
    if (keys === undefined) {
      keys = [...rows.keys()].sort();
      this.#sorted.set(table, keys);
    }
    const found: KubeObject[] = [];
    for (const key of keys) {
      const object = key.startsWith(prefix) ? rows.get(key) : undefined;
      if (object !== undefined) found.push(object);
    }
    return found;
  }

  /**
   * The objects of a table as they were at `revision`, by undoing what came later; undefined when the log does not
   * reach back that far.
   */
  listAt(table: string, prefix: string, revision: number): KubeObject[] | undefined {
    if (revision >= this.#revision) return this.list(table, prefix);
    if (revision < this.log.compacted) return undefined;
    const rows = new Map(this.#tables.get(table));
    for (const change of [...this.log.since(revision)].reverse()) {
      if (change.table !== table) continue;
      if (change.previous === undefined) rows.delete(change.key);
      else rows.set(change.key, change.previous);
    }
    return [...rows.entries()]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([, object]) => object);
  }

  tables(): readonly string[] {
    return [...this.#tables.keys()];
  }

  /** Calls `listener` after every change, in order. Returns the way to stop. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #publish(change: Change): void {
    this.log.append(change);
    for (const listener of this.#listeners) listener(change);
  }
}
