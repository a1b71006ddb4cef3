import { describe, expect, test } from "vitest";
import { valueFunctions } from "../../../../src/template/functions/value-functions.ts";
import { LimitReached } from "../../../../src/template/value/go-error.ts";
import { type GoMap, GoSlice, type GoValue } from "../../../../src/template/value/go-value.ts";
import type { Host } from "../../../../src/template/value/host.ts";
import { dict, int, list } from "../../../../src/template/value/make.ts";
import { answerOf, goValue, quietHost, type TableArgument } from "../../../helpers/template/functions.ts";

/** A host that gives a million bytes and a hundred thousand steps. */
function meanHost(): Host {
  let bytes = 1_000_000;
  let steps = 100_000;
  return {
    ...quietHost,
    spend(count) {
      bytes -= count;
      if (!(bytes >= 0)) throw new LimitReached("bytes");
    },
    step(count = 1) {
      steps -= count;
      if (!(steps >= 0)) throw new LimitReached("steps");
    },
  };
}

function call(name: string, args: readonly TableArgument[], host = meanHost()): GoValue | undefined {
  return valueFunctions.get(name)?.call(args.map(goValue), host);
}

function within(depth: number): GoValue {
  let value: GoValue = list();
  for (let at = 0; at < depth; at++) value = list([value]);
  return value;
}

/** A dict that holds itself. */
function ring(): GoMap {
  const made = dict();
  made.entries.set("self", made);
  return made;
}

/** Small, but two to the thirtieth when each way to its end is walked. */
function doubled(): GoValue {
  let value: GoValue = list([int(1)]);
  for (let level = 0; level < 30; level++) value = list([value, value]);
  return value;
}

const LONG = "ab".repeat(20_000);

describe("what would grow or not end is stopped by the host", () => {
  const bombs: readonly (readonly [name: string, args: readonly TableArgument[]])[] = [
    ["repeat", [1_000_000_000, "ab"]],
    ["indent", [2 ** 40, "a"]],
    ["nindent", [1_000_000, "a\nb\nc"]],
    ["replace", ["a", LONG, LONG]],
    ["replace", ["", LONG, LONG]],
    ["wrapWith", [1, LONG, LONG]],
    ["wrap", [1, "a ".repeat(510_000)]],
    ["join", [LONG, Array.from({ length: 100 }, () => "a")]],
    ["splitList", ["", "a".repeat(100_000)]],
    ["split", ["a", LONG.repeat(10)]],
    ["until", [2 ** 52]],
    ["until", [-(2 ** 52)]],
    ["untilStep", [0, int(2n ** 63n - 1n), int(2n ** 62n + 1n)]],
    ["untilStep", [0, int(-(2n ** 63n)), int(-(2n ** 62n) - 1n)]],
    ["seq", [1_000_000]],
    ["fromJson", [`[${"1,".repeat(100_000)}1]`]],
    ["toJson", [doubled()]],
    ["toPrettyJson", [within(1_000)]],
    ["deepCopy", [doubled()]],
    ["deepCopy", [ring()]],
    ["merge", [ring(), ring()]],
    ["mergeOverwrite", [ring(), ring()]],
    ["uniq", [Array.from({ length: 1_000 }, (_, at) => at)]],
    ["regexReplaceAll", ["a", LONG, "$0".repeat(1_000)]],
    ["regexReplaceAllLiteral", ["", LONG, LONG]],
    ["regexSplit", ["", LONG.repeat(3), -1]],
    ["regexFindAll", ["", LONG.repeat(3), -1]],
    ["regexMatch", [`${"(?:a?){1000}".repeat(20)}c`, "a".repeat(10_000)]],
    ["toJson", [within(2_000)]],
    ["deepEqual", [within(2_000), within(2_000)]],
  ];
  for (const [name, args] of bombs) {
    test(name, () => expect(() => call(name, args)).toThrow(LimitReached));
  }
});

describe("what only looks endless", () => {
  test("a dict that holds itself is equal to itself and to another such dict", () => {
    const one = ring();
    expect(call("deepEqual", [one, one])).toBe(true);
    expect(call("deepEqual", [one, ring()])).toBe(true);
  });

  test("JSON of a dict that holds itself is an error", () => {
    expect(answerOf(valueFunctions, "mustToJson", [ring()])).toBe(
      "error: json: unsupported value: encountered a cycle via map[string]interface {}",
    );
    expect(call("toJson", [ring()])).toBe("");
  });

  test("JSON that is nested too deep is refused with Go's text", () => {
    expect(answerOf(valueFunctions, "mustFromJson", ["[".repeat(100_000)])).toBe("error: exceeded max depth");
    expect(call("fromJson", ["[".repeat(100_000)])).toBe(null);
  });

  test("JSON that is nested deep is read and written", () => {
    const text = `${"[".repeat(1_400)}${"]".repeat(1_400)}`;
    const value = call("mustFromJson", [text]) ?? null;
    expect(call("toJson", [value])).toBe(text);
  });
});

describe("what is shared", () => {
  test("sortAlpha sorts a []string where it is, and another list not", () => {
    const texts = new GoSlice("string", ["b", "a"]);
    const values = list(["b", "a"]);
    expect(call("sortAlpha", [texts])).toBe(texts);
    expect(texts.items).toEqual(["a", "b"]);
    call("sortAlpha", [values]);
    expect(values.items).toEqual(["b", "a"]);
  });

  test("set, unset and merge change the dict that they are given", () => {
    const target = dict([["a", dict()]]);
    expect(call("set", [target, "b", "x"])).toBe(target);
    expect(call("merge", [target, dict([["a", dict([["c", "y"]])]])])).toBe(target);
    expect(call("unset", [target, "b"])).toBe(target);
    expect(answerOf(valueFunctions, "toJson", [target])).toBe('string "{\\"a\\":{\\"c\\":\\"y\\"}}"');
  });

  test("append, prepend, without and reverse leave their list as it is", () => {
    const values = list(["a", "b"]);
    for (const name of ["append", "prepend", "without"]) call(name, [values, "a"]);
    call("reverse", [values]);
    expect(values.items).toEqual(["a", "b"]);
  });

  test("a copy shares nothing", () => {
    const inner = dict([["x", "1"]]);
    const copy = call("deepCopy", [list([inner])]) ?? null;
    inner.entries.set("x", "2");
    expect(call("toJson", [copy])).toBe('[{"x":"1"}]');
  });

  test("__proto__ is a key as any other", () => {
    const read = call("fromJson", ['{"__proto__":{"polluted":true}}']) ?? null;
    expect(call("toJson", [read])).toBe('{"__proto__":{"polluted":true}}');
    expect(call("get", [dict(), "__proto__"])).toBe("");
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    expect(call("regexReplaceAll", ["(?P<__proto__>a)", "a", "[$__proto__]"])).toBe("[a]");
  });
});
