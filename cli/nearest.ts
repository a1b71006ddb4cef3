/** Longest word that is compared: the work grows with the product of the lengths. */
const MAX_WORD = 64;

/**
 * The candidate that was most likely meant by a mistyped word, or undefined when none is close: at most one edit per
 * three characters, a swap of neighbours counting as one edit.
 */
export function nearestWord(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > MAX_WORD) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (candidate.length > MAX_WORD) continue;
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** The line that names the flag which was most likely meant by `--name`; empty when none is near: any letter is near another. */
export function flagHint(name: string, names: Iterable<string>): string {
  const nearest = name.length === 1 ? undefined : nearestWord(name, names);
  return nearest === undefined ? "" : `hint: did you mean: ${nearest.length === 1 ? "-" : "--"}${nearest}\n`;
}

/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(left: string, right: string): number {
  let before: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]) {
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[right.length] ?? 0;
}
