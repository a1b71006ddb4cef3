import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AgeError,
  decrypt,
  decryptBytes,
  encrypt,
  encryptBytes,
  generateX25519Identity,
  parseIdentity,
  parseRecipient,
} from "../../../src/age/index.ts";

const CHUNK = 65_536;
const identity = parseIdentity(generateX25519Identity());
const recipient = parseRecipient(identity.name);

/** Bytes in which every place can be told from every other. */
function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >>> 8) * 17 + (at >>> 16)) & 0xff;
  return bytes;
}

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function all(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const list: Uint8Array[] = [];
  for await (const piece of pieces) list.push(piece.slice());
  return Buffer.concat(list);
}

/** What came out before the end or the error, and the error's code. */
async function outcome(pieces: AsyncIterable<Uint8Array>): Promise<{ bytes: number; code: string | undefined }> {
  let bytes = 0;
  try {
    for await (const piece of pieces) bytes += piece.length;
    return { bytes, code: undefined };
  } catch (error) {
    return { bytes, code: error instanceof AgeError ? error.code : String(error) };
  }
}

const lengths = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 20 * CHUNK];
const sizes = [1000, CHUNK - 1, CHUNK, CHUNK + 1, CHUNK + 16, CHUNK + 17, 3 * CHUNK, 50 * CHUNK];

describe("payload", () => {
  test.each(lengths.flatMap((length) => sizes.map((size) => ({ length, size }))))(
    "$length bytes written and read in pieces of $size",
    async ({ length, size }) => {
      const plain = pattern(length);
      const file = await all(encrypt(cut(plain, size), [recipient]));
      const chunks = Math.max(1, Math.ceil(length / CHUNK));
      expect(file.length - file.indexOf("\n---") - 49).toBe(16 + length + 16 * chunks);
      expect((await all(decrypt(cut(file, size), [identity]))).equals(plain)).toBe(true);
    },
  );

  test("empty pieces change nothing", async () => {
    const empty = new Uint8Array(0);
    const file = await all(encrypt([empty, pattern(CHUNK), empty, pattern(1), empty], [recipient]));
    expect((await all(decrypt([empty, file.subarray(0, 300), empty, file.subarray(300)], [identity]))).length).toBe(
      CHUNK + 1,
    );
  });

  test("memory stays bounded: results are no larger than 1 MiB", async () => {
    const file: Uint8Array[] = [];
    for await (const piece of encrypt([pattern(70 * CHUNK)], [recipient])) file.push(piece.slice());
    expect(Math.max(...file.map(({ length }) => length))).toBe(16 * (CHUNK + 16));
    for await (const piece of decrypt([Buffer.concat(file)], [identity]))
      expect(piece.length).toBeLessThanOrEqual(16 * CHUNK);
  });

  test("the source is closed when the reader leaves early", async () => {
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield await encryptBytes(pattern(5 * CHUNK), [recipient]);
        yield new Uint8Array(1);
      } finally {
        closed = true;
      }
    }
    for await (const _ of decrypt(source(), [identity])) break;
    expect(closed).toBe(true);
  });
});

describe("damage", () => {
  const plain = pattern(2 * CHUNK + 100);
  const whole = encryptBytes(plain, [recipient]);
  const first = async () => (await whole).length - (16 + plain.length + 48);

  test.each([
    { name: "a bit in the first chunk", at: 16 + 5, bytes: 0 },
    { name: "a bit in the second chunk", at: 16 + CHUNK + 16 + 5, bytes: CHUNK },
    { name: "a bit in the last tag", at: 16 + plain.length + 47, bytes: 2 * CHUNK },
    { name: "a bit in the nonce", at: 3, bytes: 0 },
  ])("$name: only what stood before it comes out", async ({ at, bytes }) => {
    const file = Buffer.from(await whole);
    const place = (await first()) + at;
    file[place] = (file[place] ?? 0) ^ 1;
    expect(await outcome(decrypt([file], [identity]))).toEqual({ bytes, code: "AGE_PAYLOAD" });
  });

  test.each([
    { name: "after the first chunk", keep: 16 + CHUNK + 16, bytes: CHUNK },
    { name: "in the second chunk", keep: 16 + CHUNK + 16 + 100, bytes: CHUNK },
    { name: "after the second chunk", keep: 16 + 2 * (CHUNK + 16), bytes: 2 * CHUNK },
    { name: "one byte before the end", keep: 16 + plain.length + 47, bytes: 2 * CHUNK },
    { name: "after the nonce", keep: 16, bytes: 0 },
  ])("cut $name", async ({ keep, bytes }) => {
    const file = (await whole).subarray(0, (await first()) + keep);
    expect(await outcome(decrypt([file], [identity]))).toEqual({ bytes, code: "AGE_PAYLOAD" });
  });

  test("two chunks in the other order", async () => {
    const file = Buffer.from(await whole);
    const at = (await first()) + 16;
    const swapped = Buffer.concat([
      file.subarray(0, at),
      file.subarray(at + CHUNK + 16, at + 2 * (CHUNK + 16)),
      file.subarray(at, at + CHUNK + 16),
      file.subarray(at + 2 * (CHUNK + 16)),
    ]);
    expect(await outcome(decrypt([swapped], [identity]))).toEqual({ bytes: 0, code: "AGE_PAYLOAD" });
  });

  test("any one byte changed anywhere, or cut off anywhere, is noticed", async () => {
    const file = await encryptBytes(pattern(50), [recipient]);
    for (let at = 0; at < file.length; at++) {
      const changed = file.with(at, (file[at] ?? 0) ^ 0x04);
      expect((await outcome(decrypt([changed], [identity]))).code, `changed at ${at}`).toMatch(/^AGE_/);
      expect((await outcome(decrypt([file.subarray(0, at)], [identity]))).code, `cut at ${at}`).toMatch(/^AGE_/);
    }
  });
});

test("decrypt inverts encrypt, armored or not, for one to three recipients", async () => {
  const others = [generateX25519Identity(), generateX25519Identity()].map((text) => parseIdentity(text));
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 400 }),
      fc.boolean(),
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: 1, max: 500 }),
      async (plain, armored, more, size) => {
        const recipients = [...others.slice(0, more).map(({ name }) => parseRecipient(name)), recipient];
        const file = await encryptBytes(plain, recipients, { armor: armored });
        expect(await all(decrypt(cut(file, size), [identity]))).toEqual(Buffer.from(plain));
        expect((await decryptBytes(file, [...others, identity])).reveal()).toEqual(plain);
      },
    ),
    { numRuns: 40 },
  );
});

test("pieces that are made in two memories in turn are the same as those with memory of their own", async () => {
  const inTurns = () => {
    const memories = [new Uint8Array(20 * CHUNK), new Uint8Array(20 * CHUNK)];
    let turn = 0;
    return { memory: () => memories[turn++ % 2] ?? new Uint8Array() };
  };
  /** Each piece is used while the next one is made. */
  async function allLate(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
    const list: Uint8Array[] = [];
    let before: Uint8Array = new Uint8Array();
    for await (const piece of pieces) {
      list.push(before.slice());
      before = piece;
    }
    return Buffer.concat([...list, before]);
  }
  const plain = pattern(5 * CHUNK + 7);
  // `toEqual` takes seconds for so many bytes.
  const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
  for (const size of [CHUNK / 2, CHUNK, 2 * CHUNK, 4 * CHUNK + 1, plain.length]) {
    const file = await allLate(encrypt(cut(plain, size), [recipient], inTurns()));
    expect(isSame((await decryptBytes(file, [identity])).reveal(), plain)).toBe(true);
    expect(isSame(await allLate(decrypt(cut(file, size), [identity], inTurns())), plain)).toBe(true);
  }
  const armored = await allLate(encrypt(cut(plain, CHUNK), [recipient], { armor: true, ...inTurns() }));
  expect(isSame((await decryptBytes(armored, [identity])).reveal(), plain)).toBe(true);
});
