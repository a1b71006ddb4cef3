import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { valueFunctions } from "../../../../src/template/functions/value-functions.ts";
import { byteLength, goString } from "../../../../src/template/value/go-string.ts";
import type { GoValue } from "../../../../src/template/value/go-value.ts";
import { int } from "../../../../src/template/value/make.ts";
import { goValue, quietHost } from "../../../helpers/template/functions.ts";

const runs = { numRuns: process.env["SLOW"] === "1" ? 5_000 : 100 };

const call = (name: string, ...args: GoValue[]): GoValue => valueFunctions.get(name)?.call(args, quietHost) ?? null;

/** Any Go string: characters, bytes that are none, and both. */
const goText = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme" }).map((text) => [...Buffer.from(text)]),
      fc.array(fc.nat(255)),
    ),
  )
  .map((pieces) => goString(Uint8Array.from(pieces.flat())));

const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value));

describe("functions that undo each other", () => {
  test("join puts together what splitList took apart", () => {
    fc.assert(
      fc.property(goText, goText, (text, separator) => {
        expect(call("join", separator, call("splitList", separator, text))).toBe(text);
      }),
      runs,
    );
  });

  test("trunc and substr cut a text in two without a loss", () => {
    fc.assert(
      fc.property(goText, fc.nat(), (text, at) => {
        const cut = int(at % (byteLength(text) + 1));
        expect(call("join", "", goValue([call("trunc", cut, text), call("substr", cut, int(-1), text)]))).toBe(text);
      }),
      runs,
    );
  });

  test("JSON that was read and written is the same when read and written again", () => {
    fc.assert(
      fc.property(json, (text) => {
        const written = call("toRawJson", call("mustFromJson", text));
        expect(call("toRawJson", call("mustFromJson", written))).toBe(written);
        expect(
          call("deepEqual", call("fromJson", text), call("fromJson", call("toPrettyJson", call("fromJson", text)))),
        ).toBe(true);
      }),
      runs,
    );
  });

  test("initial and last, first and rest are the whole list", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (items) => {
        const whole = goValue(items);
        expect(call("deepEqual", call("append", call("initial", whole), call("last", whole)), whole)).toBe(true);
        expect(call("deepEqual", call("prepend", call("rest", whole), call("first", whole)), whole)).toBe(true);
        expect(call("deepEqual", call("reverse", call("reverse", whole)), whole)).toBe(true);
      }),
      runs,
    );
  });
});

describe("functions that agree", () => {
  test("a quoted pattern is its text", () => {
    const written = fc.string({ unit: "grapheme", minLength: 1 });
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), written, fc.string(), (text, part, replacement) => {
        const pattern = call("regexQuoteMeta", part);
        expect(call("regexReplaceAllLiteral", pattern, text, replacement)).toBe(
          call("replace", part, replacement, text),
        );
        expect(call("regexMatch", pattern, text)).toBe(call("contains", part, text));
      }),
      runs,
    );
  });

  test("what is done twice is as if done once", () => {
    fc.assert(
      fc.property(goText, (text) => {
        for (const name of ["clean", "trim", "lower", "sortAlpha", "toString"]) {
          const once = call(name, text);
          expect(call("deepEqual", call(name, once), once)).toBe(true);
        }
      }),
      runs,
    );
  });
});
