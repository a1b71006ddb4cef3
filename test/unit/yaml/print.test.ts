import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compareKeys,
  JsonNumberText,
  jsonValue,
  parseJson,
  parseJsonStream,
  parseYaml,
  printJson,
  printSigs,
  printV3,
  readManifests,
  type ScalarNode,
  spliceScalar,
  splitDocuments,
  type YamlNode,
} from "../../../src/yaml/index.ts";
import { anyText } from "../../helpers/any-text.ts";
import { valuesOf } from "../../helpers/yaml/answers.ts";
import { Choices, YamlWriter } from "../../helpers/yaml/corpus.ts";

const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, false, 0, -1, 1.5, 1e21, 1e-7, 9_007_199_254_740_993n),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
    anyText(),
    fc.constantFrom("yes", "0755", "a: b", "\n", " x", "a\n b\n", "<<", "😀 x", "\ufeffa"),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(anyText({ maxLength: 8 }), tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

/** Whole numbers beyond 2^53 are BigInt after a way through text: their digits are those of the number. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value).toString();
  return typeof value === "number" && !Number.isSafeInteger(value) && Number.isInteger(value)
    ? value.toString()
    : value;
}

describe("print and read", () => {
  test("printSigs() then readManifests() is identity", () => {
    fc.assert(
      fc.property(json, (value) => {
        const read = readManifests(printSigs({ value })).manifests[0]?.value;
        expect(JSON.stringify(read, (_, member) => plain(member))).toBe(
          JSON.stringify(sortKeys({ value }), (_, member) => plain(member)),
        );
      }),
      { numRuns: process.env["SLOW"] === undefined ? 300 : 20_000 },
    );
  });

  test("printJson() then parseJson() is identity", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(jsonValue(parseJson(printJson(value, { indent: "\t" })))).toEqual(
          jsonValue(parseJson(printJson(value))),
        );
        expect(printJson(jsonValue(parseJson(printJson(value))))).toBe(printJson(value));
      }),
      { numRuns: 300 },
    );
  });

  test("printV3() keeps every value of what it was given", () => {
    const writer = new YamlWriter(new Choices(815));
    let compared = 0;
    for (let at = 0; at < 1_000; at++) {
      const text = writer.stream();
      const printed = attempt(() => printV3(parseYaml(text, { mode: "lenient" }).documents));
      if (printed === undefined) continue;
      expect({ text, values: valuesOf(printed) }).toEqual({ text, values: valuesOf(text) });
      compared++;
    }
    expect(compared).toBeGreaterThan(700);
  });
});

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const sorted: [string, unknown][] = Object.entries(value)
    .sort(([a], [b]) => compareKeys(a, b))
    .map(([key, member]) => [key, sortKeys(member)]);
  return Object.fromEntries(sorted);
}

describe("compareKeys()", () => {
  test("sorts as the Go library", () => {
    const keys = [
      "aB",
      "b",
      "a10",
      "a2",
      "a b",
      "_x",
      "A",
      "é",
      "",
      "10x",
      "a.b",
      "a-b",
      "Zz",
      "[",
      "$a",
      "x1y10",
      "x1y2",
    ];
    expect(keys.sort(compareKeys)).toEqual([
      "",
      "$a",
      "[",
      "_x",
      "10x",
      "A",
      "Zz",
      "a b",
      "a-b",
      "a.b",
      "a2",
      "a10",
      "aB",
      "b",
      "x1y2",
      "x1y10",
      "é",
    ]);
  });
});

describe("printSigs()", () => {
  test("leaves out what is undefined and sorts keys", () => {
    expect(printSigs({ kind: "Secret", apiVersion: "v1", data: undefined, metadata: { name: "a", labels: {} } })).toBe(
      "apiVersion: v1\nkind: Secret\nmetadata:\n  labels: {}\n  name: a\n",
    );
  });
});

describe("printJson()", () => {
  test("keeps the text of numbers, the order of a Map and any key", () => {
    const value = new Map<string, unknown>([
      ["b", new JsonNumberText("5.0")],
      ["__proto__", 2n ** 63n],
      ["a", "<&>"],
    ]);
    expect(printJson(value)).toBe('{"b":5.0,"__proto__":9223372036854775808,"a":"\\u003c\\u0026\\u003e"}');
    expect(printJson(value, { sortKeys: true, escapeHtml: false, indent: "\t" })).toBe(
      '{\n\t"__proto__": 9223372036854775808,\n\t"a": "<&>",\n\t"b": 5.0\n}',
    );
    expect(() => new JsonNumberText("0x1")).toThrow(RangeError);
  });
});

describe("parseJson()", () => {
  test("keeps order, number texts and places", () => {
    expect(parseJson('{"b": 1.0, "a": [12345678901234567890]}')).toEqual({
      kind: "object",
      at: 0,
      members: [
        { key: "b", at: 1, value: { kind: "number", at: 6, text: "1.0", isInteger: false } },
        {
          key: "a",
          at: 11,
          value: {
            kind: "array",
            at: 16,
            items: [{ kind: "number", at: 17, text: "12345678901234567890", isInteger: true }],
          },
        },
      ],
    });
  });

  test("reads escapes as Go does", () => {
    expect(jsonValue(parseJson('"\\ud83d\\ude00 \\ud83d \\u0041\\/"'))).toBe("😀 \ufffd A/");
  });

  test("reads a stream", () => {
    const { values: found, warnings } = parseJsonStream('{"a":1}\n{"a":1,"a":2} [3]', { mode: "lenient" });
    expect(found.map(jsonValue)).toEqual([{ a: 1 }, { a: 2 }, [3]]);
    expect(warnings.map(({ code, document }) => [code, document])).toEqual([["JSON_DUPLICATE_KEY", 1]]);
  });
});

describe("readManifests()", () => {
  test("numbers documents and lines, skips empty ones, reads JSON too", () => {
    const text = "# nothing\n---\nkind: A\n---\n# only a comment\n---\n\n# above\nkind: B\n";
    expect(readManifests(text).manifests.map(({ document, line, value }) => [document, line, value])).toEqual([
      [0, 3, { kind: "A" }],
      [2, 9, { kind: "B" }],
    ]);
    expect(
      readManifests('{"kind":"A"}\n\n{"kind":"B"}').manifests.map(({ document, line }) => [document, line]),
    ).toEqual([
      [0, 1],
      [1, 3],
    ]);
    expect(readManifests("{kind: A, v: 'x'}\n").manifests[0]?.value).toEqual({ kind: "A", v: "x" });
  });

  test("keeps integers exact", () => {
    const text = "a: 9007199254740993\nb: -9223372036854775808\nc: 18446744073709551615\n";
    const value = readManifests(text).manifests[0]?.value;
    expect(printJson(value)).toBe('{"a":9007199254740993,"b":-9223372036854775808,"c":18446744073709551615}');
    expect(printSigs(value)).toBe(text);
  });
});

describe("splitDocuments()", () => {
  test.each([
    { name: "one document", text: "a: 1\n", want: ["a: 1\n"] },
    { name: "separators with blanks and comments", text: "a\n--- \nb\n--- # c\nd\n", want: ["a\n", "b\n", "d\n"] },
    { name: "a first separator stays", text: "---\na\n---\nb", want: ["---\na\n", "b"] },
    {
      name: "text behind the dashes loses what stands before it",
      text: "a\n--- b\nc\n---d\n",
      want: ["a\n--- b\n", "c\n---d\n"],
    },
    { name: "an indented separator is none", text: "a\n ---\nb\n", want: ["a\n ---\nb\n"] },
    { name: "CRLF", text: "a\r\n---\r\nb\r\n", want: ["a\r\n", "b\r\n"] },
    { name: "nothing", text: "", want: [] },
  ])("$name", ({ text, want }) => {
    expect(splitDocuments(text).map((found) => found.text)).toEqual(want);
  });

  test("says which documents are lost", () => {
    expect(splitDocuments("a\n--- b\nc\n---\n----\nd\n").map(({ isLost }) => isLost === true)).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  test("counts lines", () => {
    expect(splitDocuments("a\n---\nb\nc\n---\nd\n").map(({ line }) => line)).toEqual([1, 3, 6]);
  });
});

describe("spliceScalar()", () => {
  test("changes one scalar and no other byte", () => {
    const input = "# keep\na:   {b: 'x' ,  c: &z !!str old} # here\nd: |\n  text\n";
    const { documents, text } = parseYaml(input);
    const root = documents[0]?.root;
    const scalars: ScalarNode[] = [];
    const walk = (node: YamlNode): void => {
      if (node.kind === "scalar") scalars.push(node);
      if (node.kind === "mapping") {
        for (const { key, value } of node.entries) {
          walk(key);
          walk(value);
        }
      }
    };
    if (root !== undefined) walk(root);
    const old = scalars.find(({ value }) => value === "old");
    const x = scalars.find(({ value }) => value === "x");
    expect(old && spliceScalar(text, old, "new")).toBe(input.replace("old", "new"));
    expect(x && spliceScalar(text, x, '"y"')).toBe(input.replace("'x'", '"y"'));
    expect(() => spliceScalar(text, { ...(x as ScalarNode), textStart: 0, textEnd: 10_000 }, "")).toThrow(RangeError);
  });
});
