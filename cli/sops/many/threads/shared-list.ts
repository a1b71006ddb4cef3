/** Places in the shared memory. */
const [LEFT, FROM_END, DONE, STOPPED] = [0, 1, 2, 3];

/**
 * A list of files that several threads work off together, as counters in shared memory: one thread from the beginning, the
 * others from the end, so that they seldom work in the same folder.
 */
export class SharedList {
  readonly memory: SharedArrayBuffer;
  readonly #counters: Int32Array;
  readonly #length: number;
  #first = 0;

  /** With `memory` it is the list of another thread. */
  constructor(length: number, memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(4 * Int32Array.BYTES_PER_ELEMENT);
    this.#counters = new Int32Array(this.memory);
    this.#length = length;
    if (memory === undefined) Atomics.store(this.#counters, LEFT, length);
  }

  /** Files that are done, by all threads. */
  get done(): number {
    return Atomics.load(this.#counters, DONE);
  }

  countDone(): void {
    Atomics.add(this.#counters, DONE, 1);
  }

  /** Nobody takes another one. */
  stop(): void {
    Atomics.store(this.#counters, STOPPED, 1);
  }

  /** The numbers of the files from the beginning, until all are taken. For one thread only. */
  *fromStart(): Generator<number> {
    while (this.#takes()) yield this.#first++;
  }

  /** The numbers of the files from the end, until all are taken. */
  *fromEnd(): Generator<number> {
    while (this.#takes()) yield this.#length - 1 - Atomics.add(this.#counters, FROM_END, 1);
  }

  #takes(): boolean {
    return Atomics.load(this.#counters, STOPPED) === 0 && Atomics.sub(this.#counters, LEFT, 1) > 0;
  }
}
