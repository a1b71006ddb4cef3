import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeBase64,
  decodeBase64Go,
  decodeBase64Unpadded,
  encodeBase64,
  encodeBase64Unpadded,
} from "../../../src/bytes/base64.ts";

const text = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString());

describe("decodeBase64() is canonical", () => {
  test.each([
    { name: "nothing", input: "", want: "" },
    { name: "one byte", input: "aA==", want: "h" },
    { name: "two bytes", input: "aGk=", want: "hi" },
    { name: "three bytes", input: "aGkh", want: "hi!" },
  ])("$name is read", ({ input, want }) => expect(text(decodeBase64(input).bytes)).toBe(want));

  test.each([
    { name: "no padding", input: "aGk", at: 0 },
    { name: "half of the padding", input: "aA=", at: 3 },
    { name: "too much padding", input: "aGk==", at: 4 },
    { name: "padding alone", input: "=", at: 0 },
    { name: "padding after one letter", input: "a===", at: 1 },
    { name: "bits left over", input: "aGl=", at: 3 },
    { name: "a line feed inside", input: "aG\nk=", at: 2 },
    { name: "a line feed at the end", input: "aGk=\n", at: 4 },
    { name: "a blank", input: "aG k", at: 2 },
    { name: "the URL alphabet", input: "aG_-", at: 2 },
    { name: "text after padding", input: "aGk=aGk=", at: 4 },
    { name: "a letter outside ASCII", input: "aGé=", at: 2 },
    { name: "one letter too many", input: "aGkha", at: 4 },
  ])("$name is refused at its byte", ({ input, at }) => expect(decodeBase64(input)).toEqual({ illegalAt: at }));
});

describe("decodeBase64Go() is as lenient as Go", () => {
  test.each([
    { name: "line feeds anywhere", input: "a\nG\r\nk=\n", want: "hi" },
    { name: "line feeds between padding", input: "aA=\n=\n", want: "h" },
    { name: "left-over bits", input: "aGl=", want: "hi" },
    { name: "only line feeds", input: "\r\n", want: "" },
  ])("$name is read", ({ input, want }) => expect(text(decodeBase64Go(input).bytes)).toBe(want));

  test.each([
    { name: "blank", input: "aG k", at: 2 },
    { name: "unpadded", input: "aGk", at: 0 },
    { name: "unpadded behind a whole group", input: "aGkhaA", at: 4 },
    { name: "plain text", input: "not base64!", at: 3 },
    { name: "padding cut", input: "aA=", at: 3 },
    { name: "garbage behind padding", input: "aGk=x", at: 4 },
  ])("$name is refused where Go refuses", ({ input, at }) => expect(decodeBase64Go(input)).toEqual({ illegalAt: at }));
});

describe("decodeBase64Unpadded()", () => {
  test.each([
    { name: "padding", input: "aGk=", at: 3 },
    { name: "bits left over", input: "aGl", at: 2 },
    { name: "one letter", input: "a", at: 0 },
    { name: "CR", input: "aG\rk", at: 2 },
  ])("$name is refused", ({ input, at }) => expect(decodeBase64Unpadded(input)).toEqual({ illegalAt: at }));
});

test("what is encoded is what Buffer encodes, and comes back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const padded = encodeBase64(bytes);
      expect(padded).toBe(Buffer.from(bytes).toString("base64"));
      expect(encodeBase64Unpadded(bytes)).toBe(padded.replace(/=*$/, ""));
      expect(decodeBase64(padded).bytes).toEqual(bytes);
      expect(decodeBase64Go(padded.replace(/(.{5})/g, "$1\r\n")).bytes).toEqual(bytes);
      expect(decodeBase64Unpadded(encodeBase64Unpadded(bytes)).bytes).toEqual(bytes);
    }),
  );
});
