/**
 * Maps items with `width` calls under way at a time, and gives the results in the order of the items. When a call fails
 * the iteration ends with its error; those under way are waited for.
 */
export async function* ahead<T, R>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const iterator = items[Symbol.iterator]();
  const waiting: Promise<R>[] = [];
  const fill = () => {
    while (waiting.length < width) {
      const next = iterator.next();
      if (next.done === true) return;
      const started = work(next.value);
      // Heard later, when its turn comes.
      started.catch(() => undefined);
      waiting.push(started);
    }
  };
  try {
    fill();
    for (let first = waiting.shift(); first !== undefined; first = waiting.shift()) {
      const result = await first;
      fill();
      yield result;
    }
  } finally {
    await Promise.allSettled(waiting);
  }
}
