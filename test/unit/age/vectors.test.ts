import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import * as cctv from "cctv-age";
import { describe, expect, test } from "vitest";
import {
  AgeError,
  dearmor,
  decrypt,
  type Identity,
  parseIdentity,
  passphraseIdentity,
} from "../../../src/age/index.ts";
import { decryptThroughThreads } from "../../helpers/age-chunk-files.ts";

/** The public age test vectors (C2SP/CCTV), read from their npm package. */

type Expected = "success" | "no match" | "HMAC failure" | "header failure" | "armor failure" | "payload failure";

interface Vector {
  readonly name: string;
  readonly expect: Expected;
  readonly payload: string | undefined;
  readonly identities: readonly string[];
  readonly passphrases: readonly string[];
  readonly armored: boolean;
  readonly file: Uint8Array;
}

const KNOWN_KEYS = ["expect", "payload", "identity", "passphrase", "armored", "compressed", "file key", "comment"];
const EXPECTED = ["success", "no match", "HMAC failure", "header failure", "armor failure", "payload failure"];

function parseVector(name: string, raw: Uint8Array): Vector {
  const bytes = Buffer.from(raw);
  const end = bytes.indexOf("\n\n");
  const fields = bytes
    .subarray(0, end)
    .toString()
    .split("\n")
    .map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)] as const);
  for (const [key] of fields) if (!KNOWN_KEYS.includes(key)) throw new Error(`${name}: unknown key ${key}`);
  const all = (key: string) => fields.filter(([field]) => field === key).map(([, value]) => value);
  const expected = all("expect")[0] ?? "";
  if (!EXPECTED.includes(expected)) throw new Error(`${name}: unknown expectation ${expected}`);
  const body = bytes.subarray(end + 2);
  return {
    name,
    expect: expected as Expected,
    payload: all("payload")[0],
    identities: all("identity"),
    passphrases: all("passphrase"),
    armored: all("armored")[0] === "yes",
    file: new Uint8Array(all("compressed")[0] === "zlib" ? inflateSync(body) : body),
  };
}

const vectors = Object.entries(cctv).map(([name, raw]) => parseVector(name, raw));

const CODES: Readonly<Record<Exclude<Expected, "success">, readonly string[]>> = {
  "no match": ["AGE_NO_MATCH", "AGE_WRONG_PASSPHRASE"],
  "HMAC failure": ["AGE_HEADER_MAC"],
  "header failure": ["AGE_HEADER", "AGE_WORK_FACTOR"],
  "armor failure": ["AGE_ARMOR"],
  "payload failure": ["AGE_PAYLOAD"],
};

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function run(vector: Vector, pieceBytes: number): Promise<{ code: string; sha256: string }> {
  const identities: Identity[] = [
    ...vector.identities.map((text) => parseIdentity(text)),
    ...vector.passphrases.map((text) => passphraseIdentity(text)),
  ];
  const hash = createHash("sha256");
  let code = "success";
  try {
    // Armor that does not even begin as armor is read as a binary file by decrypt(): the vector wants the armor's view.
    const pieces = cut(vector.file, pieceBytes);
    const source = vector.armored ? dearmor(pieces) : pieces;
    for await (const piece of decrypt(source, identities)) hash.update(piece);
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    code = error.code;
  }
  return { code, sha256: hash.digest("hex") };
}

const EMPTY = createHash("sha256").digest("hex");

/** The same through threads: what they do, and what they leave. */
async function runInThreads({ file, identities, passphrases }: Vector): Promise<{ code: string; sha256: string }> {
  const all = [
    ...identities.map((text) => parseIdentity(text)),
    ...passphrases.map((text) => passphraseIdentity(text)),
  ];
  const { bytes, code } = await decryptThroughThreads(file, all, { threads: 1, rangeChunks: 1 });
  return { code: code?.replace(/:.*/s, "") ?? "success", sha256: createHash("sha256").update(bytes).digest("hex") };
}

describe("CCTV vectors", () => {
  test("all are there", () => expect(vectors.length).toBe(143));

  describe.each([
    { way: "whole", pieceBytes: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY },
    { way: "in pieces of 1,000 bytes", pieceBytes: 1000, maxBytes: 200_000 },
    { way: "byte by byte", pieceBytes: 1, maxBytes: 70_000 },
  ])("$way", ({ pieceBytes, maxBytes }) => {
    test.each(vectors.filter(({ file }) => file.length <= maxBytes))("$name: $expect", async (vector) => {
      const { code, sha256 } = await run(vector, pieceBytes);
      if (vector.expect === "success") expect(code).toBe("success");
      else expect(CODES[vector.expect]).toContain(code);
      if (vector.payload !== undefined || vector.expect === "success") expect(sha256).toBe(vector.payload);
      else expect(sha256).toBe(EMPTY);
    });
  });

  const several = vectors.filter(({ armored, file }) => !armored && file.length > 65_536);
  test("enough of them have several chunks", () => expect(several.length).toBeGreaterThan(10));
  test.each(several)("$name through threads: $expect", async (vector) => {
    expect(await runInThreads(vector)).toEqual(await run(vector, Number.POSITIVE_INFINITY));
  });
});
