import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Primes by their length in bits, as hex: any two of one length make a key that is nobody's. */
const PRIMES: Readonly<Record<string, readonly string[]>> = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../fixtures/rsa/primes.json"), "utf8"),
);
const EXPONENT = 65_537n;
const taken = new Map<number, number>();

/**
 * A private RSA key that this process has not been given before. Of 2048 and 3072 bits there is a stock of two primes
 * each, as looking for primes takes a tenth of a second and more; what the stock lacks is generated.
 */
export function takeRsaKey(bits = 2048): KeyObject {
  const primes = PRIMES[bits / 2] ?? [];
  const at = taken.get(bits) ?? 0;
  taken.set(bits, at + 1);
  const pairs = primes.flatMap((p, index) => primes.slice(index + 1).map((q) => [p, q] as const));
  const [p, q] = pairs[at] ?? [];
  if (p === undefined || q === undefined) return generateKeyPairSync("rsa", { modulusLength: bits }).privateKey;
  return keyOf(BigInt(`0x${p}`), BigInt(`0x${q}`));
}

function keyOf(p: bigint, q: bigint): KeyObject {
  const d = inverse(EXPONENT, (p - 1n) * (q - 1n));
  const key = { n: p * q, e: EXPONENT, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const numbers = Object.entries(key).map(([name, value]) => [name, base64Url(value)]);
  return createPrivateKey({ format: "jwk", key: { kty: "RSA", ...Object.fromEntries(numbers) } });
}

/** What times `value` leaves one when divided by `modulus`. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [rest, divisor, factor, next] = [value % modulus, modulus, 1n, 0n];
  while (rest > 1n) {
    const quotient = rest / divisor;
    [rest, divisor] = [divisor, rest % divisor];
    [factor, next] = [next, factor - quotient * next];
  }
  return ((factor % modulus) + modulus) % modulus;
}

function base64Url(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex").toString("base64url");
}
