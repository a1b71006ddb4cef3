/** By which time keys are ordered: `CertNotBefore`, or when their Secret was made. */
export type KeyOrder = "CertNotBefore" | "SecretCreationTimestamp";

/** What the order of keys depends on. Times in milliseconds since the epoch. */
export interface Orderable {
  readonly secretName: string;
  readonly notBeforeMs: number;
  readonly createdAtMs: number;
}

export function orderingTime(key: Orderable, order: KeyOrder): number {
  return order === "CertNotBefore" ? key.notBeforeMs : key.createdAtMs;
}

/**
 * Whether a key comes before another, newest first. Of two with the same time the one whose Secret was made first comes
 * first, then the one whose name sorts first; so every process finds the same newest key.
 */
export function byAge(a: Orderable, b: Orderable, order: KeyOrder): number {
  return (
    orderingTime(b, order) - orderingTime(a, order) ||
    a.createdAtMs - b.createdAtMs ||
    (a.secretName < b.secretName ? -1 : a.secretName > b.secretName ? 1 : 0)
  );
}

/** Keys from the newest to the oldest. */
export function newestFirst<K extends Orderable>(keys: readonly K[], order: KeyOrder): readonly K[] {
  return keys.toSorted((a, b) => byAge(a, b, order));
}
