import { describe, expect, test } from "vitest";
import { Batches } from "../../../../cli/repository-threads/batches.ts";

/** Batches that are answered when the test says so. */
function held(options: Partial<ConstructorParameters<typeof Batches<number, number>>[1]> = {}) {
  const sent: { readonly items: readonly number[]; answer(): void; fail(cause: Error): void }[] = [];
  const send = (items: readonly number[]) =>
    new Promise<readonly number[]>((done, failed) => {
      sent.push({ items, answer: () => done(items.map((item) => item * 2)), fail: failed });
    });
  const all = { threads: 2, maxItems: 3, maxWeight: 100, weightOf: (item: number) => item, ...options };
  const batches = new Batches<number, number>(send, all);
  return { batches, items: () => sent.map(({ items }) => items), sent };
}

const settled = () => new Promise((done) => setImmediate(done));

describe("Batches", () => {
  test("nothing waits while a thread has nothing to do; then batches fill, two for each thread", async () => {
    const { batches, items, sent } = held();
    const answers = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((item) => batches.run(item));
    // One each at once, then full ones; the last waits, as there are two for each thread.
    expect(items()).toEqual([[1], [2], [3, 4], [5, 6]]);
    for (let at = 0; at < 6; at++) {
      sent[at]?.answer();
      await settled();
    }
    expect(items().flat()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await Promise.all(answers)).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18]);
  });

  test("what is left at the end is shared out", async () => {
    const { batches, items, sent } = held({ maxItems: 10 });
    void [1, 2, 3, 4, 5, 6].map((item) => batches.run(item));
    expect(items()).toEqual([[1], [2]]);
    sent[0]?.answer();
    sent[1]?.answer();
    await settled();
    expect(items()).toEqual([[1], [2], [3, 4], [5]]);
  });

  test("heavy items go alone", async () => {
    const { batches, items, sent } = held({ threads: 1 });
    void [1, 90, 20, 200, 1].map((item) => batches.run(item));
    for (let at = 0; at < 4; at++) {
      sent[at]?.answer();
      await settled();
    }
    expect(items()).toEqual([[1], [90], [20], [200], [1]]);
  });

  test("a batch that fails fails its items, and no others", async () => {
    const { batches, sent } = held({ threads: 1 });
    const answers = [1, 2, 3].map((item) => batches.run(item).catch((error: unknown) => String(error)));
    sent[0]?.fail(new Error("gone"));
    await settled();
    sent[1]?.answer();
    await settled();
    sent[2]?.answer();
    expect(await Promise.all(answers)).toEqual(["Error: gone", 4, 6]);
  });
});
