/** Replaces the code units from `start` to `end`. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export function spliced(text: string, { start, end, text: replacement }: Splice): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

/** Where one more key belongs: in order among sorted keys, at the end of others. */
export function placeAmong(keys: readonly string[], key: string): number {
  const isSorted = keys.every((other, at) => at === 0 || (keys[at - 1] ?? "") < other);
  if (!isSorted) return keys.length;
  const before = keys.findIndex((other) => other > key);
  return before < 0 ? keys.length : before;
}
