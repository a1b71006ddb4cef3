import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  byteLength,
  bytesOf,
  canonical,
  compareStrings,
  fromText,
  goString,
  isValidUtf8,
  joinStrings,
  runesOf,
  sliceBytes,
} from "../../../../src/template/value/go-string.ts";

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: "grapheme" }).map((text) => new TextEncoder().encode(text)),
);

describe("Go strings", () => {
  test("hold any bytes, one form for each", () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const [x, y] = [goString(a), goString(b)];
        expect(Buffer.from(bytesOf(x))).toEqual(Buffer.from(a));
        expect(byteLength(x)).toBe(a.length);
        expect(Math.sign(compareStrings(x, y))).toBe(Buffer.compare(a, b));
        expect(joinStrings([x, y])).toBe(goString(Buffer.concat([a, b])));
        expect(isValidUtf8(x)).toBe(Buffer.from(Buffer.from(a).toString()).equals(a));
      }),
    );
  });

  test("are cut at any byte", () => {
    fc.assert(
      fc.property(bytes, fc.nat(40), fc.nat(40), (all, a, b) => {
        const [from, to] = [Math.min(a, b, all.length), Math.min(Math.max(a, b), all.length)];
        expect(sliceBytes(goString(all), from, to)).toBe(goString(all.subarray(from, to)));
      }),
    );
  });

  test.each([
    ["a lone continuation byte", [0x80], "\udc80"],
    ["an overlong form", [0xc0, 0x80], "\udcc0\udc80"],
    ["a surrogate", [0xed, 0xa0, 0x80], "\udced\udca0\udc80"],
    ["beyond the last code point", [0xf4, 0x90, 0x80, 0x80], "\udcf4\udc90\udc80\udc80"],
    ["a cut character", [0xe2, 0x82], "\udce2\udc82"],
    ["a byte order mark", [0xef, 0xbb, 0xbf], "\ufeff"],
  ])("%s", (_name, raw, text) => {
    expect(goString(Uint8Array.from(raw))).toBe(text);
    expect([...bytesOf(text)]).toEqual(raw);
  });

  test("pieces of a character become the character when they meet", () => {
    expect(canonical("\udce2\udc82\udcac")).toBe("€");
    expect(joinStrings(["\udce2", "\udc82\udcac"], "")).toBe("€");
    expect(runesOf("a\udc80€")).toEqual([0x61, 0xfffd, 0x20ac]);
  });

  test("texts of JavaScript that are no text become U+FFFD", () => {
    expect(fromText("a\ud800b\udc80")).toBe("a\ufffdb\ufffd");
    expect([...bytesOf("\ud800")]).toEqual([0xef, 0xbf, 0xbd]);
  });
});
