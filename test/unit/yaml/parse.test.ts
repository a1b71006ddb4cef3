import { describe, expect, test } from "vitest";
import { parseYaml, readManifests } from "../../../src/yaml/index.ts";

const value = (text: string) => readManifests(text).manifests[0]?.value;

describe("readManifests()", () => {
  test.each([
    {
      name: "block mapping",
      text: "a: 1\nb:\n  c: x y\n  d: [1, 'two', {e: f}]\n",
      want: { a: 1, b: { c: "x y", d: [1, "two", { e: "f" }] } },
    },
    {
      name: "sequence at the column of its key",
      text: "a:\n- 1\n- b: 2\n  c: 3\nd: e\n",
      want: { a: [1, { b: 2, c: 3 }], d: "e" },
    },
    {
      name: "literal and folded",
      text: "a: |\n  x\n   y\n\n  z\nb: >-\n  one\n  two\n\n  three\n",
      want: { a: "x\n y\n\nz\n", b: "one two\nthree" },
    },
    {
      name: "merge and alias",
      text: "a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  l: 3\nc: *x\n",
      want: { a: { k: 1, l: 2 }, b: { k: 1, l: 3 }, c: { k: 1, l: 2 } },
    },
  ])("$name", ({ text, want }) => {
    expect(value(text)).toEqual(want);
  });
});

describe("parseYaml()", () => {
  test("attaches comments as head, line and foot", () => {
    const { documents } = parseYaml("# document\n\n# key\na: 1 # line\n# foot\n\nb: 2\n");
    const root = documents[0]?.root;
    const entry = root?.kind === "mapping" ? root.entries[0] : undefined;
    expect([documents[0]?.head, entry?.key.head, entry?.value.line, entry?.key.foot]).toEqual([
      "# document",
      "# key",
      "# line",
      "# foot",
    ]);
  });
});
