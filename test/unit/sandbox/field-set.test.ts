import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compare, fieldsOf } from "../../../sandbox/apply/compare.ts";
import { difference, FieldSet, intersection, sameSet, union } from "../../../sandbox/apply/field-set.ts";
import { fromFieldsV1, pathText, toFieldsV1 } from "../../../sandbox/apply/fields-v1.ts";
import { mergeApplied, removeFields } from "../../../sandbox/apply/merge.ts";
import { equalJson } from "../../../src/objects/index.ts";

const step = fc.constantFrom("f:a", "f:b", 'k:{"name":"x"}', 'v:"y"');
const sets = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 12 }).map((paths) => {
  const set = new FieldSet();
  for (const path of paths) set.insert(path);
  return set;
});
const objects = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 3 });

describe("field sets", () => {
  test("what is written as FieldsV1 is read back", () => {
    fc.assert(
      fc.property(sets, (set) => {
        const read = fromFieldsV1(toFieldsV1(set));
        expect(read !== undefined && sameSet(read, set)).toBe(true);
      }),
    );
  });

  test("union, difference and intersection are those of sets", () => {
    fc.assert(
      fc.property(sets, sets, (left, right) => {
        expect(sameSet(union(difference(left, right), intersection(left, right)), left)).toBe(true);
        expect(difference(left, union(left, right)).isEmpty).toBe(true);
        expect(sameSet(union(left, right), union(right, left))).toBe(true);
      }),
    );
  });

  test.each([
    ["not an object", 1],
    ["an unknown prefix", { "x:a": {} }],
    ["a field that is no object", { "f:a": 1 }],
  ])("%s is no FieldsV1", (_what, value) => {
    expect(fromFieldsV1(value)).toBeUndefined();
  });

  test("paths read as people write them", () => {
    expect(pathText(["f:spec", "f:ports", 'k:{"port":80,"protocol":"TCP"}', "f:name"])).toBe(
      '.spec.ports[port=80,protocol="TCP"].name',
    );
    expect(pathText(["f:finalizers", 'v:"a"'])).toBe('.finalizers[="a"]');
  });
});

describe("applying without a schema", () => {
  test("what was applied is there afterwards, and comparing says nothing changed", () => {
    fc.assert(
      fc.property(objects, objects, (live, applied) => {
        const merged = mergeApplied(live, applied, undefined);
        const { added, modified } = compare(merged, mergeApplied(merged, applied, undefined), undefined);
        expect(added.isEmpty && modified.isEmpty).toBe(true);
        expect(difference(fieldsOf(applied, undefined), fieldsOf(merged, undefined)).isEmpty || hasEmpty(applied)).toBe(
          true,
        );
      }),
    );
  });

  test("removing everything that was added gives the live object back", () => {
    fc.assert(
      fc.property(objects, (applied) => {
        const merged = mergeApplied({}, applied, undefined);
        const left = removeFields(merged, compare({}, merged, undefined).added, new FieldSet(), undefined);
        expect(equalJson(left, {})).toBe(true);
      }),
    );
  });
});

/** An applied empty object does not own what is below it. */
const hasEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.keys(value).length === 0 || Object.values(value).some(hasEmpty)
    : false;
