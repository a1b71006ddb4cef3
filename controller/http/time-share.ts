import { type Clock, stopwatch } from "../../src/kube/index.ts";

export interface TimeShareOptions {
  readonly clock: Clock;
  /** Of all time, in the long run; 0.25 is a quarter. */
  readonly share: number;
  /** Time that may be used at once after a rest. */
  readonly burstMs: number;
}

/** What some work may take of the one thread that everything else needs, too. */
export interface TimeShare {
  /** Whether there is time left now. */
  isLeft(): boolean;
  /** Runs work until it waits for something for the first time, and counts how long that took. */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** Counts time as a bucket that fills by `share`, up to `burstMs`; work that is under way may overdraw it. */
export function timeShare({ clock, share, burstMs }: TimeShareOptions): TimeShare {
  const elapsed = stopwatch(clock);
  let leftMs = burstMs;
  let atMs = elapsed();
  const fill = () => {
    const nowMs = elapsed();
    leftMs = Math.min(burstMs, leftMs + (nowMs - atMs) * share);
    atMs = nowMs;
  };
  return {
    isLeft() {
      fill();
      return leftMs > 0;
    },
    run(work) {
      fill();
      const startedMs = atMs;
      const running = work();
      fill();
      leftMs -= atMs - startedMs;
      return running;
    },
  };
}
