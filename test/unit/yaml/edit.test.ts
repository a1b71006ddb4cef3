import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { editManifests, readManifests, replaceDocuments, YamlError } from "../../../src/yaml/index.ts";
import { suiteCases } from "../../helpers/yaml/suite.ts";

const ITEMS = ["spec", "encryptedData"] as const;
const item = (key: string) => [...ITEMS, key];

interface Row {
  readonly name: string;
  readonly text: string;
  readonly key: string;
  readonly value?: string | undefined;
  readonly want: string;
}

const set: readonly Row[] = [
  {
    name: "a plain value, with a comment behind it",
    text: "# head\nspec:\n  encryptedData:\n    b: AgB # why\n    a: AgA\n",
    key: "b",
    want: "# head\nspec:\n  encryptedData:\n    b: NEW # why\n    a: AgA\n",
  },
  {
    name: "a value in single quotes",
    text: "spec: {encryptedData: {a: 'AgA'}}\n",
    key: "a",
    want: "spec: {encryptedData: {a: 'NEW'}}\n",
  },
  {
    name: "a value in double quotes over two lines",
    text: 'spec:\n  encryptedData:\n    a: "Ag\\\n      A"\n    b: x\n',
    key: "a",
    want: 'spec:\n  encryptedData:\n    a: "NEW"\n    b: x\n',
  },
  {
    name: "a block value with a comment at its indicator",
    text: "spec:\n  encryptedData:\n    a: >- # long\n      AgA\n      BBB\n\n    # next\n    b: x\n",
    key: "a",
    want: "spec:\n  encryptedData:\n    a: NEW # long\n\n    # next\n    b: x\n",
  },
  {
    name: "a key without a value, line ends of Windows",
    text: "spec:\r\n  encryptedData:\r\n    a:\r\n    b: x\r\n",
    key: "a",
    want: "spec:\r\n  encryptedData:\r\n    a: NEW\r\n    b: x\r\n",
  },
  {
    name: "an alias, which stops being one",
    text: "x: &x AgA\nspec: {encryptedData: {a: *x }}\n",
    key: "a",
    want: "x: &x AgA\nspec: {encryptedData: {a: NEW }}\n",
  },
  {
    name: "JSON with escapes",
    text: '{"spec": {"encryptedData": {"\\u0061" : "Ag\\/A", "b":"x"}}}',
    key: "a",
    want: '{"spec": {"encryptedData": {"\\u0061" : "NEW", "b":"x"}}}',
  },
];

const add: readonly Row[] = [
  {
    name: "in order among sorted keys, below the comment of the one before",
    text: "spec:\n  encryptedData:\n      a: AgA # a\n      # c\n      c: AgC\n  template: {}\n",
    key: "b",
    want: "spec:\n  encryptedData:\n      a: AgA # a\n      b: NEW\n      # c\n      c: AgC\n  template: {}\n",
  },
  {
    name: "above the comment of the first key",
    text: "spec:\n  encryptedData: # all\n    # c\n    c: AgC\n",
    key: "b",
    want: "spec:\n  encryptedData: # all\n    b: NEW\n    # c\n    c: AgC\n",
  },
  {
    name: "at the end of unsorted keys, in a file that ends without a line end",
    text: "spec:\n  encryptedData:\n    c: AgC\n    a: AgA",
    key: "b",
    want: "spec:\n  encryptedData:\n    c: AgC\n    a: AgA\n    b: NEW",
  },
  {
    name: "quoted as the others are",
    text: 'spec:\n  encryptedData:\n    "a": "AgA"\n',
    key: "b",
    want: 'spec:\n  encryptedData:\n    "a": "AgA"\n    "b": "NEW"\n',
  },
  {
    name: "a key that reads as something else without quotes",
    text: "spec:\n  encryptedData:\n    a: AgA\n",
    key: "no",
    want: 'spec:\n  encryptedData:\n    a: AgA\n    "no": NEW\n',
  },
  {
    name: "into a block that is empty",
    text: "spec:\n  encryptedData: {} # none\n  template: x\n",
    key: "b",
    want: "spec:\n  encryptedData: # none\n    b: NEW\n  template: x\n",
  },
  {
    name: "between empty braces with a comment",
    text: "spec:\n  encryptedData: { # none yet\n  }\n",
    key: "b",
    want: "spec:\n  encryptedData: {b: NEW # none yet\n  }\n",
  },
  {
    name: "where nothing is written",
    text: "spec:\n  encryptedData:\n  template: x\n",
    key: "b",
    want: "spec:\n  encryptedData:\n    b: NEW\n  template: x\n",
  },
  {
    name: "where null is written",
    text: "spec: {encryptedData: null}\n",
    key: "b",
    want: "spec: {encryptedData: {b: NEW}}\n",
  },
  {
    name: "with the mapping around it",
    text: "kind: SealedSecret\nspec:\n  template: x\n",
    key: "b",
    want: "kind: SealedSecret\nspec:\n  encryptedData:\n    b: NEW\n  template: x\n",
  },
  {
    name: "with both mappings around it",
    text: "kind: SealedSecret\n# end\n",
    key: "b",
    want: "kind: SealedSecret\nspec:\n  encryptedData:\n    b: NEW\n# end\n",
  },
  {
    name: "between braces on one line",
    text: "spec: {encryptedData: {a: AgA,c: AgC}}\n",
    key: "b",
    want: "spec: {encryptedData: {a: AgA, b: NEW,c: AgC}}\n",
  },
  {
    name: "between braces on lines of their own",
    text: "spec:\n  encryptedData: {\n    c: AgC,\n  }\n",
    key: "b",
    want: "spec:\n  encryptedData: {\n    b: NEW,\n    c: AgC,\n  }\n",
  },
  {
    name: "into tight JSON",
    text: '{"spec":{"encryptedData":{"a":"AgA"}}}\n',
    key: "b",
    want: '{"spec":{"encryptedData":{"a":"AgA","b":"NEW"}}}\n',
  },
  {
    name: "into JSON as kubeseal prints it",
    text: '{\n\t"spec": {\n\t\t"encryptedData": {}\n\t}\n}\n',
    key: "b",
    want: '{\n\t"spec": {\n\t\t"encryptedData": {\n\t\t\t"b": "NEW"\n\t\t}\n\t}\n}\n',
  },
  {
    name: "into JSON without the mapping",
    text: '{\n  "spec": {\n    "template": 1\n  }\n}\n',
    key: "b",
    want: '{\n  "spec": {\n    "encryptedData": {\n      "b": "NEW"\n    },\n    "template": 1\n  }\n}\n',
  },
];

const unset: readonly Row[] = [
  {
    name: "a line, its comment behind it too",
    text: "spec:\n  encryptedData:\n    a: AgA # a\n    # b\n    b: AgB\n",
    key: "a",
    want: "spec:\n  encryptedData:\n    # b\n    b: AgB\n",
  },
  {
    name: "a block value",
    text: "spec:\n  encryptedData:\n    a: |\n      AgA\n      AgA\n    b: AgB\n",
    key: "a",
    want: "spec:\n  encryptedData:\n    b: AgB\n",
  },
  {
    name: "the last line of a file without a line end",
    text: "spec:\n  encryptedData:\n    a: AgA\n    b: AgB",
    key: "b",
    want: "spec:\n  encryptedData:\n    a: AgA",
  },
  {
    name: "the only one",
    text: "spec:\n  encryptedData: # all\n    a: AgA\n  template: x\n",
    key: "a",
    want: "spec:\n  encryptedData: {} # all\n  template: x\n",
  },
  {
    name: "the first between braces",
    text: "spec: {encryptedData: {a: AgA, b: AgB}}\n",
    key: "a",
    want: "spec: {encryptedData: {b: AgB}}\n",
  },
  {
    name: "the last of JSON",
    text: '{\n  "spec": {\n    "encryptedData": {\n      "a": "AgA",\n      "b": "AgB"\n    }\n  }\n}\n',
    key: "b",
    want: '{\n  "spec": {\n    "encryptedData": {\n      "a": "AgA"\n    }\n  }\n}\n',
  },
  { name: "what is not there", text: "spec: {} # x\n", key: "a", want: "spec: {} # x\n" },
];

describe("editManifests()", () => {
  test.each([...set, ...add].map((row) => ({ ...row, value: "NEW" })))("sets $name", ({ text, key, value, want }) => {
    expect(editManifests(text, { document: 0, changes: [{ path: item(key), value }] })).toBe(want);
  });

  test.each(unset)("takes out $name", ({ text, key, want }) => {
    expect(editManifests(text, { document: 0, changes: [{ path: item(key), value: undefined }] })).toBe(want);
  });

  test("keeps other documents and the byte order mark", () => {
    const text = "\ufeffa: 1\n--- # two\nspec:\n  encryptedData: {a: x}\n...\n---\na: {b:  c}\n";
    const want = "\ufeffa: 1\n--- # two\nspec:\n  encryptedData: {a: NEW}\n...\n---\na: {b:  c}\n";
    expect(editManifests(text, { document: 1, changes: [{ path: item("a"), value: "NEW" }] })).toBe(want);
  });

  test("keeps the other values of a JSON stream", () => {
    const text = '{"a": 1e3}\n{"spec":{"encryptedData":{"a":"x"}}} {"b":2}';
    const want = '{"a": 1e3}\n{"spec":{"encryptedData":{"a":"NEW"}}} {"b":2}';
    expect(editManifests(text, { document: 1, changes: [{ path: item("a"), value: "NEW" }] })).toBe(want);
  });

  test("reaches into the items of a List", () => {
    const text = "kind: List\nitems:\n- a: 1\n- spec:\n    encryptedData:\n      a: x\n";
    const changes = [{ path: ["items", 1, ...ITEMS, "b"], value: "NEW" }];
    expect(editManifests(text, { document: 0, changes })).toBe(`${text}      b: NEW\n`);
  });

  test.each([
    {
      name: "an anchor that an alias repeats",
      text: "spec:\n  encryptedData: &all\n    a: x\nother: *all\n",
      why: 'Cannot edit "f.yaml": line 3, column 5: an alias in line 4 repeats what stands here',
    },
    {
      name: "an anchored value that an alias repeats",
      text: "spec:\n  encryptedData:\n    a: &x AgA\n    b: *x\n",
      why: 'Cannot edit "f.yaml": line 3, column 11: an alias in line 4 repeats what stands here',
    },
    {
      name: "an alias in place of the mapping",
      text: "x: &all {a: x}\nspec:\n  encryptedData: *all\n",
      why: 'Cannot edit "f.yaml": line 3, column 18: an alias stands here: its values are written elsewhere',
    },
    {
      name: "a merge key",
      text: "x: &all {a: x}\nspec:\n  encryptedData:\n    <<: *all\n",
      why: 'Cannot edit "f.yaml": line 4, column 5: a merge key (<<) brings in entries from elsewhere',
    },
    {
      name: "a key that is there twice",
      text: "spec:\n  encryptedData:\n    a: x\n    a: y\n",
      why: 'Cannot read "f.yaml": line 4, column 5: the key "a" is there twice (first in line 3)',
    },
    {
      name: "a list in place of the mapping",
      text: "---\nx: y\nspec:\n  encryptedData: [a]\n",
      why: 'Cannot edit "f.yaml": line 4, column 18: a mapping is expected here',
    },
    {
      name: "a mapping in place of the value",
      text: "spec:\n  encryptedData:\n    a: {b: c}\n",
      why: 'Cannot edit "f.yaml": line 3, column 8: a text is expected here',
    },
    {
      name: "a tag that would read the new value as something else",
      text: "spec:\n  encryptedData:\n    a: !!int 5\n",
      why: 'Cannot edit "f.yaml": line 1, column 1: this layout cannot be edited in place',
    },
    {
      name: "a key that reads as a boolean",
      text: "spec:\n  encryptedData:\n    n: AgA\n",
      key: "n",
      why: 'Cannot edit "f.yaml": line 1, column 1: this layout cannot be edited in place',
    },
  ])("refuses $name", ({ text, why, key = "a" }) => {
    const edit = () =>
      editManifests(text, { document: 0, changes: [{ path: item(key), value: "NEW" }], source: "f.yaml" });
    expect(edit).toThrow(why);
  });

  test("refuses a comment in the way of a cut", () => {
    const text = "spec:\n  encryptedData: {\n    a: x, # a\n    b: y\n  }\n";
    const edit = (key: string) =>
      editManifests(text, { document: 0, changes: [{ path: item(key), value: undefined }] });
    expect(() => edit("a")).toThrow("line 3, column 5: the entry cannot be taken out");
    expect(() => edit("b")).toThrow("line 4, column 5: the entry cannot be taken out");
  });
});

const COMMENTS = ["", " # c", "   # a: b {"];
const LAYOUTS = ["block", "flow", "flowLines", "json", "jsonTight"] as const;
const KEYS = ["a", "b.c", "d-e", "f_g", "yes", "1.10", "0x1", "k", "tls.crt", "Z", "null", "_x"];
const VALUES = ["AgA=", "AgB/+x", "AQxyz", "Ag1"];

/** A manifest with random layout, as lines; what it says is known. */
const manifests = fc
  .record({
    layout: fc.constantFrom(...LAYOUTS),
    keys: fc.shuffledSubarray(KEYS, { maxLength: 6 }),
    quotes: fc.array(fc.constantFrom("plain", "single", "double", "block", "folded"), { minLength: 6, maxLength: 6 }),
    keyQuote: fc.constantFrom("'", '"'),
    comments: fc.array(fc.constantFrom(...COMMENTS), { minLength: 8, maxLength: 8 }),
    above: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    indent: fc.constantFrom("  ", "    ", "   "),
    windows: fc.boolean(),
    before: fc.constantFrom("", "a: 1\n---\n", "# only\n---\nx: [1, 2]\n--- # z\n"),
    behind: fc.constantFrom("", "---\nb: {c:   d}\n", "...\n---\n- x\n"),
    ended: fc.boolean(),
  })
  .map((shape) => {
    const { layout, keys, quotes, comments, above, indent, keyQuote } = shape;
    const value = (at: number) => VALUES[at % VALUES.length] ?? "";
    const safeKey = (key: string) =>
      /^(a|b\.c|d-e|f_g|k|tls\.crt|Z|_x)$/.test(key) ? key : `${keyQuote}${key}${keyQuote}`;
    const written = (at: number, inner: string) => {
      const quote = quotes[at];
      if (quote === "single") return `'${value(at)}'${comments[at]}`;
      if (quote === "double") return `"${value(at)}"${comments[at]}`;
      if (quote === "block") return `|-${comments[at]}\n${inner}${indent}${value(at)}`;
      if (quote === "folded") return `>-\n${inner}  ${value(at)}\n`;
      return value(at) + comments[at];
    };
    const flowValue = (at: number) => (quotes[at] === "single" ? `'${value(at)}'` : `"${value(at)}"`);
    const members = keys.map((key, at) => ({ key, at }));
    let text: string;
    if (layout === "json" || layout === "jsonTight") {
      const data = Object.fromEntries(members.map(({ key, at }) => [key, value(at)]));
      text = JSON.stringify(
        { kind: "x", spec: { encryptedData: data, z: [1] } },
        null,
        layout === "json" ? indent : "",
      );
    } else {
      const head = `kind: x${comments[6]}\nspec:${comments[7]}\n`;
      const inner = indent + indent;
      const items =
        layout === "block"
          ? members.length === 0
            ? " {}"
            : members
                .map(
                  ({ key, at }) =>
                    `${above[at] ? `\n${inner}# above` : ""}\n${inner}${safeKey(key)}: ${written(at, inner)}`,
                )
                .join("")
          : layout === "flow"
            ? ` {${members.map(({ key, at }) => `${safeKey(key)}: ${flowValue(at)}`).join(", ")}}`
            : ` {\n${members.map(({ key, at }) => `${inner}${safeKey(key)}: ${flowValue(at)}`).join(",\n")}\n${indent}}`;
      text = `${shape.before}${head}${indent}encryptedData:${items}\n${indent}z: [1]\n${shape.behind}`;
    }
    if (shape.windows) text = text.replaceAll("\n", "\r\n");
    if (!shape.ended) text = text.trimEnd();
    const document = layout.startsWith("json") ? 0 : shape.before === "" ? 0 : 1;
    return { text, keys, document };
  });

function commonLengths(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  let front = 0;
  while (front < shorter && a[front] === b[front]) front++;
  let back = 0;
  while (back < shorter - front && a[a.length - 1 - back] === b[b.length - 1 - back]) back++;
  return front + back;
}

const dataOf = (text: string, document: number) => {
  const value = readManifests(text).manifests.find((manifest) => manifest.document === document)?.value;
  const spec = Object(value).spec;
  return { ...spec.encryptedData };
};

describe("editManifests() of any layout", () => {
  const runs = { numRuns: process.env["SLOW"] === "1" ? 5000 : 100 };

  test("changes one item and no other byte", () => {
    fc.assert(
      fc.property(manifests, fc.nat(), ({ text, keys, document }, pick) => {
        const key = keys[pick % Math.max(1, keys.length)];
        if (key === undefined) return;
        const before = dataOf(text, document);
        const after = editManifests(text, { document, changes: [{ path: item(key), value: "AgNEW" }] });
        expect(dataOf(after, document)).toEqual({ ...before, [key]: "AgNEW" });
        // Nothing but the old value, its block indicator and its line break goes.
        expect(text.length - commonLengths(text, after)).toBeLessThanOrEqual(before[key].length + 30);
        expect(after.length - commonLengths(text, after)).toBeLessThanOrEqual("AgNEW # a: b {".length + 5);
      }),
      runs,
    );
  });

  test("adds one item and loses no byte; taking it out again gives the first text", () => {
    fc.assert(
      fc.property(manifests, fc.constantFrom("new", "0", "zz"), ({ text, document, keys }, key) => {
        const before = dataOf(text, document);
        const after = editManifests(text, { document, changes: [{ path: item(key), value: "AgNEW" }] });
        expect(dataOf(after, document)).toEqual({ ...before, [key]: "AgNEW" });
        if (keys.length === 0) return;
        expect(commonLengths(text, after)).toBe(text.length);
        expect(editManifests(after, { document, changes: [{ path: item(key), value: undefined }] })).toBe(text);
      }),
      runs,
    );
  });

  test("takes one item out and leaves the others as they are", () => {
    fc.assert(
      fc.property(manifests, fc.nat(), ({ text, keys, document }, pick) => {
        const key = keys[pick % Math.max(1, keys.length)];
        if (key === undefined) return;
        const before = dataOf(text, document);
        const after = editManifests(text, { document, changes: [{ path: item(key), value: undefined }] });
        delete before[key];
        expect(dataOf(after, document)).toEqual(before);
        if (keys.length > 1) expect(commonLengths(text, after)).toBe(after.length);
      }),
      runs,
    );
  });

  test("changes made at once are as changes made one after the other", () => {
    const change = fc.tuple(fc.constantFrom(...KEYS.slice(0, 6), "new"), fc.constantFrom("AgNEW", "x: y", undefined));
    const outcome = (edit: () => string) => {
      try {
        return edit();
      } catch (error) {
        return error instanceof YamlError ? error.code : error;
      }
    };
    fc.assert(
      fc.property(manifests, fc.array(change, { minLength: 2, maxLength: 6 }), ({ text, document }, chosen) => {
        const changes = chosen.map(([key, value]) => ({ path: item(key), value }));
        const oneByOne = () => changes.reduce((now, one) => editManifests(now, { document, changes: [one] }), text);
        expect(outcome(() => editManifests(text, { document, changes }))).toEqual(outcome(oneByOne));
      }),
      runs,
    );
  });
});

describe("every text of the YAML test suite", () => {
  const texts = suiteCases().flatMap(({ yaml }) => {
    try {
      return [{ text: yaml, manifests: readManifests(yaml).manifests }];
    } catch (error) {
      if (error instanceof YamlError) return [];
      throw error;
    }
  });

  /** Paths of the root and of the mappings in it. */
  const mappings = (value: unknown): (readonly (string | number)[])[] => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
    const inner = Object.entries(value).filter(
      ([, item]) => typeof item === "object" && item !== null && !Array.isArray(item),
    );
    return [[], ...inner.map(([key]) => [key])];
  };
  const attempt = (work: () => string): string | undefined => {
    try {
      return work();
    } catch (error) {
      if (error instanceof YamlError) return undefined;
      throw error;
    }
  };

  test("takes one more entry and loses nothing, or is refused", () => {
    let edited = 0;
    for (const { text, manifests } of texts) {
      for (const { value, document } of manifests) {
        for (const path of mappings(value)) {
          const changes = [{ path: [...path, "new.key"], value: "NEW" }];
          const after = attempt(() => editManifests(text, { document, changes }));
          if (after === undefined) continue;
          edited++;
          expect(commonLengths(text, after) + (/\{ *\}/.test(text) ? 3 : 0), text).toBeGreaterThanOrEqual(text.length);
        }
      }
    }
    expect(edited).toBeGreaterThan(100);
  });

  test("lets one document be replaced and keeps the others, or is refused", () => {
    let replaced = 0;
    for (const { text, manifests } of texts) {
      for (const { document } of manifests) {
        const after = attempt(() => replaceDocuments(text, new Map([[document, "kind: New\n"]])));
        if (after === undefined) continue;
        replaced++;
        const values = readManifests(after).manifests;
        expect(values.length, text).toBe(manifests.length);
        for (const [at, manifest] of values.entries()) {
          expect(manifest.value, text).toEqual(manifest.document === document ? { kind: "New" } : manifests[at]?.value);
        }
      }
    }
    expect(replaced).toBeGreaterThan(200);
  });
});
