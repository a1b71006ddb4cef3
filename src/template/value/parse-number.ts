import { wrap } from "./integer.ts";

/**
 * Numbers read from text as Go's `strconv` reads them.
 *
 * Source: Go 1.26, package `strconv`: `ParseInt`, `Atoi`, `ParseFloat`.
 */
export type ParsedInt =
  | { readonly ok: true; readonly value: bigint }
  /** `nearest` is the end of the range for a number that is out of it, and 0 for what is no number. */
  | { readonly ok: false; readonly nearest: bigint };

/** Base 0 takes Go's literals: `0x1F`, `0b11`, `0o17`, `017`, and `_` between digits. */
export type Base = 0 | 8 | 10;

/** Reads an integer of any size; one of very many digits is the first that is out of every range. */
export function parseInteger(text: string, base: Base): bigint | undefined {
  if (!INTEGER[base].test(text)) return undefined;
  const digits = text.replace(/^[+-]/, "").replaceAll("_", "").toLowerCase();
  const size = tooLong(digits) ? 2n ** 64n : BigInt(literalOf(digits, base));
  return text.startsWith("-") ? -size : size;
}

/** Reads a 64-bit integer. */
export function parseInt64(text: string, base: Base): ParsedInt {
  const value = parseInteger(text, base);
  if (value === undefined) return { ok: false, nearest: 0n };
  if (wrap("int64", value) === value) return { ok: true, value };
  return { ok: false, nearest: value < 0n ? MIN_INT64 : -MIN_INT64 - 1n };
}

/** Reads a float64, decimal or hexadecimal; undefined for what is none and for what is out of range. */
export function parseFloat64(text: string): number | undefined {
  const lower = text.toLowerCase();
  if (lower === "nan") return Number.NaN;
  if (INFINITY.test(lower)) return lower.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const value = HEX_FLOAT.test(lower) ? hexFloat(lower) : DECIMAL_FLOAT.test(lower) ? decimalFloat(lower) : undefined;
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

const MIN_INT64 = -(2n ** 63n);

const INTEGER = {
  0: /^[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)$/,
  8: /^[+-]?[0-7]+$/,
  10: /^[+-]?[0-9]+$/,
} as const;

/** Digits of a 64-bit number in base 2, with its prefix, are fewer than this. */
const MAX_DIGITS = 66;

function tooLong(digits: string): boolean {
  return digits.length > MAX_DIGITS && digits.replace(/^0[xbo]?0*/, "").length > MAX_DIGITS;
}

/** The form that JavaScript reads. */
function literalOf(digits: string, base: Base): string {
  const octal = base === 8 || (base === 0 && /^0[0-7]/.test(digits));
  return octal ? `0o${digits}` : digits;
}

const INFINITY = /^[+-]?inf(?:inity)?$/;
const DECIMAL_FLOAT = /^[+-]?(?:\d(?:_?\d)*(?:\.(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:e[+-]?\d(?:_?\d)*)?$/;
const HEX_FLOAT = /^([+-]?)0x((?:_?[0-9a-f])*)(?:\.((?:[0-9a-f](?:_?[0-9a-f])*)?))?p([+-]?\d(?:_?\d)*)$/;

function decimalFloat(text: string): number {
  return Number(text.replaceAll("_", ""));
}

function hexFloat(text: string): number | undefined {
  const [, sign, whole = "", fraction = "", exponent = "0"] = HEX_FLOAT.exec(text.replaceAll("_", "")) ?? [];
  if (whole === "" && fraction === "") return undefined;
  const mantissa = BigInt(`0x${whole}${fraction}`);
  const value = scaled(mantissa, Number(exponent) - 4 * fraction.length);
  return sign === "-" ? -value : value;
}

/** `mantissa` times 2 to the `exponent`, rounded once to the nearest float64, ties to even. */
function scaled(mantissa: bigint, exponent: number): number {
  if (mantissa === 0n) return 0;
  const bits = mantissa.toString(2).length;
  if (bits + exponent > MAX_EXPONENT) return Number.POSITIVE_INFINITY;
  const unit = Math.max(bits + exponent - 53, MIN_EXPONENT);
  return Number(shifted(mantissa, BigInt(Math.min(unit - exponent, bits + 1)))) * 2 ** unit;
}

const MAX_EXPONENT = 1024;
const MIN_EXPONENT = -1074;

/** Without its lowest `places` bits, rounded to the nearest, ties to even; to the left when that is negative. */
function shifted(value: bigint, places: bigint): bigint {
  if (places <= 0n) return value << -places;
  const kept = value >> places;
  const rest = value - (kept << places);
  const half = 1n << (places - 1n);
  return rest > half || (rest === half && (kept & 1n) === 1n) ? kept + 1n : kept;
}
