/** How far work may be ahead of whoever takes the results. */
export interface AheadLimits<T> {
  /** Calls that are under way, or done and not taken yet. */
  readonly width: number;
  /** What their items may weigh together; a single item may weigh more. */
  readonly maxWeight: number;
  weightOf(item: T): number;
}

/**
 * Maps items with several calls under way at a time, and gives the results in the order of the items. When a call fails
 * the iteration ends with its error; those under way are waited for.
 */
export async function* ahead<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limits: number | AheadLimits<T>,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const { width, maxWeight, weightOf } = typeof limits === "number" ? weightless(limits) : limits;
  const waiting: { readonly result: Promise<R>; readonly weight: number }[] = [];
  let heavy = 0;
  try {
    for await (const item of items) {
      const weight = weightOf(item);
      for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
        if (waiting.length < width && heavy + weight <= maxWeight) break;
        const result = await first.result;
        waiting.shift();
        heavy -= first.weight;
        yield result;
      }
      const result = work(item);
      // Heard later, when its turn comes.
      result.catch(() => undefined);
      waiting.push({ result, weight });
      heavy += weight;
    }
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const result = await first.result;
      waiting.shift();
      yield result;
    }
  } finally {
    await Promise.allSettled(waiting.map(({ result }) => result));
  }
}

function weightless(width: number): AheadLimits<unknown> {
  return { width, maxWeight: Number.POSITIVE_INFINITY, weightOf: () => 0 };
}
