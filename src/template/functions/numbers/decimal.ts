/**
 * Decimal arithmetic: `0.1 + 0.2` is `0.3`. A decimal is `coefficient` times ten to the `exponent`.
 *
 * Source: shopspring/decimal 1.4.
 */
export interface Decimal {
  readonly coefficient: bigint;
  readonly exponent: number;
}

/** The decimal of the shortest digits that give this float64 back; it has to be finite. */
export function decimalOf(value: number): Decimal {
  const [digits = "0", exponent = "0"] = value.toString().split("e");
  const [whole = "0", fraction = ""] = digits.split(".");
  return { coefficient: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

/** The float64 that is nearest to it. */
export function floatOf({ coefficient, exponent }: Decimal): number {
  return Number(`${coefficient}e${exponent}`);
}

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const exponent = Math.min(a.exponent, b.exponent);
  return { coefficient: scaledTo(a, exponent) + scaledTo(b, exponent), exponent };
}

export function subtractDecimals(a: Decimal, b: Decimal): Decimal {
  return addDecimals(a, { coefficient: -b.coefficient, exponent: b.exponent });
}

export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  return { coefficient: a.coefficient * b.coefficient, exponent: a.exponent + b.exponent };
}

/** The quotient to 16 places, rounded half away from zero; `divisor` must not be zero. */
export function divideDecimals(dividend: Decimal, divisor: Decimal): Decimal {
  const shift = dividend.exponent - divisor.exponent + PLACES;
  const a = dividend.coefficient * 10n ** BigInt(Math.max(shift, 0));
  const b = divisor.coefficient * 10n ** BigInt(Math.max(-shift, 0));
  const quotient = a / b;
  const isHalfOrMore = 2n * magnitude(a % b) >= magnitude(b);
  const away = a < 0n === b < 0n ? 1n : -1n;
  return { coefficient: isHalfOrMore ? quotient + away : quotient, exponent: -PLACES };
}

const PLACES = 16;

const magnitude = (value: bigint) => (value < 0n ? -value : value);

function scaledTo({ coefficient, exponent }: Decimal, lower: number): bigint {
  return coefficient * 10n ** BigInt(exponent - lower);
}
