/** Items that go to threads together. */
export interface BatchOptions<Item> {
  /** Threads that work at the same time. Each gets a second batch while it is at one, so that it need not wait. */
  readonly threads: number;
  readonly maxItems: number;
  /** What the items of a batch may weigh together; a single item may weigh more. */
  readonly maxWeight: number;
  weightOf(item: Item): number;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly done: (answer: Answer) => void;
  readonly failed: (cause: unknown) => void;
}

/**
 * Sends items in batches: a message to a thread and back takes as long as the work on a small file. Nothing waits for a
 * batch to fill while a thread has nothing to do, and what is left at the end is shared out.
 */
export class Batches<Item, Answer> {
  readonly #send: (items: readonly Item[]) => Promise<readonly Answer[]>;
  readonly #options: BatchOptions<Item>;
  readonly #waiting: Waiting<Item, Answer>[] = [];
  #underWay = 0;

  /** `send` resolves with an answer for each item, in their order. */
  constructor(send: (items: readonly Item[]) => Promise<readonly Answer[]>, options: BatchOptions<Item>) {
    this.#send = send;
    this.#options = options;
  }

  run(item: Item): Promise<Answer> {
    return new Promise((done, failed) => {
      this.#waiting.push({ item, done, failed });
      this.#next();
    });
  }

  #next(): void {
    const { threads, maxItems } = this.#options;
    while (this.#waiting.length > 0 && this.#underWay < 2 * threads) {
      if (this.#underWay >= threads && this.#waiting.length < maxItems) return;
      void this.#sendOne(this.#take());
    }
  }

  #take(): Waiting<Item, Answer>[] {
    const { threads, maxItems, maxWeight, weightOf } = this.#options;
    const most = Math.min(maxItems, Math.ceil(this.#waiting.length / threads));
    let count = 0;
    for (let weight = 0; count < most; count++) {
      const next = this.#waiting[count];
      weight += next === undefined ? 0 : weightOf(next.item);
      if (count > 0 && weight > maxWeight) break;
    }
    return this.#waiting.splice(0, count);
  }

  async #sendOne(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    this.#underWay++;
    try {
      const answers = await this.#send(batch.map(({ item }) => item));
      for (const [at, answer] of answers.entries()) batch[at]?.done(answer);
    } catch (cause) {
      for (const { failed } of batch) failed(cause);
    } finally {
      this.#underWay--;
      this.#next();
    }
  }
}
