import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { primitives } from "#primitives";
import {
  AgeError,
  decrypt,
  encrypt,
  generateX25519Identity,
  parseIdentity,
  parseRecipient,
} from "../../../src/age/index.ts";
import { chunkNonce, encryptPayload, payloadKey } from "../../../src/age/payload.ts";
import { decryptThroughThreads, type ThreadOptions, throughThreads } from "../../helpers/age-chunk-files.ts";

const CHUNK = 65_536;
const SEALED = CHUNK + 16;
const identity = parseIdentity(generateX25519Identity());
const recipient = parseRecipient(identity.name);

/** Bytes in which every place can be told from every other. */
function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >>> 8) * 17 + (at >>> 16)) & 0xff;
  return bytes;
}

async function all(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const list: Uint8Array[] = [];
  for await (const piece of pieces) list.push(piece.slice());
  return Buffer.concat(list);
}

/** The same without threads. */
async function alone(file: Uint8Array): Promise<{ bytes: Buffer; code: string | undefined }> {
  const list: Uint8Array[] = [];
  try {
    for await (const piece of decrypt([file], [identity])) list.push(piece.slice());
    return { bytes: Buffer.concat(list), code: undefined };
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    return { bytes: Buffer.concat(list), code: `${error.code}: ${error.original}` };
  }
}

/** A payload made the plain way: one chunk after the other. */
function payload(fileKey: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Buffer {
  const key = payloadKey(fileKey, nonce);
  const count = Math.max(1, Math.ceil(plain.length / CHUNK));
  const chunks = Array.from({ length: count }, (_, at) =>
    primitives.chacha20Poly1305Seal(
      key,
      chunkNonce(at, at === count - 1),
      plain.subarray(at * CHUNK, (at + 1) * CHUNK),
    ),
  );
  return Buffer.concat([nonce, ...chunks]);
}

// `toEqual` takes seconds for so many bytes.
const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

describe("chunks in threads: ranges of two", () => {
  test.each([
    { length: 0, done: 0 },
    { length: CHUNK, done: 0 },
    { length: CHUNK + 1, done: 1 },
    { length: 2 * CHUNK, done: 1 },
    { length: 2 * CHUNK + 1, done: 2 },
    { length: 3 * CHUNK + 1, done: 3 },
    { length: 5 * CHUNK, done: 4 },
    { length: 9 * CHUNK + 7, done: 9 },
  ])("$length bytes: $done chunks in threads, and the same bytes as without", async ({ length, done }) => {
    const plain = pattern(length);
    const fileKey = primitives.randomBytes(16);
    const sealed = await throughThreads("seal", plain, {}, (source, ahead) =>
      encryptPayload(fileKey, source, { ahead: (key) => ahead({ key, offset: 16 }) }),
    );
    expect(sealed).toMatchObject({ code: undefined, done });
    expect(isSame(sealed.bytes, payload(fileKey, sealed.bytes.subarray(0, 16), plain))).toBe(true);
    const file = await all(encrypt([plain], [recipient]));
    const opened = await decryptThroughThreads(file, [identity]);
    expect(opened).toMatchObject({ code: undefined, done });
    expect(isSame(opened.bytes, plain)).toBe(true);
  });

  test("armor takes none", async () => {
    const file = await all(encrypt([pattern(3 * CHUNK)], [recipient], { armor: true }));
    const opened = await decryptThroughThreads(file, [identity]);
    expect([opened.done, isSame(opened.bytes, pattern(3 * CHUNK))]).toEqual([undefined, true]);
    const armored = await throughThreads("seal", pattern(3 * CHUNK), {}, (source, ahead) =>
      encrypt(source, [recipient], { armor: true, ahead }),
    );
    expect([armored.done, (await alone(armored.bytes)).bytes.length]).toEqual([undefined, 3 * CHUNK]);
  });
});

describe("damage", () => {
  const plain = pattern(6 * CHUNK + 100);
  let whole: Buffer;
  let start: number;
  beforeAll(async () => {
    whole = await all(encrypt([plain], [recipient]));
    start = whole.length - (plain.length + 7 * 16);
  });
  const flipped = (at: number) => whole.with(start + at, (whole[start + at] ?? 0) ^ 1);
  const chunk = (at: number) => whole.subarray(start + at * SEALED, start + (at + 1) * SEALED);

  test.each([
    { name: "the first chunk", file: () => flipped(5), done: 0 },
    { name: "the last of a range", file: () => flipped(2 * SEALED - 1), done: 1 },
    { name: "the first of a range", file: () => flipped(2 * SEALED), done: 2 },
    { name: "one in the middle", file: () => flipped(3 * SEALED + 9), done: 3 },
    { name: "the last chunk", file: () => flipped(6 * SEALED + 3), done: 6 },
    { name: "the nonce", file: () => flipped(-1), done: 0 },
    { name: "a cut behind a chunk", file: () => whole.subarray(0, start + 4 * SEALED), done: 3 },
    { name: "a cut in a chunk", file: () => whole.subarray(0, start + 4 * SEALED + 50), done: 4 },
    { name: "bytes behind the end", file: () => Buffer.concat([whole, Buffer.alloc(2 * SEALED)]), done: 6 },
    { name: "an empty last chunk", file: emptyLast, done: 2 },
    {
      name: "two chunks in the other order",
      file: () =>
        Buffer.concat([whole.subarray(0, start + SEALED), chunk(2), chunk(1), whole.subarray(start + 3 * SEALED)]),
      done: 1,
    },
  ])("$name: the same error, and the same bytes before it, as without threads", async ({ file, done }) => {
    const bytes = await file();
    const expected = await alone(bytes);
    const { bytes: made, ...rest } = await decryptThroughThreads(bytes, [identity]);
    expect(rest).toEqual({ code: expected.code, done });
    expect(rest.code).toMatch(/^AGE_PAYLOAD: /);
    expect(isSame(made, expected.bytes)).toBe(true);
  });

  /** Two whole chunks, and a third that is the last and holds nothing: no writer makes it, so it is put together here. */
  async function emptyLast(): Promise<Buffer> {
    let fileKey = new Uint8Array();
    const overheard = {
      name: recipient.name,
      wrap: (key: Uint8Array) => {
        fileKey = key.slice();
        return recipient.wrap(key);
      },
    };
    const empty = await all(encrypt([], [overheard]));
    const [header, nonce] = [empty.subarray(0, -32), empty.subarray(-32, -16)];
    const key = payloadKey(fileKey, nonce);
    const seal = (at: number, bytes: Uint8Array) =>
      primitives.chacha20Poly1305Seal(key, chunkNonce(at, at === 2), bytes);
    const chunks = [plain.subarray(0, CHUNK), plain.subarray(CHUNK, 2 * CHUNK), new Uint8Array()].map((bytes, at) =>
      seal(at, bytes),
    );
    return Buffer.concat([header, nonce, ...chunks]);
  }
});

describe("what goes wrong beside", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sealkit-thread-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const program = (name: string, text: string): URL => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return pathToFileURL(path);
  };

  test.each([
    { name: "a thread that dies at its first job", options: () => ({ program: program("die.cjs", DIES) }), done: ANEW },
    {
      name: "a program that is not there",
      options: () => ({ program: pathToFileURL(join(folder, "no.cjs")) }),
      done: ANEW,
    },
    { name: "an interrupt before the first", options: () => ({ signal: AbortSignal.abort() }), done: ANEW },
    { name: "a file that was longer when it was opened", options: () => ({ size: 20 * CHUNK }), done: ANEW },
    { name: "a file that was shorter when it was opened", options: () => ({ size: 2 * CHUNK + 9 }), done: 2 },
    { name: "one that ends where a chunk does", options: () => ({ size: 20 * CHUNK }), length: 5 * CHUNK, done: ANEW },
  ])("$name: the rest, or all anew, is done without threads", async ({ options, done, length = 5 * CHUNK + 7 }) => {
    const plain = pattern(length);
    const given: ThreadOptions = options();
    const sealed = await throughThreads("seal", plain, given, (source, ahead) =>
      encrypt(source, [recipient], { ahead }),
    );
    expect(sealed).toMatchObject({ code: undefined, done });
    expect(isSame((await alone(sealed.bytes)).bytes, plain)).toBe(true);
  });
});

test("what threads sealed is never sealed again under the same key", async () => {
  const [fileKey, plain] = [primitives.randomBytes(16), pattern(3 * CHUNK)];
  const keys: Uint8Array[] = [];
  const sealed = await throughThreads("seal", plain, { size: 9 * CHUNK }, (source, ahead) =>
    encryptPayload(fileKey, source, {
      ahead: (key) => {
        keys.push(key.slice());
        return ahead({ key, offset: 16 });
      },
    }),
  );
  expect(sealed.done).toBe(ANEW);
  const nonce = sealed.bytes.subarray(0, 16);
  expect(keys).toHaveLength(1);
  expect(keys[0]).not.toEqual(payloadKey(fileKey, nonce));
  expect(isSame(sealed.bytes, payload(fileKey, nonce, plain))).toBe(true);
});

const ANEW = "anew";
const DIES = 'require("node:worker_threads").parentPort.on("message", () => process.exit(1));';

test("threads that take the last chunk for one of the others are found out", async () => {
  const taken = all(encrypt([], [recipient], { ahead: async () => 1 }));
  await expect(taken).rejects.toMatchObject({ code: "AGE_SOURCE_CHANGED" });
});
