const LETTER = /^\p{L}$/u;
const DIGIT = /^\p{Nd}$/u;
const SIMPLE = /^[A-Za-z]*$/;

/**
 * Order of mapping keys as go-yaml sorts them: by character, but letters after everything else, and runs of digits by
 * their number (`a2` before `a10`).
 *
 * Source: go-yaml v2, sorting of map keys.
 */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  if (SIMPLE.test(a) && SIMPLE.test(b)) return a < b ? -1 : 1;
  return compareRunes(Array.from(a), Array.from(b));
}

function compareRunes(a: readonly string[], b: readonly string[]): number {
  const common = Math.min(a.length, b.length);
  for (let at = 0; at < common; at++) {
    const left = a[at] ?? "";
    const right = b[at] ?? "";
    if (left === right) continue;
    const leftLetter = LETTER.test(left);
    const rightLetter = LETTER.test(right);
    if (leftLetter && rightLetter) return codeOf(left) - codeOf(right);
    if (leftLetter || rightLetter) return rightLetter ? -1 : 1;
    return compareNumbers(a, b, at) || codeOf(left) - codeOf(right);
  }
  return a.length - b.length;
}

/** Compares the runs of digits that start at `at`; a zero counts as part of a longer number before it. */
function compareNumbers(a: readonly string[], b: readonly string[], at: number): number {
  const start = (a[at] === "0" || b[at] === "0") && insideNumber(a, at) ? 1n : 0n;
  const left = digitRun(a, at, start);
  const right = digitRun(b, at, start);
  if (left.value !== right.value) return left.value < right.value ? -1 : 1;
  return left.end - right.end;
}

function insideNumber(runes: readonly string[], at: number): boolean {
  for (let before = at - 1; before >= 0 && DIGIT.test(runes[before] ?? ""); before--) {
    if (runes[before] !== "0") return true;
  }
  return false;
}

function digitRun(runes: readonly string[], at: number, start: bigint): { value: bigint; end: number } {
  let value = start;
  let end = at;
  for (; end < runes.length && DIGIT.test(runes[end] ?? ""); end++) {
    // The Go library counts in 64 bits and lets it overflow.
    value = BigInt.asIntN(64, value * 10n + BigInt(codeOf(runes[end] ?? "0") - 48));
  }
  return { value, end };
}

function codeOf(rune: string): number {
  return rune.codePointAt(0) ?? 0;
}
