const INT64_MIN = -(2n ** 63n);
export const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

/** An integer as a number where that is exact, otherwise as a BigInt. */
export type ExactInteger = number | bigint;

/** A BigInt as a number where that is exact. */
export function exact(value: bigint): ExactInteger {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** Sign and 20 digits; longer ones are beyond 64 bits, and converting them takes time by the square of their length. */
const MAX_DECIMAL_LENGTH = 21;
/** Of 64 bits in base 2. */
const MAX_DIGITS = 64;
const DECIMAL = /^[-+]?(?:0|[1-9][0-9]*)$/;
const PREFIXED = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]+)$/;

/**
 * An integer of at most 64 bits in Go's base-0 notation (decimal, `0x`, `0o`, `0b`, and octal by a leading zero), or
 * undefined. Beyond the signed range only unsigned values without a sign are integers.
 *
 * Source: Go, strconv.ParseInt and ParseUint.
 */
export function parseGoInteger(text: string): ExactInteger | undefined {
  if (DECIMAL.test(text)) {
    if (text.length < 16) return Number(text) + 0;
    if (text.length > MAX_DECIMAL_LENGTH) return undefined;
    return inRange(BigInt(text.startsWith("+") ? text.slice(1) : text), text);
  }
  const match = PREFIXED.exec(text);
  if (match === null) return undefined;
  const [, sign = "", digits = ""] = match;
  if (digits.replace(/^0[xXoObB]?0*/, "").length > MAX_DIGITS) return undefined;
  const literal = /^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase();
  const magnitude = BigInt(literal);
  return inRange(sign === "-" ? -magnitude : magnitude, text);
}

function inRange(value: bigint, text: string): ExactInteger | undefined {
  if (value < INT64_MIN || value > UINT64_MAX) return undefined;
  if (value > INT64_MAX && text.startsWith("+")) return undefined;
  return exact(value);
}

/** Digits and decimal exponent of a finite number, shortest form: `1.5` is `["15", 0]`. */
function shortest(value: number): { digits: string; exponent: number } {
  return split(Math.abs(value).toExponential());
}

/** The same for single precision. */
function shortestSingle(value: number): { digits: string; exponent: number } {
  const single = Math.fround(Math.abs(value));
  for (let places = 0; places < 9; places++) {
    const text = single.toExponential(places);
    if (Math.fround(Number(text)) === single) return split(text);
  }
  return split(single.toExponential());
}

function split(exponential: string): { digits: string; exponent: number } {
  const [mantissa = "0", exponent = "0"] = exponential.split("e");
  const digits = mantissa.replace(".", "").replace(/0+$/, "");
  return { digits: digits === "" ? "0" : digits, exponent: Number(exponent) };
}

/** From this decimal exponent on Go writes the shortest form with an exponent. */
const LARGE_EXPONENT = 6;

/**
 * A float as Go's `%g` with the fewest digits: exponent form below 1e-4 and from 1e6 on.
 *
 * Source: Go, strconv.FormatFloat(value, 'g', -1, bits).
 */
export function formatGoFloat(value: number, bits: 32 | 64 = 64): string {
  if (Number.isNaN(value)) return "NaN";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (bits === 32 && !Number.isFinite(Math.fround(value))) return sign === "" ? "+Inf" : "-Inf";
  if (!Number.isFinite(value)) return sign === "" ? "+Inf" : "-Inf";
  const { digits, exponent } = bits === 32 ? shortestSingle(value) : shortest(value);
  if (digits === "0") return `${sign}0`;
  if (exponent < -4 || exponent >= LARGE_EXPONENT) {
    const mantissa = digits.length === 1 ? digits : `${digits.charAt(0)}.${digits.slice(1)}`;
    const size = Math.abs(exponent).toString().padStart(2, "0");
    return `${sign}${mantissa}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return sign + digits + "0".repeat(exponent + 1 - digits.length);
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

/** A float as the YAML libraries write it: `.inf`, `-.inf`, `.nan`, otherwise as `formatGoFloat`. */
export function formatYamlFloat(value: number, bits: 32 | 64 = 64): string {
  const text = formatGoFloat(value, bits);
  return text === "+Inf" ? ".inf" : text === "-Inf" ? "-.inf" : text === "NaN" ? ".nan" : text;
}

/** A float as Go's encoding/json writes it: exponent form below 1e-6 and from 1e21 on, as in JavaScript. */
export function formatJsonNumber(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
