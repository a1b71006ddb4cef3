import { GoTimeError, quoted } from "./quote.ts";

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1_000n],
  ["\u00b5s", 1_000n],
  ["\u03bcs", 1_000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
]);

const MOST = 1n << 63n;
const SECOND = 1_000_000_000n;

/**
 * Nanoseconds of a Go duration such as `1h15m30.918s` or `-1.5h`.
 *
 * @throws {GoTimeError} with Go's text.
 */
export function parseDuration(text: string): bigint {
  const invalid = () => new GoTimeError(`time: invalid duration ${quoted(text)}`);
  const isNegative = text.startsWith("-");
  let rest = isNegative || text.startsWith("+") ? text.slice(1) : text;
  if (rest === "0") return 0n;
  if (rest === "") throw invalid();
  let total = 0n;
  while (rest !== "") {
    const number = /^([0-9]*)(?:\.([0-9]*))?/.exec(rest);
    const [whole = "", digits = "", fraction = ""] = number ?? [];
    if (digits === "" && fraction === "") throw invalid();
    rest = rest.slice(whole.length);
    const name = /^[^.0-9]*/.exec(rest)?.[0] ?? "";
    if (name === "") throw new GoTimeError(`time: missing unit in duration ${quoted(text)}`);
    rest = rest.slice(name.length);
    const unit = UNITS.get(name);
    if (unit === undefined) throw new GoTimeError(`time: unknown unit ${quoted(name)} in duration ${quoted(text)}`);
    const amount = BigInt(digits || "0");
    if (amount > MOST / unit) throw invalid();
    total += amount * unit + fractionOf(fraction, unit);
    if (total > MOST) throw invalid();
  }
  if (isNegative) return -total;
  if (total === MOST) throw invalid();
  return total;
}

/** As Go counts it: as many digits as 63 bits hold, then in floating point. */
function fractionOf(digits: string, unit: bigint): bigint {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (next >= MOST) break;
    value = next;
    scale *= 10;
  }
  return value === 0n ? 0n : BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
}

/** A duration as Go prints it: `72h3m0.5s`, `1.5ms`, `0s`. */
export function formatDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return "0s";
  const sign = nanoseconds < 0n ? "-" : "";
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 1_000n, 3)}\u00b5s`;
  if (size < SECOND) return `${sign}${decimal(size, 1_000_000n, 6)}ms`;
  const minutes = size / (60n * SECOND);
  const seconds = decimal(size % (60n * SECOND), SECOND, 9);
  if (minutes === 0n) return `${sign}${seconds}s`;
  const hours = minutes / 60n;
  return hours === 0n ? `${sign}${minutes}m${seconds}s` : `${sign}${hours}h${minutes % 60n}m${seconds}s`;
}

function decimal(value: bigint, unit: bigint, digits: number): string {
  const fraction = (value % unit).toString().padStart(digits, "0").replace(/0+$/, "");
  return fraction === "" ? `${value / unit}` : `${value / unit}.${fraction}`;
}

/** The nearest multiple of `step`, half away from zero; the duration itself when `step` is not positive. */
export function roundDuration(nanoseconds: bigint, step: bigint): bigint {
  if (step <= 0n) return nanoseconds;
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const below = size - (size % step);
  const rounded = (size % step) * 2n < step ? below : below + step;
  const signed = nanoseconds < 0n ? -rounded : rounded;
  if (signed >= MOST) return MOST - 1n;
  return signed < -MOST ? -MOST : signed;
}
