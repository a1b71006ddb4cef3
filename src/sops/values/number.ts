/**
 * Digits and decimal exponent of the shortest text that reads back as `value`: 12.5 is `{digits: "125", point: 2}`.
 * Both languages print the same shortest digits; only the layout differs.
 */
function shortest(value: number): { negative: boolean; digits: string; point: number } {
  const [mantissa = "", exponent = "0"] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const trimmed = digits.replace(/0+$/, "");
  return {
    negative: value < 0 || Object.is(value, -0),
    digits: trimmed === "" ? "0" : trimmed,
    point: Number(exponent) + 1,
  };
}

/** A float as the format stores and hashes it: decimal, shortest, never with an exponent. Source: Go's `'f', -1`. */
export function formatPlain(value: number): string {
  const special = nonFinite(value);
  if (special !== undefined) return special;
  const { negative, digits, point } = shortest(value);
  const sign = negative ? "-" : "";
  if (point <= 0) return digits === "0" ? `${sign}0` : `${sign}0.${"0".repeat(-point)}${digits}`;
  if (digits.length <= point) return sign + digits + "0".repeat(point - digits.length);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** A float from its stored text, as Go's ParseFloat reads it; undefined when it is none. */
export function parseFloatText(text: string): number | undefined {
  if (DECIMAL.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  const special = SPECIAL.exec(text);
  if (special === null) return undefined;
  if (special[2]?.toLowerCase() === "nan") return special[1] === "" ? Number.NaN : undefined;
  return special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const SPECIAL = /^([+-]?)(inf|infinity|nan)$/i;

/** A 64-bit integer from its stored text, as Go's Atoi reads it; undefined when it is none. */
export function parseIntText(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]{1,100}$/.test(text)) return undefined;
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  return fitsInt64(value) ? value : undefined;
}

export function fitsInt64(value: bigint): boolean {
  return value === BigInt.asIntN(64, value);
}

function nonFinite(value: number): string | undefined {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return undefined;
  return value > 0 ? "+Inf" : "-Inf";
}
