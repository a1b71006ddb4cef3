import { GoInt, type GoValue } from "../../value/go-value.ts";
import { truncated, wrap } from "../../value/integer.ts";
import { parseFloat64, parseInt64 } from "../../value/parse-number.ts";

/**
 * Any value as a number, as Sprig's number functions take any value. What is no number is 0.
 *
 * Source: spf13/cast 1.7, `ToInt64` and `ToFloat64`.
 */

/** As int64. Floats are cut towards zero; texts are Go literals, where a point with zeros behind it is ignored. */
export function int64Of(value: GoValue): bigint {
  if (typeof value === "number") return truncated(value);
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "string") {
    const parsed = parseInt64(value.replace(ZERO_DECIMALS, ""), 0);
    return parsed.ok ? parsed.value : 0n;
  }
  return isPlainInteger(value) ? wrap("int64", value.value) : 0n;
}

/** As float64. */
export function float64Of(value: GoValue): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string") return parseFloat64(value) ?? 0;
  return isPlainInteger(value) ? value.toNumber() : 0;
}

/** At the end of a text; points behind the zeros are ignored, too. */
const ZERO_DECIMALS = /\.0+\.*$/;

/** Integers of a type of their own (`time.Duration`) are no numbers, but for the two that cast knows. */
function isPlainInteger(value: GoValue): value is GoInt {
  if (!(value instanceof GoInt) || value.kind === "uintptr") return false;
  const name = value.named?.name;
  return name === undefined || name === "time.Month" || name === "time.Weekday";
}
