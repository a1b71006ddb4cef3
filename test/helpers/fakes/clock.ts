import type { Clock } from "../../../src/kube/index.ts";

export interface FakeClock extends Clock {
  /** Moves time on; everything that falls due runs in order, and what it starts gets a turn in between. */
  advance(ms: number): Promise<void>;
  readonly pending: number;
  /** Sets the clock, as people and time servers do; nothing falls due by it. */
  jump(ms: number): void;
}

/** A clock whose hands the test turns. `random` is constant. */
export function fakeClock(startMs: number = Date.UTC(2026, 0, 1), random = 0.5): FakeClock {
  let nowMs = startMs;
  let nextId = 0;
  const timers = new Map<number, { dueMs: number; run: () => void }>();
  const settle = async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    now: () => nowMs,
    random: () => random,
    after(delayMs, run) {
      const id = nextId++;
      timers.set(id, { dueMs: nowMs + delayMs, run });
      return () => timers.delete(id);
    },
    async advance(ms) {
      const end = nowMs + ms;
      await settle();
      for (;;) {
        const due = [...timers]
          .filter(([, timer]) => timer.dueMs <= end)
          .sort(([a, x], [b, y]) => x.dueMs - y.dueMs || a - b)[0];
        if (due === undefined) break;
        timers.delete(due[0]);
        nowMs = Math.max(nowMs, due[1].dueMs);
        due[1].run();
        await settle();
      }
      nowMs = end;
    },
    jump(ms) {
      nowMs += ms;
      for (const timer of timers.values()) timer.dueMs += ms;
    },
    get pending() {
      return timers.size;
    },
  };
}
