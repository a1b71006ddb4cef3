import { type FlagDefinition, flag } from "../flag.ts";

interface Described {
  readonly help: string;
  readonly group?: string;
  readonly placeholder?: string;
  readonly hidden?: boolean;
}

/** A whole number in any form that Go reads: `10`, `+10`, `0x10`, `0b10`, `0o10`, `010` (eight), `1_000`. */
export function goInteger(
  options: Described & { readonly default: number; readonly min?: number; readonly max?: number },
): FlagDefinition<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = options;
  const range = max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`;
  return {
    ...flag.number(options),
    check: (text) => {
      const value = integerOf(text);
      return value !== undefined && value >= min && value <= max ? undefined : `it is not a whole number ${range}`;
    },
    read: (texts) => (texts === undefined ? options.default : (integerOf(texts.at(-1) ?? "") ?? options.default)),
  };
}

/** A number in any decimal form that Go reads: `5`, `-1`, `.5`, `1e3`, `inf`. */
export function goNumber(options: Described & { readonly default: number }): FlagDefinition<number> {
  return {
    ...flag.number(options),
    check: (text) => (numberOf(text) === undefined ? "it is not a number" : undefined),
    read: (texts) => (texts === undefined ? options.default : (numberOf(texts.at(-1) ?? "") ?? options.default)),
  };
}

/** A span that is not negative, in Go's notation (`1h30m`, `.5h`, `250us`) and also in days, in milliseconds. */
export function goDuration(options: Described & { readonly default: string }): FlagDefinition<number> {
  return {
    ...flag.duration(options),
    check: (text) => (durationMs(text) === undefined ? "it is not a duration such as 90s, 5m or 1h30m" : undefined),
    read: (texts) => durationMs(texts?.at(-1) ?? options.default) ?? 0,
  };
}

const INTEGER =
  /^([+-]?)(0[xX]_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|0[bB]_?[01]+(?:_[01]+)*|0[oO]?_?[0-7]+(?:_[0-7]+)*|0|[1-9][0-9]*(?:_[0-9]+)*)$/;

function integerOf(text: string): number | undefined {
  const match = text.length > 40 ? null : INTEGER.exec(text);
  const digits = match?.[2]?.replaceAll("_", "").toLowerCase();
  if (digits === undefined) return undefined;
  const value = Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return match?.[1] === "-" ? -value : value;
}

function numberOf(text: string): number | undefined {
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  const isDecimal = text.length <= 40 && /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$/.test(text);
  return isDecimal ? Number(text) : undefined;
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["ns", 1e-6],
  ["us", 1e-3],
  ["\u00b5s", 1e-3],
  ["\u03bcs", 1e-3],
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);
const PART = /([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h|d)/y;
/** What fits into Go's nanoseconds. */
const LONGEST_MS = 2 ** 63 / 1e6;

function durationMs(text: string): number | undefined {
  if (text === "0" || text === "+0") return 0;
  if (text.length > 64) return undefined;
  const start = text.startsWith("+") ? 1 : 0;
  let total = 0;
  let at = start;
  while (at < text.length) {
    PART.lastIndex = at;
    const part = PART.exec(text);
    if (part === null) return undefined;
    total += Number(part[1]) * (UNIT_MS.get(part[2] ?? "") ?? 0);
    at = PART.lastIndex;
  }
  return at === start || total > LONGEST_MS ? undefined : total;
}
