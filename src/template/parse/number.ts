import { quote } from "../fmt/quote.ts";
import { unquoteRune } from "./unquote.ts";

/** What a number of a template can be used as: an integer constant is a float as well, and the other way round. */
export interface NumberConstant {
  /** An int64. */
  readonly int: bigint | undefined;
  /** A uint64. */
  readonly uint: bigint | undefined;
  readonly float: number | undefined;
  readonly complex: { readonly real: number; readonly imaginary: number } | undefined;
}

const MAX_INT = 2n ** 63n - 1n;
const MIN_INT = -(2n ** 63n);
const MAX_UINT = 2n ** 64n - 1n;

/** Reads a number or character literal. Gives the text of Go's complaint when it is none. */
export function numberConstant(text: string, kind: "number" | "complex" | "rune"): NumberConstant | string {
  if (kind === "rune") {
    const rune = unquoteRune(text);
    if (rune === "syntax") return "invalid syntax";
    if (rune === "length") return `malformed character constant: ${text}`;
    return { int: BigInt(rune), uint: BigInt(rune), float: rune, complex: undefined };
  }
  if (kind === "complex") return complexConstant(text);
  if (text.endsWith("i")) {
    const imaginary = parseFloat64(text.slice(0, -1));
    if (imaginary !== undefined) return ofComplex(0, imaginary);
  }
  return realConstant(text);
}

function realConstant(text: string): NumberConstant | string {
  const whole = parseInteger(text);
  const signed = /^[+-]/.test(text);
  let int = whole !== undefined && whole >= MIN_INT && whole <= MAX_INT ? whole : undefined;
  let uint = whole !== undefined && (!signed || whole === 0n) && whole <= MAX_UINT ? whole : undefined;
  if (int !== undefined || uint !== undefined) {
    return { int, uint, float: Number(int ?? uint), complex: undefined };
  }
  const float = parseFloat64(text);
  if (float === undefined) return `illegal number syntax: ${quote(text)}`;
  if (!/[.eEpP]/.test(text)) return `integer overflow: ${quote(text)}`;
  ({ int, uint } = integersOf(float));
  return { int, uint, float, complex: undefined };
}

/** The integers that a float is, if it is whole and in range. */
function integersOf(float: number): { int: bigint | undefined; uint: bigint | undefined } {
  const whole = Number.isInteger(float) ? BigInt(float) : undefined;
  return {
    int: whole !== undefined && whole >= MIN_INT && whole <= MAX_INT ? whole : undefined,
    uint: whole !== undefined && whole >= 0n && whole <= MAX_UINT ? whole : undefined,
  };
}

function complexConstant(text: string): NumberConstant | string {
  const second = Math.max(text.lastIndexOf("+"), text.lastIndexOf("-"));
  const split = /[eEpP]/.test(text[second - 1] ?? "") ? lastSignBefore(text, second - 1) : second;
  const real = parseFloat64(text.slice(0, split));
  const imaginary = parseFloat64(text.slice(split, -1));
  if (real === undefined || imaginary === undefined) return "syntax error scanning complex number";
  return ofComplex(real, imaginary);
}

const lastSignBefore = (text: string, end: number) =>
  Math.max(text.lastIndexOf("+", end - 1), text.lastIndexOf("-", end - 1));

function ofComplex(real: number, imaginary: number): NumberConstant {
  const complex = { real, imaginary };
  if (imaginary !== 0) return { int: undefined, uint: undefined, float: undefined, complex };
  return { ...integersOf(real), float: real, complex };
}

/** Go's `strconv.ParseInt(text, 0, …)` without its range. */
function parseInteger(text: string): bigint | undefined {
  const [, sign = "", body = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  const digits = integerDigits(body);
  if (digits === undefined) return undefined;
  return sign === "-" ? -BigInt(digits) : BigInt(digits);
}

/** The digits without underscores, in a form that BigInt reads. */
function integerDigits(body: string): string | undefined {
  const based =
    /^0[xX](?:_?[0-9a-fA-F])+$/.test(body) || /^0[oO](?:_?[0-7])+$/.test(body) || /^0[bB](?:_?[01])+$/.test(body);
  if (based) return body.replaceAll("_", "").toLowerCase();
  if (/^0(?:_?[0-7])+$/.test(body)) return `0o${body.slice(1).replaceAll("_", "")}`;
  return /^(?:0|[1-9](?:_?[0-9])*)$/.test(body) ? body.replaceAll("_", "") : undefined;
}

/** Go's `strconv.ParseFloat(text, 64)`, for what the lexer lets through; undefined also when out of range. */
export function parseFloat64(text: string): number | undefined {
  const [, sign = "", body = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  const value = /^0[xX]/.test(body) ? hexFloat(body) : decimalFloat(body);
  if (value === undefined || !Number.isFinite(value)) return undefined;
  return sign === "-" ? -value : value;
}

function decimalFloat(body: string): number | undefined {
  if (!/^(?:[0-9](?:_?[0-9])*)?(?:\.(?:[0-9](?:_?[0-9])*)?)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?$/.test(body))
    return undefined;
  if (!/^\.?[0-9]/.test(body)) return undefined;
  return Number(body.replaceAll("_", ""));
}

function hexFloat(body: string): number | undefined {
  const match = /^0[xX]((?:_?[0-9a-fA-F])*)(?:\.([0-9a-fA-F](?:_?[0-9a-fA-F])*)?)?[pP]([+-]?[0-9]+)$/.exec(body);
  if (match === null) return undefined;
  const whole = (match[1] ?? "").replaceAll("_", "");
  const fraction = (match[2] ?? "").replaceAll("_", "");
  if (whole + fraction === "") return undefined;
  const mantissa = BigInt(`0x${whole}${fraction}`);
  const exponent = Number(match[3]) - 4 * fraction.length;
  return scaled(mantissa, exponent);
}

/** mantissa × 2^exponent, rounded once, half to even. */
function scaled(mantissa: bigint, exponent: number): number {
  if (mantissa === 0n) return 0;
  const bits = mantissa.toString(2).length;
  const top = bits + exponent;
  if (top > 1024) return Number.POSITIVE_INFINITY;
  if (top < -1080) return 0;
  const kept = Math.min(53, top + 1074);
  const drop = bits - Math.max(kept, 0);
  if (drop <= 0) return Number(mantissa) * power(exponent);
  const rest = mantissa & ((1n << BigInt(drop)) - 1n);
  const half = 1n << BigInt(drop - 1);
  let rounded = mantissa >> BigInt(drop);
  if (rest > half || (rest === half && (rounded & 1n) === 1n)) rounded++;
  return Number(rounded) * power(exponent + drop);
}

/** 2^exponent in two steps, as it may be below the smallest normal number. */
const power = (exponent: number) => (exponent < -1022 ? 2 ** -1022 * 2 ** (exponent + 1022) : 2 ** exponent);
