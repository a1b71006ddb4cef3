import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMerge,
  equalJson,
  type MergeSchema,
} from "../../../src/objects/index.ts";

describe("applyJsonPatch()", () => {
  test.each([
    { name: "adds a key", doc: { a: 1 }, patch: [{ op: "add", path: "/b", value: 2 }], want: { a: 1, b: 2 } },
    { name: "replaces by add", doc: { a: 1 }, patch: [{ op: "add", path: "/a", value: 2 }], want: { a: 2 } },
    { name: "inserts into a list", doc: [1, 3], patch: [{ op: "add", path: "/1", value: 2 }], want: [1, 2, 3] },
    { name: "appends with a dash", doc: [1], patch: [{ op: "add", path: "/-", value: 2 }], want: [1, 2] },
    { name: "removes", doc: { a: [1, 2] }, patch: [{ op: "remove", path: "/a/0" }], want: { a: [2] } },
    { name: "moves", doc: { a: 1 }, patch: [{ op: "move", from: "/a", path: "/b" }], want: { b: 1 } },
    {
      name: "copies deeply",
      doc: { a: { x: 1 } },
      patch: [
        { op: "copy", from: "/a", path: "/b" },
        { op: "replace", path: "/b/x", value: 2 },
      ],
      want: { a: { x: 1 }, b: { x: 2 } },
    },
    {
      name: "escapes in pointers",
      doc: { "a/b": 1, "m~n": 2 },
      patch: [
        { op: "remove", path: "/a~1b" },
        { op: "test", path: "/m~0n", value: 2 },
      ],
      want: { "m~n": 2 },
    },
    { name: "replaces the whole", doc: { a: 1 }, patch: [{ op: "replace", path: "", value: 3 }], want: 3 },
    {
      name: "tests null and absent alike",
      doc: { a: null },
      patch: [{ op: "test", path: "/a", value: null }],
      want: { a: null },
    },
  ])("$name", ({ doc, patch, want }) => {
    const before = structuredClone(doc);
    expect(applyJsonPatch(doc, patch)).toEqual(want);
    expect(doc).toEqual(before);
  });

  test.each([
    { name: "not a list", patch: {}, code: "PATCH_INVALID" },
    { name: "an operation that is no object", patch: [1], code: "PATCH_INVALID" },
    { name: "an unknown op", patch: [{ op: "rm", path: "/a" }], code: "PATCH_INVALID" },
    { name: "no path", patch: [{ op: "remove" }], code: "PATCH_INVALID" },
    { name: "no value", patch: [{ op: "add", path: "/a" }], code: "PATCH_INVALID" },
    { name: "no from", patch: [{ op: "copy", path: "/a" }], code: "PATCH_INVALID" },
    { name: "a pointer without slash", patch: [{ op: "remove", path: "a" }], code: "PATCH_INVALID" },
    { name: "a bad escape", patch: [{ op: "remove", path: "/~2" }], code: "PATCH_INVALID" },
    { name: "removing nothing", patch: [{ op: "remove", path: "/zz" }], code: "PATCH_PATH_MISSING" },
    { name: "replacing nothing", patch: [{ op: "replace", path: "/zz", value: 1 }], code: "PATCH_PATH_MISSING" },
    { name: "adding below nothing", patch: [{ op: "add", path: "/zz/y", value: 1 }], code: "PATCH_PATH_MISSING" },
    { name: "an index behind the end", patch: [{ op: "add", path: "/list/9", value: 1 }], code: "PATCH_PATH_MISSING" },
    { name: "an index that is no number", patch: [{ op: "add", path: "/list/01", value: 1 }], code: "PATCH_INVALID" },
    { name: "a test that fails", patch: [{ op: "test", path: "/a", value: 2 }], code: "PATCH_TEST_FAILED" },
    { name: "a move into itself", patch: [{ op: "move", from: "/list", path: "/list/0" }], code: "PATCH_INVALID" },
    { name: "removing everything", patch: [{ op: "remove", path: "" }], code: "PATCH_INVALID" },
    { name: "an inherited name", patch: [{ op: "remove", path: "/toString" }], code: "PATCH_PATH_MISSING" },
    {
      name: "too many operations",
      patch: new Array(10_001).fill({ op: "test", path: "/a", value: 1 }),
      code: "PATCH_LIMIT",
    },
  ])("refuses $name", ({ patch, code }) => {
    expect(() => applyJsonPatch({ a: 1, list: [1] }, patch)).toThrow(expect.objectContaining({ code }));
  });

  test("does not touch prototypes", () => {
    applyJsonPatch({}, [{ op: "add", path: "/__proto__", value: { polluted: true } }]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("applyMergePatch()", () => {
  // The examples of RFC 7386, appendix A.
  test.each([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("%j with %j is %j", (doc, patch, want) => {
    expect(applyMergePatch(doc, patch)).toEqual(want);
  });

  test("applying twice is applying once", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (doc, patch) => {
        const once = applyMergePatch(doc, patch);
        expect(equalJson(applyMergePatch(once, patch), once)).toBe(true);
      }),
    );
  });

  test("a patch nested without end is refused", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 600; level += 1) deep = { a: deep };
    expect(() => applyMergePatch({}, deep)).toThrow(expect.objectContaining({ code: "PATCH_LIMIT" }));
  });
});

const none = { field: () => undefined, item: () => undefined };
const item: MergeSchema = { field: () => undefined, item: () => undefined };
const schema: MergeSchema = {
  field: (name) =>
    name === "list"
      ? { ...none, mergeKey: "name", strategies: ["merge"], item: () => item }
      : name === "words"
        ? { ...none, strategies: ["merge"] }
        : undefined,
  item: () => undefined,
};

describe("applyStrategicMerge()", () => {
  const doc = { list: [{ name: "a", v: 1, w: 1 }, { name: "b" }], words: ["x", "y"], map: { k: 1, l: 2 }, plain: [1] };
  test.each([
    {
      name: "merges list items by key",
      patch: { list: [{ name: "a", v: 2 }] },
      want: { list: [{ name: "a", v: 2, w: 1 }, { name: "b" }] },
    },
    { name: "adds list items", patch: { list: [{ name: "c" }] }, want: { list: [{ name: "c" }, ...doc.list] } },
    { name: "deletes list items", patch: { list: [{ name: "a", $patch: "delete" }] }, want: { list: [{ name: "b" }] } },
    {
      name: "replaces a list",
      patch: { list: [{ name: "z" }, { $patch: "replace" }] },
      want: { list: [{ name: "z" }] },
    },
    { name: "replaces a list without strategy", patch: { plain: [2] }, want: { plain: [2] } },
    { name: "merges lists of words", patch: { words: ["y", "z"] }, want: { words: ["x", "y", "z"] } },
    { name: "deletes words", patch: { "$deleteFromPrimitiveList/words": ["x"] }, want: { words: ["y"] } },
    { name: "replaces a map", patch: { map: { $patch: "replace", m: 3 } }, want: { map: { m: 3 } } },
    { name: "deletes a map", patch: { map: { $patch: "delete" } }, want: { map: undefined } },
    { name: "retains only some keys", patch: { map: { $retainKeys: ["l"], l: 3 } }, want: { map: { l: 3 } } },
    {
      name: "orders a list",
      patch: { "$setElementOrder/list": [{ name: "b" }, { name: "a" }] },
      want: { list: [{ name: "b" }, doc.list[0]] },
    },
    { name: "removes by null", patch: { words: null }, want: { words: undefined } },
  ])("$name", ({ patch, want }) => {
    expect(applyStrategicMerge(doc, patch, schema)).toEqual({ ...doc, ...want });
  });

  test.each([
    { name: "an item without its key", patch: { list: [{ v: 1 }] } },
    { name: "an unknown directive", patch: { map: { $patch: "explode" } } },
    { name: "keys to retain that are no list", patch: { map: { $retainKeys: "l" } } },
    { name: "an order that is no list", patch: { "$setElementOrder/list": 1 } },
  ])("refuses $name", ({ patch }) => {
    expect(() => applyStrategicMerge(doc, patch, schema)).toThrow(expect.objectContaining({ code: "PATCH_INVALID" }));
  });
});
