/** Longest pause that setInterval takes without firing at once, about. */
const LONG_MS = 2 ** 30;

/**
 * Holds the program until `work` is done. Timers of clients that wait for another try do not hold it, and a program whose
 * event loop runs empty ends in silence, with 0.
 */
export async function keepRunning<Result>(work: Promise<Result>): Promise<Result> {
  const underWay = setInterval(() => undefined, LONG_MS);
  try {
    return await work;
  } finally {
    clearInterval(underWay);
  }
}
