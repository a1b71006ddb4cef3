import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AgeError,
  encryptBytes,
  generateX25519Identity,
  openRandomAccess,
  parseIdentity,
  parseRecipient,
  type RandomAccessSource,
} from "../../../src/age/index.ts";

const CHUNK = 65_536;
const identity = parseIdentity(generateX25519Identity());
const recipient = parseRecipient(identity.name);

function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >>> 8) * 17 + (at >>> 16)) & 0xff;
  return bytes;
}

/** A source that notes the places it was asked for. */
function sourceOf(file: Uint8Array): RandomAccessSource & { readonly asked: [number, number][] } {
  const asked: [number, number][] = [];
  return {
    size: file.length,
    asked,
    async read(offset, length) {
      asked.push([offset, length]);
      return file.subarray(offset, offset + length);
    },
  };
}

const encrypted = (length: number) => encryptBytes(pattern(length), [recipient]);

describe("reading at random", () => {
  test.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5])(
    "%i bytes, whole and at the seams",
    async (length) => {
      const plain = pattern(length);
      const reader = await openRandomAccess(sourceOf(await encrypted(length)), [identity]);
      expect(reader.size).toBe(length);
      expect(Buffer.from((await reader.read(0, length + 10)).reveal()).equals(plain)).toBe(true);
      for (const seam of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, length - 1, length, length + 1]) {
        if (seam < 0) continue;
        const part = (await reader.read(seam, 3)).reveal();
        expect(Buffer.from(part).equals(plain.subarray(seam, seam + 3))).toBe(true);
      }
    },
  );

  test("any part is the part of the whole", async () => {
    const plain = pattern(2 * CHUNK + 777);
    const reader = await openRandomAccess(sourceOf(await encrypted(plain.length)), [identity]);
    const place = fc.integer({ min: 0, max: plain.length + 10 });
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 0, max: 70_000 }), async (offset, length) => {
        const part = (await reader.read(offset, length)).reveal();
        expect(Buffer.from(part).equals(plain.subarray(offset, offset + length))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("only what is needed is read, and the last chunk first", async () => {
    const file = await encrypted(100 * CHUNK);
    const source = sourceOf(file);
    const reader = await openRandomAccess(source, [identity]);
    expect(source.asked).toEqual([
      [0, 4096],
      [file.length - CHUNK - 16, CHUNK + 16],
    ]);
    await reader.read(50 * CHUNK + 10, 20);
    await reader.read(50 * CHUNK + 30, 20);
    expect(source.asked.length).toBe(3);
  });

  test("nothing is read from a reader that was closed", async () => {
    const reader = await openRandomAccess(sourceOf(await encrypted(10)), [identity]);
    reader.close();
    await expect(reader.read(0, 1)).rejects.toThrow(RangeError);
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("%d is no place", async (wrong) => {
    const reader = await openRandomAccess(sourceOf(await encrypted(10)), [identity]);
    await expect(reader.read(wrong, 1)).rejects.toThrow(RangeError);
    await expect(reader.read(0, wrong)).rejects.toThrow(RangeError);
  });
});

describe("damage", () => {
  const length = 3 * CHUNK;
  const opening = async (change: (file: Uint8Array) => Uint8Array) => {
    try {
      return await openRandomAccess(sourceOf(change(Uint8Array.from(await encrypted(length)))), [identity]);
    } catch (error) {
      if (error instanceof AgeError) return error.code;
      throw error;
    }
  };
  const flip = (at: number) => (file: Uint8Array) =>
    file.with(at < 0 ? file.length + at : at, 0xff ^ (file.at(at) ?? 0));

  test.each([
    { name: "cut in a chunk", change: (file: Uint8Array) => file.subarray(0, -100) },
    { name: "cut between chunks", change: (file: Uint8Array) => file.subarray(0, -(CHUNK + 16)) },
    { name: "cut in a tag", change: (file: Uint8Array) => file.subarray(0, -(CHUNK + 8)) },
    { name: "cut to an empty chunk", change: (file: Uint8Array) => file.subarray(0, -CHUNK) },
    { name: "cut in the nonce", change: (file: Uint8Array) => file.subarray(0, -(3 * (CHUNK + 16) + 8)) },
    { name: "cut after the nonce", change: (file: Uint8Array) => file.subarray(0, -3 * (CHUNK + 16)) },
    { name: "longer", change: (file: Uint8Array) => Buffer.concat([file, Buffer.of(0)]) },
    { name: "the last chunk changed", change: flip(-20) },
  ])("$name: refused at once", async ({ change }) => expect(await opening(change)).toBe("AGE_PAYLOAD"));

  test("a chunk changed in the middle: the others are read", async () => {
    const reader = await opening(flip(-(2 * CHUNK)));
    if (typeof reader === "string") throw new Error(reader);
    expect((await reader.read(2 * CHUNK, 10)).byteLength).toBe(10);
    await expect(reader.read(CHUNK + 5, 10)).rejects.toMatchObject({ code: "AGE_PAYLOAD" });
  });

  test("a source that gives less than was asked for", async () => {
    const file = await encrypted(length);
    const source = sourceOf(file);
    const short: RandomAccessSource = {
      ...source,
      read: async (at, bytes) => file.subarray(at, at + bytes - (at > 4096 ? 1 : 0)),
    };
    await expect(openRandomAccess(short, [identity])).rejects.toMatchObject({ code: "AGE_PAYLOAD" });
  });

  test("armor and strangers", async () => {
    const armored = await encryptBytes(pattern(10), [recipient], { armor: true });
    await expect(openRandomAccess(sourceOf(armored), [identity])).rejects.toMatchObject({ code: "AGE_ARMOR" });
    const stranger = parseIdentity(generateX25519Identity());
    await expect(openRandomAccess(sourceOf(await encrypted(10)), [stranger])).rejects.toMatchObject({
      code: "AGE_NO_MATCH",
    });
  });
});
