import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBech32, encodeBech32 } from "../../../src/bytes/bech32.ts";

const AGE = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

describe("decodeBech32()", () => {
  test.each([
    { name: "BIP 173's shortest", input: "A12UEL5L", prefix: "a", bytes: 0 },
    { name: "an age recipient", input: AGE, prefix: "age", bytes: 32 },
    { name: "the same in upper case", input: AGE.toUpperCase(), prefix: "age", bytes: 32 },
    {
      name: "a prefix that holds the separator",
      input: encodeBech32("a1b", Uint8Array.of(7)),
      prefix: "a1b",
      bytes: 1,
    },
  ])("$name is read", ({ input, prefix, bytes }) => {
    const decoded = decodeBech32(input);
    expect("data" in decoded && [decoded.prefix, decoded.data.length]).toEqual([prefix, bytes]);
  });

  test.each([
    { name: "an empty string", input: "", problem: "separator '1' at invalid position: pos=-1, len=0" },
    { name: "no data", input: "age1abc", problem: "separator '1' at invalid position: pos=3, len=7" },
    { name: "no prefix", input: "1qqqqqqqq", problem: "separator '1' at invalid position: pos=0, len=9" },
    { name: "mixed case", input: `${AGE.slice(0, -1)}P`, problem: "mixed case" },
    { name: "one letter changed", input: AGE.replace("ql3", "qq3"), problem: "invalid checksum" },
    {
      name: "a letter outside the set",
      input: AGE.replace("ql3", "qb3"),
      problem: "invalid character data part: s[1]=98",
    },
    {
      name: "the Kelvin sign for k",
      input: AGE.replace("k", "\u212a"),
      problem: "invalid character data part: s[43]=8490",
    },
    {
      name: "a blank in the prefix",
      input: "a ge1qqqqqqqq",
      problem: "invalid character in human-readable part at position 1",
    },
    { name: "endless text", input: `a1${"q".repeat(20_000)}`, problem: "too long" },
  ])("$name is refused without its text", ({ input, problem }) => expect(decodeBech32(input)).toEqual({ problem }));
});

test("encode and decode are inverse for any prefix and data", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9-]{1,20}$/), fc.uint8Array({ maxLength: 100 }), (prefix, data) => {
      expect(decodeBech32(encodeBech32(prefix, data))).toEqual({ prefix, data });
    }),
  );
});
