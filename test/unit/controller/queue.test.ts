import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WorkQueue, workOff } from "../../../controller/queue.ts";
import { fakeClock } from "../../helpers/fakes/clock.ts";

const open = (random = 0) => {
  const clock = fakeClock(0, random);
  return { clock, queue: new WorkQueue({ clock, backoff: { baseMs: 100, capMs: 1_000 } }) };
};

describe("WorkQueue", () => {
  test("a key that is added twice is handed out once", async () => {
    const { queue } = open();
    queue.add("a");
    queue.add("a");
    queue.add("b");
    expect([await queue.take(), await queue.take()]).toEqual(["a", "b"]);
    expect(queue.depth).toBe(0);
  });

  test("a key that is added while it is worked on comes again, afterwards", async () => {
    const { queue } = open();
    queue.add("a");
    await queue.take();
    queue.add("a");
    const next = queue.take();
    let early = true;
    void next.then(() => expect(early).toBe(false));
    await Promise.resolve();
    early = false;
    queue.done("a");
    expect(await next).toBe("a");
  });

  test("what is urgent goes first, and the backlog gets every fourth turn", async () => {
    const { queue } = open();
    for (const key of ["old1", "old2", "old3"]) queue.add(key, "backlog");
    for (const key of ["a", "b", "c", "d", "e"]) queue.add(key);
    queue.add("old3");
    queue.add("a", "backlog");
    const order: (string | undefined)[] = [];
    while (queue.depth > 0) order.push(await queue.take());
    expect(order).toEqual(["a", "b", "c", "old1", "d", "e", "old3", "old2"]);
  });

  test("of two plans the earlier counts", async () => {
    const { queue, clock } = open();
    queue.addAfter("a", 500);
    queue.addAfter("a", 200);
    queue.addAfter("a", 300);
    await clock.advance(199);
    expect(queue.depth).toBe(0);
    await clock.advance(1);
    expect(queue.depth).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test("a pass that starts cancels what was planned before", async () => {
    const { queue, clock } = open();
    queue.addAfter("a", 500);
    queue.add("a");
    queue.done((await queue.take()) ?? "");
    await clock.advance(1_000);
    expect(queue.depth).toBe(0);
  });

  test("pauses grow up to the cap and start over after forget", async () => {
    const { queue, clock } = open();
    const pauses: number[] = [];
    for (let failure = 0; failure < 6; failure++) {
      pauses.push(queue.retry("a"));
      await clock.advance(1_000);
      queue.done((await queue.take()) ?? "");
    }
    expect(pauses).toEqual([50, 100, 200, 400, 500, 500]);
    expect(queue.failures("a")).toBe(6);
    queue.forget("a");
    expect(queue.retry("a")).toBe(50);
  });

  test("after close nothing is handed out and nothing is planned", async () => {
    const { queue, clock } = open();
    queue.add("a");
    queue.addAfter("b", 10);
    const waiting = open().queue.take();
    queue.close();
    queue.add("c");
    expect(await queue.take()).toBeUndefined();
    expect(clock.pending).toBe(0);
    void waiting;
  });
});

describe("workOff()", () => {
  test("never works on one key twice at the same time, and at most as many as allowed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        async (keys, concurrency) => {
          const { queue } = open();
          const working = new Set<string>();
          const seen = new Set<string>();
          const done = workOff(queue, concurrency, async (key) => {
            expect(working.has(key)).toBe(false);
            working.add(key);
            seen.add(key);
            expect(working.size).toBeLessThanOrEqual(concurrency);
            await new Promise((resolve) => setImmediate(resolve));
            working.delete(key);
          });
          for (const key of keys) queue.add(String(key));
          while (queue.depth > 0 || working.size > 0) await new Promise((resolve) => setImmediate(resolve));
          queue.close();
          await done;
          expect(seen).toEqual(new Set(keys.map(String)));
        },
      ),
      { numRuns: 30 },
    );
  });
});
