import { ShamirError } from "./errors.ts";
import { invert, multiply } from "./field.ts";

/**
 * The secret of shares as `splitSecret` makes them. All of them count: with too few, or a wrong one among them, the result
 * is other bytes, and nothing here can tell.
 *
 * @throws {ShamirError} `SHAMIR_BAD_SHARES` for fewer than two, unequal lengths, or the same share twice.
 */
export function combineShares(shares: readonly Uint8Array[]): Uint8Array {
  const length = checkShares(shares);
  const places = shares.map((share) => share[length] ?? 0);
  const weights = places.map((place, index) => weightAtZero(place, places.toSpliced(index, 1)));
  const secret = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    let byte = 0;
    for (const [index, share] of shares.entries()) byte ^= multiply(weights[index] ?? 0, share[at] ?? 0);
    secret[at] = byte;
  }
  return secret;
}

/** What the value at `place` weighs in the value at 0. Source: interpolation after Lagrange. */
function weightAtZero(place: number, others: readonly number[]): number {
  return others.reduce((weight, other) => multiply(weight, multiply(other, invert(other ^ place))), 1);
}

/** The length of the secret. */
function checkShares(shares: readonly Uint8Array[]): number {
  const [first] = shares;
  if (first === undefined || shares.length < 2) {
    throw badShares("there are fewer than two", "less than two parts cannot be used to reconstruct the secret");
  }
  if (first.length < 2) throw badShares("they are too short", "parts must be at least two bytes");
  if (shares.some((share) => share.length !== first.length)) {
    throw badShares("they differ in length", "all parts must be the same length");
  }
  const places = new Set(shares.map((share) => share.at(-1)));
  if (places.size < shares.length) throw badShares("one is there twice", "duplicate part detected");
  return first.length - 1;
}

function badShares(state: string, original: string): ShamirError {
  return new ShamirError("SHAMIR_BAD_SHARES", `Cannot put the shares together: ${state}`, { original });
}
