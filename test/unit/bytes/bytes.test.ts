import { describe, expect, test } from "vitest";
import { concat } from "../../../src/bytes/concat.ts";
import { equalBytes } from "../../../src/bytes/equal.ts";
import { decodeHex, encodeHex } from "../../../src/bytes/hex.ts";
import { decodePem, encodePem } from "../../../src/bytes/pem.ts";
import { decodeUtf8, encodeUtf8 } from "../../../src/bytes/utf8.ts";

const body = "-----BEGIN X-----\naGk=\n-----END X-----\n";

describe("decodePem()", () => {
  test.each([
    { name: "a block", text: body, want: ["X"] },
    { name: "CRLF", text: body.replaceAll("\n", "\r\n"), want: ["X"] },
    { name: "text around", text: `hello\n${body}bye\n`, want: ["X"] },
    { name: "no last line feed", text: body.trimEnd(), want: ["X"] },
    { name: "two blocks", text: body + body.replaceAll("X", "Y"), want: ["X", "Y"] },
    { name: "a good block behind a cut one", text: `-----BEGIN A-----\naGk=\n${body}`, want: ["X"] },
    { name: "an empty block", text: "-----BEGIN X-----\n-----END X-----\n", want: ["X"] },
  ])("$name is read", ({ text, want }) => expect(decodePem(text).map((block) => block.label)).toEqual(want));

  test.each([
    { name: "nothing", text: "" },
    { name: "no END line", text: body.slice(0, 24) },
    { name: "another label at the end", text: body.replace("END X", "END Y") },
    { name: "no base64", text: body.replace("aGk=", "a%k=") },
    { name: "base64 that is cut", text: body.replace("aGk=", "aGk") },
    { name: "a mark that is not at the start of a line", text: `x${body}` },
  ])("$name gives no block", ({ text }) => expect(decodePem(text)).toEqual([]));

  test("header lines are noticed", () => {
    expect(decodePem(body.replace("aGk", "Proc-Type: 4,ENCRYPTED\n\naGk"))[0]?.hasHeaders).toBe(true);
  });

  test("what is written is read", () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, at) => at);
    expect(decodePem(encodePem("CERTIFICATE", bytes))).toEqual([
      { label: "CERTIFICATE", hasHeaders: false, headers: new Map(), bytes },
    ]);
    expect(encodePem("X", encodeUtf8("hi"))).toBe(body);
  });
});

describe("small things", () => {
  test.each([
    { a: [1, 2], b: [1, 2], want: true },
    { a: [], b: [], want: true },
    { a: [1, 2], b: [1, 3], want: false },
    { a: [1], b: [1, 0], want: false },
  ])("equalBytes($a, $b) is $want", ({ a, b, want }) => {
    expect(equalBytes(Uint8Array.from(a), Uint8Array.from(b))).toBe(want);
  });

  test("hex goes both ways and refuses the rest", () => {
    expect(encodeHex(Uint8Array.of(0, 255, 16))).toBe("00ff10");
    expect(decodeHex("00Ff10")).toEqual(Uint8Array.of(0, 255, 16));
    for (const bad of ["0", "0g", " 00", "0x00"]) expect(decodeHex(bad)).toBeUndefined();
  });

  test("utf8 is strict and keeps a byte order mark", () => {
    expect(decodeUtf8(encodeUtf8("\ufeffü"))).toBe("\ufeffü");
    for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80]])
      expect(decodeUtf8(Uint8Array.from(bad))).toBeUndefined();
  });

  test("concat copies", () => {
    const part = Uint8Array.of(1);
    const all = concat(part, Uint8Array.of(), Uint8Array.of(2, 3));
    part[0] = 9;
    expect(all).toEqual(Uint8Array.of(1, 2, 3));
  });
});
