import type { Clock } from "./clock.ts";

/** setTimeout takes 31 bits; a longer delay would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The machine's own clock. Timers are unreferenced, so that a stopped program can end. */
export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  after: (delayMs, run) => startTimer(Date.now() + delayMs, run),
};

function startTimer(dueMs: number, run: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = () => {
    const left = dueMs - Date.now();
    timer = left > MAX_DELAY_MS ? setTimeout(arm, MAX_DELAY_MS) : setTimeout(run, Math.max(0, left));
    timer.unref();
  };
  arm();
  return () => clearTimeout(timer);
}
