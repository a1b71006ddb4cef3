import { quote } from "../fmt/quote.ts";
import { parseFloat64, parseInteger } from "../value/parse-number.ts";
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
  const whole = parseInteger(text, 0);
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
