import type { KubeObject } from "../../src/objects/index.ts";

/** One change of the store. `object` is the new state; for a deletion the last state with the deletion's revision. */
export interface Change {
  readonly revision: number;
  readonly table: string;
  readonly key: string;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubeObject;
  /** About the size of `object`. */
  readonly bytes: number;
  /** The state before; undefined for ADDED. */
  readonly previous: KubeObject | undefined;
}

/** The last changes in order of their revision, at most `window` of them. */
export class EventLog {
  readonly #window: number;
  readonly #maxBytes: number;
  #bytes = 0;
  #changes: Change[] = [];
  /** Changes up to and including this revision have been dropped. */
  #compacted = 0;

  constructor(window: number, maxBytes: number) {
    this.#window = window;
    this.#maxBytes = maxBytes;
  }

  get compacted(): number {
    return this.#compacted;
  }

  get size(): number {
    return this.#changes.length;
  }

  append(change: Change): void {
    this.#changes.push(change);
    this.#bytes += change.bytes;
    // Dropping in blocks keeps append cheap: an array is copied once per block, not once per change.
    if (this.#changes.length > this.#window + Math.max(64, this.#window / 4)) this.#dropTo(this.#window);
    while (this.#bytes > this.#maxBytes && this.#changes.length > 1) this.#dropTo(this.#changes.length >> 1);
  }

  /** Forgets everything so far; watches that resume from before get 410. */
  compact(): void {
    this.#dropTo(0);
  }

  /** Changes after `revision`, oldest first. */
  since(revision: number): readonly Change[] {
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#changes[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#changes.slice(low);
  }

  #dropTo(count: number): void {
    const dropped = this.#changes.splice(0, this.#changes.length - count);
    for (const change of dropped) this.#bytes -= change.bytes;
    this.#compacted = dropped.at(-1)?.revision ?? this.#compacted;
  }
}
