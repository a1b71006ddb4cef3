/**
 * Rounds to `places` behind the point: away from the lower neighbour when the rest is at least `roundOn`. Negative
 * numbers round down, unless the rest is 0 or `roundOn` is below it.
 *
 * All steps are in float64, as in Sprig, so `2.675` to 2 places is what `267.5` rounds to.
 */
export function roundHalf(value: number, places: number, roundOn: number): number {
  const power = powerOfTen(places);
  const scaled = power * value;
  const rest = scaled - Math.trunc(scaled);
  return (rest >= roundOn ? Math.ceil(scaled) : Math.floor(scaled)) / power;
}

/**
 * Go's `math.Pow(10, exponent)`: squarings of 10 with a mantissa in [0.5, 1), whose last digit differs from that of
 * JavaScript's `**` for large exponents.
 */
function powerOfTen(exponent: number): number {
  let steps = Math.abs(exponent);
  if (steps > MAX_STEPS) return exponent > 0 ? Number.POSITIVE_INFINITY : 0;
  let mantissa = 1;
  let twos = 0;
  let square = 0.625; // 10 is 0.625 * 2^4
  let squareTwos = 4;
  for (; steps > 0; steps = Math.floor(steps / 2)) {
    if (steps % 2 === 1) {
      mantissa *= square;
      twos += squareTwos;
    }
    square *= square;
    squareTwos *= 2;
    if (square < 0.5) {
      square *= 2;
      squareTwos--;
    }
  }
  return exponent < 0 ? scaleByTwos(1 / mantissa, -twos) : scaleByTwos(mantissa, twos);
}

/** Beyond this every power is infinite or 0. */
const MAX_STEPS = 400;

/** In two steps, as 2 to the power may itself be out of range. */
function scaleByTwos(mantissa: number, twos: number): number {
  const half = Math.trunc(twos / 2);
  return mantissa * 2 ** half * 2 ** (twos - half);
}
