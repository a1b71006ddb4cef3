const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Longer spans are cut to this: a timer cannot wait for more, and nobody means it. */
const MAX_MS = 24 * 3_600_000 * 20;

/**
 * Milliseconds of a Go duration such as `1h30m` or `1.5s`, at most 20 days; undefined when it is none. The units are
 * those that the CRDs admit.
 */
export function parseDuration(text: string | undefined): number | undefined {
  if (text === undefined || text.length > 100 || !/^(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, unit = ""] of text.matchAll(/([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)/g)) {
    total += Number(number) * (UNIT_MS[unit] ?? 0);
  }
  return Math.min(total, MAX_MS);
}

/** A duration as Go prints it: `1m0s`, `1.5s`, `250ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return ms < 1 ? "0s" : `${Math.round(ms)}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = Number(((ms % 60_000) / 1000).toFixed(3));
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

/** An interval, longer or shorter by up to `percent`, so that many objects do not come due together. */
export function jittered(intervalMs: number, percent: number, random: number): number {
  return Math.round(intervalMs * (1 + ((random * 2 - 1) * percent) / 100));
}
