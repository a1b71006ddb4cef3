import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { field, fieldUnlessEmpty, ProtobufError, readFields, textOf } from "../../../../src/kms/remote/protobuf.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const shown = (message: Uint8Array) =>
  readFields(message).map(({ number, content }) => [number, Buffer.from(content).toString("latin1")]);

describe("fields of a message", () => {
  test.each([
    ["nothing", "", []],
    ["a text", "0a 03 616263", [[1, "abc"]]],
    ["an empty text", "12 00", [[2, ""]]],
    [
      "a field twice, in order",
      "0a 01 61 0a 01 62",
      [
        [1, "a"],
        [1, "b"],
      ],
    ],
    ["a two-byte field number", "82 01 01 78", [[16, "x"]]],
    ["the largest field number", "fa ff ff ff 0f 01 78", [[2 ** 29 - 1, "x"]]],
    ["a length with a needless zero", "0a 83 00 616263", [[1, "abc"]]],
    ["unknown numbers passed over", "08 ff ff ff ff ff ff ff ff ff 01 0a 01 61", [[1, "a"]]],
    ["unknown fixed numbers passed over", "09 0102030405060708 0d 01020304 0a 01 61", [[1, "a"]]],
    ["unknown groups passed over", "1b 08 01 12 02 6162 23 24 1c 0a 01 61", [[1, "a"]]],
  ])("%s", (_, message, fields) => {
    expect(shown(hex(message))).toEqual(fields);
  });

  test.each([
    ["a tag without its field", "0a"],
    ["a field that is longer than the message", "0a 02 61"],
    ["a field of 2^63 bytes", "0a 80 80 80 80 80 80 80 80 80 01"],
    ["a number of eleven bytes", "08 80 80 80 80 80 80 80 80 80 80 01"],
    ["a number of 65 bits", "08 ff ff ff ff ff ff ff ff ff 02"],
    ["a number that is cut off", "08 80"],
    ["field number 0", "02 00"],
    ["a field number beyond 29 bits", "82 80 80 80 10 00"],
    ["wire type 6", "0e"],
    ["wire type 7", "0f"],
    ["the end of no group", "0c"],
    ["a group that never ends", "0b 08 01"],
    ["a group that ends as another", "0b 14"],
    ["a fixed number cut off", "0d 0102"],
    ["groups in groups in groups", "0b".repeat(40)],
  ])("%s is refused", (_, message) => {
    expect(() => readFields(hex(message))).toThrow(ProtobufError);
  });

  test("more fields than anybody sends are refused", () => {
    expect(() => readFields(hex("0a00".repeat(10_001)))).toThrow("too many fields");
    expect(readFields(hex("0a00".repeat(10_000)))).toHaveLength(10_000);
  });

  test("a text that is not UTF-8 is refused", () => {
    expect(() => textOf(hex("ff"))).toThrow(ProtobufError);
    expect(textOf(hex("efbbbf61"))).toBe("\ufeffa");
  });

  test("what is written is read", () => {
    const one = fc.tuple(fc.integer({ min: 1, max: 2 ** 29 - 1 }), fc.uint8Array({ maxLength: 300 }));
    fc.assert(
      fc.property(fc.array(one, { maxLength: 8 }), (fields) => {
        const message = Buffer.concat(fields.map(([number, content]) => field(number, content)));
        expect(readFields(message).map(({ number, content }) => [number, Uint8Array.from(content)])).toEqual(fields);
      }),
      { numRuns: 100 },
    );
    expect(fieldUnlessEmpty(1, "")).toHaveLength(0);
  });

  test("any bytes are fields or refused, and nothing else happens", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          const total = readFields(bytes).reduce((sum, { content }) => sum + content.length, 0);
          expect(total).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtobufError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
