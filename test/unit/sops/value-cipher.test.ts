import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isDataKey, ValueCipher } from "../../../src/sops/values/cipher.ts";
import { type Envelope, formatEnvelope, parseEnvelope } from "../../../src/sops/values/envelope.ts";
import { formatPlain, parseFloatText, parseIntText } from "../../../src/sops/values/number.ts";
import { leafOf, plaintextOf } from "../../../src/sops/values/plaintext.ts";
import { normaliseLastModified, parseTime } from "../../../src/sops/values/time.ts";

const KEY = Buffer.alloc(32, "f");

function envelopeOf(text: string): Envelope {
  const envelope = parseEnvelope(text);
  if (envelope === undefined || "badBase64" in envelope) throw new Error("no envelope");
  return envelope;
}

describe("ValueCipher", () => {
  const cipher = new ValueCipher(KEY);
  const sealed = cipher.seal("foo", "str", "bar:");

  test("writes an IV of 32 bytes and opens what it wrote", () => {
    const envelope = envelopeOf(sealed);
    expect([envelope.iv.length, envelope.tag.length, envelope.data.length]).toEqual([32, 16, 3]);
    expect(cipher.open(envelope, "bar:")?.toString()).toBe("foo");
  });

  test.each([
    { name: "another path", change: (envelope: Envelope) => envelope, path: "baz:" },
    { name: "no path", change: (envelope: Envelope) => envelope, path: "" },
    { name: "a short tag", change: (e: Envelope) => ({ ...e, tag: e.tag.subarray(0, 12) }), path: "bar:" },
    { name: "a long tag", change: (e: Envelope) => ({ ...e, tag: Buffer.concat([e.tag, e.tag]) }), path: "bar:" },
    { name: "no IV", change: (e: Envelope) => ({ ...e, iv: Buffer.alloc(0) }), path: "bar:" },
    { name: "a short IV", change: (e: Envelope) => ({ ...e, iv: e.iv.subarray(0, 12) }), path: "bar:" },
    { name: "other data", change: (e: Envelope) => ({ ...e, data: Buffer.from("abc") }), path: "bar:" },
    { name: "no data", change: (e: Envelope) => ({ ...e, data: Buffer.alloc(0) }), path: "bar:" },
  ])("does not open with $name", ({ change, path }) => {
    expect(cipher.open(change(envelopeOf(sealed)), path)).toBeUndefined();
  });

  test("takes new IVs each time, unless it has seen the value at that path", () => {
    expect(cipher.seal("foo", "str", "bar:")).not.toBe(sealed);
    const remembering = new ValueCipher(KEY, { rememberIvs: true });
    remembering.open(envelopeOf(sealed), "bar:");
    expect(remembering.seal("foo", "str", "bar:")).toBe(sealed);
    expect(remembering.seal("foo", "str", "baz:")).not.toBe(sealed);
    expect(remembering.seal("fox", "str", "bar:").slice(30)).not.toBe(sealed.slice(30));
    expect(envelopeOf(remembering.seal("foo", "int", "bar:")).iv).not.toEqual(envelopeOf(sealed).iv);
  });

  test("under another key keeps an IV for one text, and none that two texts shared", () => {
    const shared = Buffer.alloc(32, 7);
    const forging = new ValueCipher(KEY, { fillRandom: (buffer) => buffer.fill(shared[0] ?? 0) });
    const remembering = new ValueCipher(KEY, { rememberIvs: true });
    remembering.open(envelopeOf(sealed), "bar:");
    for (const text of ["one", "two"]) remembering.open(envelopeOf(forging.seal(text, "str", "x:")), "x:");
    const rotated = remembering.withKey(Buffer.alloc(32, "g"));
    expect(envelopeOf(rotated.seal("foo", "str", "bar:")).iv).toEqual(envelopeOf(sealed).iv);
    for (const text of ["one", "two"]) expect(envelopeOf(rotated.seal(text, "str", "x:")).iv).not.toEqual(shared);
  });

  test("knows the sizes of AES keys", () => {
    expect([16, 24, 32, 0, 10, 33].map((size) => isDataKey(Buffer.alloc(size)))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test("opens what it sealed, whatever the bytes and the path", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.string({ unit: "grapheme" }), (bytes, path) => {
        const again = cipher.open(envelopeOf(cipher.seal(bytes, "str", path)), path);
        return again !== undefined && Buffer.from(bytes).equals(again);
      }),
      { numRuns: 50 },
    );
  });
});

describe("parseEnvelope()", () => {
  const good = formatEnvelope(Buffer.from("abc"), Buffer.alloc(32), Buffer.alloc(16), "str");
  test.each([
    { name: "nothing", text: "" },
    { name: "a blank before it", text: ` ${good}` },
    { name: "no data", text: good.replace("YWJj", "") },
    { name: "no type", text: good.replace("str]", "]") },
    { name: "no end", text: good.slice(0, -1) },
    { name: "another cipher", text: good.replace("AES256", "AES128") },
    { name: "parts in another order", text: "ENC[AES256_GCM,iv:YQ==,data:YQ==,tag:YQ==,type:str]" },
    { name: "a break inside", text: good.replace(",tag", "\n,tag") },
    { name: "only the head", text: "ENC[AES256_GCM,data:" },
  ])("does not take $name", ({ text }) => {
    expect(parseEnvelope(text)).toBeUndefined();
  });

  test.each([
    { part: "data", text: good.replace("YWJj", "YWJ") },
    { part: "data", text: good.replace("YWJj", "Y-_j") },
    { part: "iv", text: good.replace(/iv:./, "iv:!") },
    { part: "tag", text: good.replace(/tag:./, "tag: ") },
  ])("names the $part that is no base64", ({ part, text }) => {
    expect(parseEnvelope(text)).toEqual({ badBase64: part });
  });

  test("ignores what stands behind the end, and never takes long over a hostile text", () => {
    expect(envelopeOf(`${good} more\nand more]`).type).toBe("str");
    expect(parseEnvelope(`ENC[AES256_GCM,data:${",iv:x,tag:x,type:x".repeat(200_000)}`)).toBeUndefined();
  });
});

describe("plaintexts", () => {
  test.each([
    [5n, "5"],
    [-9223372036854775808n, "-9223372036854775808"],
    [5, "5"],
    [1e21, "1000000000000000000000"],
    [1e-7, "0.0000001"],
    [-0, "-0"],
    [123456.789, "123456.789"],
    [Number.POSITIVE_INFINITY, "+Inf"],
    [Number.NEGATIVE_INFINITY, "-Inf"],
    [Number.NaN, "NaN"],
    [true, "True"],
    [false, "False"],
    ["", ""],
  ])("%s is %s", (leaf, text) => {
    expect(plaintextOf(leaf)).toBe(text);
  });

  test("every float comes back", () => {
    fc.assert(fc.property(fc.double(), (value) => Object.is(parseFloatText(formatPlain(value)), value)));
  });

  test.each(["", "x", "1.5", "9223372036854775808", "0x1", "1 ", "1_0", "9".repeat(200)])("%j is no int", (text) => {
    expect(parseIntText(text)).toBeUndefined();
  });

  test.each(["", "x", "1e", ".", "0x1p4", "-nan", "1,5", "1e999"])("%j is no float", (text) => {
    expect(parseFloatText(text)).toBeUndefined();
  });

  test.each([
    ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"],
    ["2024-01-01T00:00:00.500+00:00", "2024-01-01T00:00:00.5Z"],
    ["2024-02-29T23:59:59.123456789-11:30", "2024-02-29T23:59:59.123456789-11:30"],
  ])("the time %s is %s", (text, wanted) => {
    expect(parseTime(text)?.text).toBe(wanted);
  });

  test.each([
    "2024-01-01",
    "2023-02-29T00:00:00Z",
    "2024-01-01t00:00:00Z",
    "2024-01-01 00:00:00Z",
    "2024-1-1T0:0:0Z",
    "2024-01-01T24:00:00Z",
  ])("%s is no time", (text) => {
    expect(parseTime(text)).toBeUndefined();
  });

  test("lastmodified loses its fraction and names UTC one way", () => {
    expect(normaliseLastModified("2026-11-21T08:00:33.9-00:00")).toBe("2026-11-21T08:00:33Z");
  });

  test("bytes that are no text stay bytes, and U+FFFD stays text", () => {
    expect(leafOf(Buffer.from([0xff]), "str")).toMatchObject({ kind: "bytes" });
    expect(leafOf(Buffer.from("\ufffd"), "str")).toBe("\ufffd");
    expect(leafOf(Buffer.from("yes"), "bool")).toBeUndefined();
    expect(leafOf(Buffer.from("x"), "other")).toBeUndefined();
  });
});
