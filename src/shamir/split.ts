import { ShamirError } from "./errors.ts";
import { multiply } from "./field.ts";

/** Shares are told apart by one byte that is not 0. */
export const MAX_SHARES = 255;

interface SplitOptions {
  /** How many shares to make, up to 255. */
  readonly shares: number;
  /** How many of them are needed, at least 2. */
  readonly threshold: number;
  /** Fills a buffer with random bytes that nobody can foresee. */
  readonly fillRandom: (buffer: Uint8Array) => void;
}

/**
 * Splits a secret: any `threshold` shares give it back, fewer say nothing of it. A share is as long as the secret and one
 * byte more: the values of one random polynomial for each byte, then where they were taken: 1 for the first share.
 *
 * @throws {ShamirError} `SHAMIR_BAD_COUNT`.
 */
export function splitSecret(secret: Uint8Array, { shares, threshold, fillRandom }: SplitOptions): Uint8Array[] {
  checkCounts(shares, threshold, secret.length);
  const result = Array.from({ length: shares }, (_, index) => {
    const share = new Uint8Array(secret.length + 1);
    share[secret.length] = index + 1;
    return share;
  });
  const coefficients = new Uint8Array(threshold - 1);
  for (const [at, byte] of secret.entries()) {
    fillRandom(coefficients);
    for (const [index, share] of result.entries()) share[at] = evaluate(byte, coefficients, index + 1);
  }
  coefficients.fill(0);
  return result;
}

/** The polynomial with this constant, then these coefficients, at `x`. */
function evaluate(constant: number, coefficients: Uint8Array, x: number): number {
  let value = 0;
  for (let at = coefficients.length - 1; at >= 0; at--) value = multiply(value, x) ^ (coefficients[at] ?? 0);
  return multiply(value, x) ^ constant;
}

function checkCounts(shares: number, threshold: number, length: number): void {
  if (shares < threshold) throw badCount(shares, threshold, "parts cannot be less than threshold");
  if (shares > MAX_SHARES) throw badCount(shares, threshold, "parts cannot exceed 255");
  if (!Number.isInteger(threshold) || !Number.isInteger(shares) || threshold < 2) {
    throw badCount(shares, threshold, "threshold must be at least 2");
  }
  if (length === 0) throw badCount(shares, threshold, "cannot split an empty secret");
}

function badCount(shares: number, threshold: number, original: string): ShamirError {
  return new ShamirError("SHAMIR_BAD_COUNT", `Cannot split a secret into ${shares} shares: ${original}`, {
    original,
    details: [`${threshold} of ${shares} shares should be needed`],
    hints: [`a threshold from 2 to the number of shares, at most ${MAX_SHARES} shares`],
  });
}
