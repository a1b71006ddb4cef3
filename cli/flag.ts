import type { FlagKind } from "./pflag.ts";

/** One flag of a command of ours, and how its texts become the value that `run` gets. */
export interface FlagDefinition<Value> {
  readonly kind: FlagKind;
  readonly help: string;
  readonly short?: string | undefined;
  /** What stands for the value in the help, e.g. `FILE`. */
  readonly placeholder?: string | undefined;
  /** Heading of the help under which the flag stands; absent: `Flags`. */
  readonly group?: string | undefined;
  readonly choices?: readonly string[] | undefined;
  /** How the default reads in the help. */
  readonly shownDefault?: string | undefined;
  readonly required?: boolean | undefined;
  readonly hidden?: boolean | undefined;
  readonly check?: ((value: string) => string | undefined) | undefined;
  /** `texts` is undefined when the flag was not given; every text passed `check`. */
  readonly read: (texts: readonly string[] | undefined) => Value;
}

/** The values of a table of flags. */
export type FlagValues<Flags extends Readonly<Record<string, FlagDefinition<unknown>>>> = {
  readonly [Name in keyof Flags]: Flags[Name] extends FlagDefinition<infer Value> ? Value : never;
};

interface Common {
  readonly help: string;
  readonly short?: string;
  readonly group?: string;
  readonly hidden?: boolean;
}

interface Valued extends Common {
  readonly placeholder?: string;
  readonly required?: boolean;
}

/** A text. Undefined when it was not given. */
function text(options: Valued): FlagDefinition<string | undefined>;
function text(options: Valued & { readonly default: string }): FlagDefinition<string>;
function text(options: Valued & { readonly default?: string }): FlagDefinition<string | undefined> {
  return {
    ...options,
    kind: "string",
    shownDefault: options.default,
    read: (texts) => texts?.at(-1) ?? options.default,
  };
}

/** A text that may be given several times. */
function texts(options: Valued): FlagDefinition<readonly string[]> {
  return { ...options, kind: "array", read: (given) => given ?? [] };
}

/** On or off. */
function toggle(options: Common & { readonly default?: boolean }): FlagDefinition<boolean> {
  const fallback = options.default ?? false;
  return {
    ...options,
    kind: "bool",
    shownDefault: fallback ? "true" : undefined,
    read: (given) => (given === undefined ? fallback : given.at(-1) === "true"),
  };
}

/** One of a few words, which the help lists and the shell completes. */
function choice<const Word extends string>(
  choices: readonly Word[],
  options: Valued & { readonly default: Word },
): FlagDefinition<Word>;
function choice<const Word extends string>(choices: readonly Word[], options: Valued): FlagDefinition<Word | undefined>;
function choice<const Word extends string>(
  choices: readonly Word[],
  options: Valued & { readonly default?: Word },
): FlagDefinition<Word | undefined> {
  return {
    ...options,
    kind: "string",
    choices,
    shownDefault: options.default,
    check: (value) => (choices.some((word) => word === value) ? undefined : `it is none of ${choices.join(", ")}`),
    read: (given) => choices.find((word) => word === given?.at(-1)) ?? options.default,
  };
}

/** A whole number within bounds. */
function number(
  options: Valued & { readonly default: number; readonly min?: number; readonly max?: number },
): FlagDefinition<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = options;
  return {
    ...options,
    kind: "string",
    shownDefault: String(options.default),
    check: (value) => {
      const fits = /^-?[0-9]{1,15}$/.test(value) && Number(value) >= min && Number(value) <= max;
      return fits ? undefined : `it is not a whole number from ${min} to ${max}`;
    },
    read: (given) => (given === undefined ? options.default : Number(given.at(-1))),
  };
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A span such as `90s`, `5m`, `1h30m` or `2d`, in milliseconds. */
function duration(options: Valued & { readonly default: string }): FlagDefinition<number> {
  return {
    ...options,
    kind: "string",
    shownDefault: options.default,
    check: (value) => (durationMs(value) === undefined ? "it is not a duration such as 90s, 5m or 1h30m" : undefined),
    read: (given) => durationMs(given?.at(-1) ?? options.default) ?? 0,
  };
}

/** Milliseconds of a duration in Go's notation plus days, or undefined. */
export function durationMs(value: string): number | undefined {
  if (value === "0") return 0;
  if (!/^([0-9]{1,9}(\.[0-9]{1,9})?(ms|s|m|h|d))+$/.test(value)) return undefined;
  let total = 0;
  for (const [, amount, unit] of value.matchAll(/([0-9.]+)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  }
  return total;
}

/** The makers of flags: `flag.text({ help: "..." })`. */
export const flag = { text, texts, toggle, choice, number, duration };
