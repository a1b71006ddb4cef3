/** Longest number of a version that is compared; nobody writes one of that size. */
const MAX_DIGITS = 9;

/** Whether a version is older than another, by its numbers from the left. One that is no version is not. */
export function isOlder(version: string, than: string): boolean {
  const [left, right] = [numbersOf(version), numbersOf(than)];
  if (left === undefined || right === undefined) return false;
  for (const [index, number] of right.entries()) {
    const own = left[index] ?? 0;
    if (own !== number) return own < number;
  }
  return false;
}

function numbersOf(version: string): number[] | undefined {
  const texts = version.slice(0, 100).split(/[-+]/, 1)[0]?.split(".") ?? [];
  const isVersion = texts.length === 3 && texts.every((text) => /^\d+$/.test(text) && text.length <= MAX_DIGITS);
  return isVersion ? texts.map(Number) : undefined;
}
