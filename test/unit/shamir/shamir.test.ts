import { randomFillSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { invert, multiply } from "../../../src/shamir/field.ts";
import { combineShares, ShamirError, splitSecret } from "../../../src/shamir/index.ts";

const fillRandom = (buffer: Uint8Array) => void randomFillSync(buffer);

describe("arithmetic in GF(2^8)", () => {
  // Source: FIPS 197, sections 4.2 and 4.2.1.
  const products = [
    [0x57, 0x83, 0xc1],
    [0x57, 0x13, 0xfe],
    [0x57, 0x02, 0xae],
    [0x57, 0x10, 0x07],
    [0, 0x83, 0],
    [1, 0x83, 0x83],
  ] as const;
  test.each(products)("%i times %i is %i", (a, b, product) => {
    expect([multiply(a, b), multiply(b, a)]).toEqual([product, product]);
  });

  test("every byte but 0 has an inverse", () => {
    for (let a = 1; a < 256; a++) expect(multiply(a, invert(a))).toBe(1);
    expect(invert(0)).toBe(0);
  });
});

describe("shares", () => {
  test("end with their place, from 1", () => {
    const shares = splitSecret(Uint8Array.of(1, 2, 3), { shares: 3, threshold: 2, fillRandom });
    expect(shares.map((share) => [share.length, share[3]])).toEqual([
      [4, 1],
      [4, 2],
      [4, 3],
    ]);
  });

  test("are the values of the polynomial that the random bytes make", () => {
    // 5 + 7x at 1, 2, 3: 5^7, 5^14, 5^(7*3).
    const shares = splitSecret(Uint8Array.of(5), {
      shares: 3,
      threshold: 2,
      fillRandom: (buffer) => void buffer.fill(7),
    });
    expect(shares.map(([value]) => value)).toEqual([5 ^ 7, 5 ^ 14, 5 ^ 9]);
  });

  test("any threshold of them, in any order, give the secret; fewer give something else", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 8, maxLength: 40 }),
        fc
          .integer({ min: 2, max: 9 })
          .chain((shares) => fc.tuple(fc.constant(shares), fc.integer({ min: 2, max: shares }))),
        fc.infiniteStream(fc.nat()),
        (secret, [shares, threshold], stream) => {
          const made = splitSecret(secret, { shares, threshold, fillRandom });
          const order = made.map((share) => ({ share, key: stream.next().value })).sort((a, b) => a.key - b.key);
          const some = order.map(({ share }) => share);
          expect(combineShares(some.slice(0, threshold))).toEqual(secret);
          expect(combineShares(some)).toEqual(secret);
          if (threshold > 2) expect(combineShares(some.slice(0, threshold - 1))).not.toEqual(secret);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("255 of 255", () => {
    const secret = Uint8Array.of(42);
    expect(combineShares(splitSecret(secret, { shares: 255, threshold: 255, fillRandom }))).toEqual(secret);
  });

  const counts = [
    { shares: 3, threshold: 4, original: "parts cannot be less than threshold" },
    { shares: 3, threshold: 1, original: "threshold must be at least 2" },
    { shares: 3, threshold: 0, original: "threshold must be at least 2" },
    { shares: 3, threshold: 2.5, original: "threshold must be at least 2" },
    { shares: 256, threshold: 2, original: "parts cannot exceed 255" },
  ];
  test.each(counts)("$threshold of $shares are refused", ({ original, ...counted }) => {
    expect(() => splitSecret(Uint8Array.of(1), { ...counted, fillRandom })).toThrow(
      expect.objectContaining({ code: "SHAMIR_BAD_COUNT", original }),
    );
  });

  test("of an empty secret are refused", () => {
    expect(() => splitSecret(new Uint8Array(), { shares: 2, threshold: 2, fillRandom })).toThrow(ShamirError);
  });

  const [a, b] = [Uint8Array.of(9, 1), Uint8Array.of(9, 2)];
  const wrong = [
    { name: "none", shares: [], original: "less than two parts cannot be used to reconstruct the secret" },
    { name: "one", shares: [a], original: "less than two parts cannot be used to reconstruct the secret" },
    { name: "one twice", shares: [a, b, a], original: "duplicate part detected" },
    { name: "of two lengths", shares: [a, Uint8Array.of(9, 9, 2)], original: "all parts must be the same length" },
    {
      name: "without a byte",
      shares: [Uint8Array.of(1), Uint8Array.of(2)],
      original: "parts must be at least two bytes",
    },
  ];
  test.each(wrong)("$name are not put together", ({ shares, original }) => {
    expect(() => combineShares(shares)).toThrow(expect.objectContaining({ code: "SHAMIR_BAD_SHARES", original }));
  });
});
