const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** A duration as kubectl shows ages: two units at most, the second only while it matters. */
function humanDuration(milliseconds: number): string {
  if (milliseconds < -SECOND) return "<invalid>";
  if (milliseconds < 0) return "0s";
  const seconds = Math.floor(milliseconds / SECOND);
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(milliseconds / MINUTE);
  if (minutes < 10) return two(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(milliseconds / HOUR);
  if (hours < 8) return two(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(milliseconds / DAY);
  if (hours < 192) return two(days, "d", hours % 24, "h");
  if (days < 730) return `${days}d`;
  const years = Math.floor(milliseconds / YEAR);
  return years < 8 ? two(years, "y", days % 365, "d") : `${years}y`;
}

const two = (high: number, highUnit: string, low: number, lowUnit: string) =>
  low === 0 ? `${high}${highUnit}` : `${high}${highUnit}${low}${lowUnit}`;

/** Time since an RFC 3339 timestamp; `<unknown>` without one. */
export function since(time: unknown, now: number): string {
  if (typeof time !== "string" || time === "") return "<unknown>";
  return humanDuration(now - Date.parse(time));
}
