import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseIdentity } from "../../../src/age/index.ts";
import { combineIdentity, parseShares, splitNewIdentity } from "../../../src/keys/index.ts";

function split(shares: number, threshold: number) {
  const { recipient, shareFiles } = splitNewIdentity({ shares, threshold });
  return {
    recipient,
    files: shareFiles,
    parsed: shareFiles.flatMap((text, at) => parseShares(text, `share-${at + 1}`)),
  };
}

const three = split(5, 3);
const other = split(5, 3);
const word = (text = "") => text.trimEnd().split("\n").at(-1) ?? "";
const [first = ""] = three.files;

describe("key shares", () => {
  test("any three of five give the identity back", () => {
    for (const [a, b, c] of [
      [0, 1, 2],
      [4, 2, 0],
      [1, 3, 4],
    ] as const) {
      const { recipient, identity } = combineIdentity([a, b, c].flatMap((at) => three.parsed[at] ?? []));
      expect(recipient).toBe(three.recipient);
      expect(parseIdentity(identity.revealText()).name).toBe(three.recipient);
      expect(String(identity)).not.toContain("AGE-SECRET-KEY");
    }
  });

  test("all of them, one twice, in any order: the same", () => {
    const shares = [...three.parsed, ...three.parsed.slice(0, 1)].reverse();
    expect(combineIdentity(shares).recipient).toBe(three.recipient);
  });

  test("a wrong share among more than it takes is left out", () => {
    const [a, ...rest] = three.parsed;
    if (a === undefined) throw new Error("no share");
    const wrong = { ...a, value: a.value.map((byte) => byte ^ 1) };
    expect(combineIdentity([wrong, ...rest.slice(0, 3)]).recipient).toBe(three.recipient);
    expect(() => combineIdentity([wrong, ...rest.slice(0, 2)])).toThrow(/another identity comes out/);
  });

  test("the file names index, threshold, recipient and set, and nothing else stands in front of the share", () => {
    const [title = "", recipient, set = ""] = first.split("\n");
    expect(title).toBe("# share 1 of 5 of an age identity; any 3 of them open what is encrypted to");
    expect(recipient).toBe(`# ${three.recipient}`);
    expect(set).toMatch(/^# set [0-9a-f]{16}; /);
    expect(word(first)).toMatch(/^SEALKIT-SHARE-1[A-Z0-9]+$/);
  });

  test.each([
    {
      name: "two of three",
      shares: () => three.parsed.slice(0, 2),
      code: "KEYS_SHARES_TOO_FEW",
      says: "2 given, 3 of 5 needed",
    },
    {
      name: "one share three times",
      shares: () => three.parsed.slice(0, 1),
      code: "KEYS_SHARES_TOO_FEW",
      says: "1 given",
    },
    { name: "none", shares: () => [], code: "KEYS_SHARES_TOO_FEW", says: "0 given, at least 2 needed" },
    {
      name: "shares of two sets",
      shares: () => [...three.parsed.slice(0, 2), ...other.parsed.slice(2)],
      code: "KEYS_SHARES_MIXED",
      says: "they are of different sets",
    },
  ])("$name: refused", ({ shares, code, says }) => {
    let error: unknown;
    try {
      combineIdentity(shares());
    } catch (cause) {
      error = cause;
    }
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) });
  });

  test.each([
    { name: "nothing", text: "# a comment\n\n", says: "there is none in it" },
    { name: "an identity", text: "AGE-SECRET-KEY-1QQQQ", says: /./ },
    { name: "a recipient", text: three.recipient, says: "it is something else" },
    { name: "a cut share", text: word(first).slice(0, -3), says: "invalid checksum" },
    { name: "a share in mixed case", text: word(first).replace("SEALKIT", "sealkit"), says: "mixed case" },
  ])("$name is no share, and is not repeated in the error", ({ text, says }) => {
    let message = "";
    try {
      parseShares(text, "holder.txt");
    } catch (cause) {
      message = cause instanceof Error ? `${cause.message} ${JSON.stringify(cause)}` : "";
    }
    expect(message).toMatch(says);
    expect(message).toContain("holder.txt");
    if (text.length > 20) expect(message).not.toContain(text.slice(16));
  });

  test("no changed letter of a share is taken for one", () => {
    const text = word(first);
    fc.assert(
      fc.property(
        fc.nat({ max: text.length - 1 }),
        fc.constantFrom(..."QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
        (at, letter) => {
          fc.pre(text[at] !== letter);
          expect(() => parseShares(text.slice(0, at) + letter + text.slice(at + 1), "f")).toThrow();
        },
      ),
      { numRuns: 200 },
    );
  });

  test.each([
    { shares: 1, threshold: 1 },
    { shares: 2, threshold: 3 },
    { shares: 256, threshold: 2 },
    { shares: 2.5, threshold: 2 },
  ])("a split into $shares, of which $threshold, is refused", (counts) => {
    expect(() => splitNewIdentity(counts)).toThrow(/Cannot split/);
  });
});
