import { describe, expect, test } from "vitest";
import { ahead } from "../../../src/repository/index.ts";

/** Calls that are let go one by one. */
function held() {
  const open = new Map<number, () => void>();
  let most = 0;
  const work = (item: number) =>
    new Promise<number>((done) => {
      open.set(item, () => {
        open.delete(item);
        done(item * 10);
      });
      most = Math.max(most, open.size);
    });
  return { open, work, most: () => most };
}

const settled = () => new Promise((done) => setImmediate(done));

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = [];
  for await (const item of items) got.push(item);
  return got;
}

describe("ahead()", () => {
  test("results come in the order of the items, whichever is done first", async () => {
    const { open, work, most } = held();
    const got = all(ahead([1, 2, 3, 4, 5], 3, work));
    for (const next of [3, 2, 1, 5, 4]) {
      await settled();
      open.get(next)?.();
    }
    expect(await got).toEqual([10, 20, 30, 40, 50]);
    expect(most()).toBe(3);
  });

  test.each([
    { name: "light ones go together", weights: [1, 1, 1, 1], most: 4 },
    { name: "heavy ones wait", weights: [3, 3, 3], most: 1 },
    { name: "one that is too heavy goes alone", weights: [9, 1], most: 1 },
    { name: "as many as weigh no more", weights: [2, 2, 2], most: 2 },
  ])("a bound of weight: $name", async ({ weights, most: wanted }) => {
    const { open, work, most } = held();
    const limits = { width: 10, maxWeight: 4, weightOf: (at: number) => weights[at]! };
    const got = all(ahead(weights.keys(), limits, work));
    for (const at of weights.keys()) {
      await settled();
      open.get(at)?.();
    }
    expect(await got).toHaveLength(weights.length);
    expect(most()).toBe(wanted);
  });

  test("a call that fails ends it when its turn comes, after those under way", async () => {
    const ended: number[] = [];
    const work = async (item: number) => {
      await settled();
      ended.push(item);
      if (item === 2) throw new Error("two");
      return item;
    };
    const got: number[] = [];
    const run = async () => {
      for await (const item of ahead([1, 2, 3, 4, 5, 6], 3, work)) got.push(item);
    };
    await expect(run()).rejects.toThrow("two");
    expect([got, ended]).toEqual([[1], [1, 2, 3, 4]]);
  });

  test("items that fail to come end it too", async () => {
    async function* items() {
      yield 1;
      throw new Error("no more");
    }
    await expect(all(ahead(items(), 2, async (item) => item))).rejects.toThrow("no more");
  });
});
