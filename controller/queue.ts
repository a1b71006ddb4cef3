import { type BackoffOptions, backoffMs, type Clock } from "../src/kube/index.ts";

export interface QueueOptions {
  readonly clock: Clock;
  /** Pauses between tries of a key that fails. */
  readonly backoff: BackoffOptions;
}

/** Whether somebody waits for this key, or it only has to be looked at some time. */
export type Urgency = "soon" | "backlog";

/** So often what is urgent goes before the backlog, which must not wait for ever. */
const URGENT_IN_A_ROW = 3;

/**
 * Keys that wait for a pass. A key is there once, however often it was added; while one is being worked on, adding it
 * again means one more pass afterwards, never a second at the same time. Starting a pass cancels a pass that was
 * planned for later: its end plans the next.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #backoff: BackoffOptions;
  readonly #ready = new Set<string>();
  readonly #backlog = new Set<string>();
  readonly #working = new Set<string>();
  readonly #again = new Set<string>();
  readonly #later = new Map<string, { readonly dueMs: number; readonly cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #closed = false;
  #urgentInARow = 0;

  constructor(options: QueueOptions) {
    this.#clock = options.clock;
    this.#backoff = options.backoff;
  }

  /** Keys that wait now, not counting those planned for later. */
  get depth(): number {
    return this.#ready.size + this.#backlog.size + this.#again.size;
  }

  /**
   * `backlog` is for what can wait, e.g. everything that was there at the start: of four keys that are taken one comes
   * from there, the others are those for which somebody waits.
   */
  add(key: string, urgency: Urgency = "soon"): void {
    if (this.#closed) return;
    if (this.#working.has(key)) {
      this.#again.add(key);
      return;
    }
    const taker = this.#takers.shift();
    if (taker !== undefined) taker(this.#start(key));
    else if (urgency === "soon") {
      this.#backlog.delete(key);
      this.#ready.add(key);
    } else if (!this.#ready.has(key)) this.#backlog.add(key);
  }

  /** Plans a pass, as part of the backlog; of two plans for one key the earlier counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#closed) return;
    const dueMs = this.#clock.now() + delayMs;
    const planned = this.#later.get(key);
    if (planned !== undefined && planned.dueMs <= dueMs) return;
    planned?.cancel();
    const cancel = this.#clock.after(delayMs, () => {
      this.#later.delete(key);
      this.add(key, "backlog");
    });
    this.#later.set(key, { dueMs, cancel });
  }

  /** Plans another try after a failure; the pauses grow. Returns the pause. */
  retry(key: string): number {
    const failures = this.failures(key) + 1;
    this.#failures.set(key, failures);
    const delayMs = backoffMs(failures, this.#backoff, this.#clock);
    this.addAfter(key, delayMs);
    return delayMs;
  }

  /** How often this key failed in a row. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The key did well (or is gone): the next failure starts with the shortest pause. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, when there is one; undefined once the queue is closed. Call `done` with it afterwards. */
  take(): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const isTurnOfBacklog = this.#ready.size === 0 || (this.#urgentInARow >= URGENT_IN_A_ROW && this.#backlog.size > 0);
    const from = isTurnOfBacklog ? this.#backlog : this.#ready;
    for (const key of from) {
      from.delete(key);
      this.#urgentInARow = isTurnOfBacklog ? 0 : this.#urgentInARow + 1;
      return Promise.resolve(this.#start(key));
    }
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  done(key: string): void {
    this.#working.delete(key);
    if (this.#again.delete(key)) this.add(key);
  }

  /** No key is handed out any more; what is planned is dropped. */
  close(): void {
    this.#closed = true;
    for (const { cancel } of this.#later.values()) cancel();
    this.#later.clear();
    this.#ready.clear();
    this.#backlog.clear();
    this.#again.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #start(key: string): string {
    this.#working.add(key);
    this.#later.get(key)?.cancel();
    this.#later.delete(key);
    return key;
  }
}

/** Works off a queue, up to `concurrency` keys at once, until it is closed; resolves when the last pass has ended. */
export async function workOff(
  queue: WorkQueue,
  concurrency: number,
  pass: (key: string) => Promise<void>,
): Promise<void> {
  const worker = async () => {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      try {
        await pass(key);
      } finally {
        queue.done(key);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
