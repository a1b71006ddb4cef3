/**
 * Arithmetic in GF(2^8) with the polynomial x^8 + x^4 + x^3 + x + 1. Addition is `^`. No branch and no table depends on
 * an operand, because one of them is a byte of a secret.
 *
 * Source: FIPS 197, section 4.
 */
export function multiply(a: number, b: number): number {
  let product = 0;
  let factor = a;
  for (let bit = 0; bit < 8; bit++) {
    product ^= factor & -((b >> bit) & 1);
    factor = ((factor << 1) ^ (REDUCTION & -(factor >> 7))) & 0xff;
  }
  return product & 0xff;
}

const REDUCTION = 0x1b;

/** The inverse, a^254; 0 of 0. */
export function invert(a: number): number {
  let power = a;
  let result = 1;
  for (let step = 0; step < 7; step++) {
    power = multiply(power, power);
    result = multiply(result, power);
  }
  return result;
}
