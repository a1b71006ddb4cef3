import { describe, expect, test } from "vitest";
import { parseJson, parseYaml, printJson, printSigs, readManifests, YamlError } from "../../../src/yaml/index.ts";

const bytes = (...values: readonly number[]) => Uint8Array.from(values);

function errorOf(read: () => unknown): YamlError {
  try {
    read();
  } catch (error) {
    if (error instanceof YamlError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

interface Refused {
  readonly name: string;
  readonly input: string | Uint8Array;
  readonly code: string;
  /** Line and column of the place. */
  readonly at: string;
}

const REFUSED: readonly Refused[] = [
  { name: "NUL", input: "a: 1\nb: \0\n", code: "YAML_CONTROL_CHARACTER", at: "2:4" },
  { name: "DEL", input: "a: \x7f\n", code: "YAML_CONTROL_CHARACTER", at: "1:4" },
  { name: "half of a surrogate pair", input: "a: \ud83d\n", code: "YAML_CONTROL_CHARACTER", at: "1:4" },
  { name: "a byte that is not UTF-8", input: bytes(97, 58, 32, 0xff, 10), code: "YAML_NOT_UTF8", at: "1:4" },
  { name: "a cut character", input: bytes(97, 10, 0xe2, 0x82), code: "YAML_NOT_UTF8", at: "2:1" },
  { name: "an overlong character", input: bytes(97, 0xc0, 0x80), code: "YAML_NOT_UTF8", at: "1:2" },
  { name: "odd UTF-16", input: bytes(0xff, 0xfe, 97), code: "YAML_NOT_UTF8", at: "1:1" },
  { name: "a tab as indentation", input: "a:\n\tb: 1\n", code: "YAML_TAB", at: "2:1" },
  { name: "a tab in a block scalar", input: "a: |\n\tb\n", code: "YAML_TAB", at: "2:1" },
  { name: "a tab in a plain scalar", input: "- a:\n    b\n\tc\n", code: "YAML_TAB", at: "3:1" },
  { name: "an open quote", input: "a: 'b\n", code: "YAML_SYNTAX", at: "2:1" },
  { name: "an open flow", input: "a: [1,\n", code: "YAML_SYNTAX", at: "2:1" },
  { name: "a key in a value", input: "a: b: c\n", code: "YAML_SYNTAX", at: "1:5" },
  { name: "wrong indentation", input: "a:\n  b: 1\n c: 2\n", code: "YAML_SYNTAX", at: "3:2" },
  { name: "a character that starts nothing", input: "é😀: `x`\n", code: "YAML_SYNTAX", at: "1:5" },
  { name: "an unknown escape", input: 'a: "\\q"\n', code: "YAML_SYNTAX", at: "1:5" },
  { name: "an unknown anchor", input: "a: *b\n", code: "YAML_UNKNOWN_ANCHOR", at: "1:4" },
  { name: "an anchor of another document", input: "a: &b 1\n---\na: *b\n", code: "YAML_UNKNOWN_ANCHOR", at: "3:4" },
  { name: "an anchor that contains itself", input: "a: &b\n- *b\n", code: "YAML_RECURSIVE_ANCHOR", at: "2:3" },
  { name: "an unknown tag handle", input: "a: !b!c 1\n", code: "YAML_TAG", at: "1:4" },
  { name: "YAML 1.2 by directive", input: "%YAML 1.2\n---\na: 1\n", code: "YAML_DIRECTIVE", at: "1:1" },
  { name: "a key twice", input: "a: 1\nb: 2\na: 3\n", code: "YAML_DUPLICATE_KEY", at: "3:1" },
  { name: "a key twice in a flow", input: "x: {a: 1, a: 2}\n", code: "YAML_DUPLICATE_KEY", at: "1:11" },
  { name: "many keys, one twice", input: `${keys(50)}k7: 1\n`, code: "YAML_DUPLICATE_KEY", at: "51:1" },
];

function keys(count: number): string {
  return Array.from({ length: count }, (_, at) => `k${at}: v\n`).join("");
}

const BOMB = `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from("bcdefghi", (name, at) => `${name}: &${name} [${`*${"abcdefgh"[at]},`.repeat(9)}]\n`).join("")}`;
const MERGE_BOMB = `a: &a {k: v}\n${Array.from({ length: 40 }, (_, at) => {
  const previous = at === 0 ? "a" : `b${at - 1}`;
  return `b${at}: &b${at} {<<: [*${previous}, *${previous}]}\n`;
}).join("")}`;

/** Each anchor nests its list below the limit, all of them together far beyond. */
const ALIAS_CHAIN = Array.from({ length: 10 }, (_, at) => {
  const inner = at === 0 ? "1" : `*x${at - 1}`;
  return `x${at}: &x${at} ${"[".repeat(300)}${inner}${"]".repeat(300)}\n`;
}).join("");

const HOSTILE: readonly { readonly name: string; readonly input: string; readonly code: string }[] = [
  { name: "10,000 open brackets", input: "[".repeat(10_000), code: "YAML_TOO_DEEP" },
  { name: "10,000 nested lists", input: "[".repeat(10_000) + "]".repeat(10_000), code: "YAML_TOO_DEEP" },
  { name: "10,000 nested mappings", input: '{"a":'.repeat(10_000), code: "YAML_TOO_DEEP" },
  { name: "10,000 dashes", input: `${"- ".repeat(10_000)}a\n`, code: "YAML_TOO_DEEP" },
  { name: "10,000 question marks", input: `${"? ".repeat(10_000)}a\n`, code: "YAML_TOO_DEEP" },
  {
    name: "10,000 levels of indentation",
    input: Array.from({ length: 2_000 }, (_, at) => `${" ".repeat(at)}a:\n`).join(""),
    code: "YAML_TOO_DEEP",
  },
  { name: "a bomb of aliases", input: BOMB, code: "YAML_ALIAS_BOMB" },
  { name: "aliases that nest together", input: ALIAS_CHAIN, code: "YAML_TOO_DEEP" },
  { name: "a bomb of merge keys", input: MERGE_BOMB, code: "YAML_ALIAS_BOMB" },
];

describe("YAML that is refused", () => {
  test.each(REFUSED)("$name: $code", ({ input, code, at }) => {
    for (const read of [() => readManifests(input), () => parseYaml(input)]) {
      const error = errorOf(read);
      expect([error.code, `${error.at.line}:${error.at.column}`]).toEqual([code, at]);
      expect(error.message).toMatch(/^Cannot read YAML: line \d+, column \d+: /);
    }
  });

  test.each(HOSTILE)("$name: $code", ({ input, code }) => {
    expect(errorOf(() => readManifests(input)).code).toBe(code);
    expect(errorOf(() => parseYaml(input)).code).toBe(code);
  });

  test("a duplicate key names both lines and the file", () => {
    const error = errorOf(() => readManifests("image: a\nx:\n  image: b\nimage: c\n", { source: "values.yaml" }));
    expect(error.message).toBe(
      'Cannot read "values.yaml": line 4, column 1: the key "image" is there twice (first in line 1)',
    );
    expect(error.hints).toEqual(["keep one of the two keys"]);
  });

  test("no message shows a value", () => {
    const secret = "hunter2";
    for (const text of [`a: !!int ${secret}\n`, `a: "${secret}\n`, `a: ${secret}: b\n`, `a: !!binary '${secret}*'\n`]) {
      const error = errorOf(() => readManifests(text));
      expect(JSON.stringify([error.message, error.upstream, error.details, error.hints])).not.toContain(secret);
    }
  });

  test.each([
    { name: "null", input: "~: 1\n", code: "YAML_KEY" },
    { name: "a list", input: "[a]: 1\n", code: "YAML_KEY" },
    { name: "beyond 64 bits signed", input: "9223372036854775808: 1\n", code: "YAML_KEY" },
    { name: "twice by conversion", input: "1: a\n'1': b\n", code: "YAML_DUPLICATE_KEY" },
    { name: "twice as merge key", input: "a: &a {b: 1}\nc: {<<: *a, <<: *a}\n", code: "YAML_DUPLICATE_KEY" },
    { name: "set before a merge key", input: "a: &a {b: 1}\nc: {b: 2, <<: *a}\n", code: "YAML_MERGE" },
    { name: "merged from a scalar", input: "a: {<<: 1}\n", code: "YAML_MERGE" },
  ])("a manifest key that is $name: $code", ({ input, code }) => {
    expect(errorOf(() => readManifests(input)).code).toBe(code);
  });

  test("limits are exact", () => {
    const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
    expect(readManifests(nested(5), { limits: { maxDepth: 5 } }).manifests).toHaveLength(1);
    expect(errorOf(() => readManifests(nested(6), { limits: { maxDepth: 5 } })).code).toBe("YAML_TOO_DEEP");
    expect(errorOf(() => readManifests("a: 12345", { limits: { maxInputLength: 7 } })).code).toBe("YAML_TOO_LARGE");
    expect(errorOf(() => parseYaml("[a,b,c,d]", { limits: { maxNodes: 3 } })).code).toBe("YAML_TOO_LARGE");
    expect(errorOf(() => parseYaml("---\n---\n---\n", { limits: { maxDocuments: 2 } })).code).toBe("YAML_TOO_LARGE");
  });

  test("a line of 10 MB is read in one pass", () => {
    const length = 10_000_000;
    const { manifests } = readManifests(`a: ${"x".repeat(length)}\n`);
    expect(manifests[0]?.value).toHaveProperty("a.length", length);
  });

  test.each([
    { name: "digits", text: `a: ${"9".repeat(1_000_000)}\n` },
    { name: "zeros of a hexadecimal number", text: `a: 0x${"0".repeat(1_000_000)}1\n` },
    { name: "items in one line with a character beyond the BMP", text: `["😀",${"a,".repeat(100_000)}]\n` },
    { name: "spaces", text: `a: b${" ".repeat(1_000_000)}\nc: d\n` },
    { name: "empty lines", text: `a: b\n${"\n".repeat(1_000_000)}c: d\n` },
    { name: "comments of changing indentation", text: `a:\n  b: c\n${"  # d\n# e\n".repeat(50_000)}f: g\n` },
    { name: "keys", text: keys(20_000) },
  ])("many $name take time in proportion", ({ text }) => {
    expect(() => {
      readManifests(text);
      parseYaml(text);
    }).not.toThrow();
  });

  test("columns count characters", () => {
    const root = parseYaml("['😀', x, '😀😀', y]\n").documents[0]?.root;
    expect(root?.kind === "sequence" && root.items.map((item) => item.at?.column)).toEqual([2, 7, 10, 16]);
  });

  test("__proto__ is a key like others", () => {
    const value = readManifests("__proto__: {polluted: true}\nb: 1\n").manifests[0]?.value;
    expect(Object.keys(value ?? {})).toEqual(["__proto__", "b"]);
    expect({}).not.toHaveProperty("polluted");
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});

describe("what lenient reading reports", () => {
  test.each([
    { name: "the last of two keys counts", input: "a: 1\na: 2\n", value: { a: 2 }, codes: ["YAML_DUPLICATE_KEY"] },
    {
      name: "a merge key behind a key wins",
      input: "a: {b: 2, <<: {b: 1}}\n",
      value: { a: { b: 1 } },
      codes: ["YAML_MERGE"],
    },
    { name: "nothing to report", input: "a: {<<: {b: 1}, b: 2}\n", value: { a: { b: 2 } }, codes: [] },
  ])("$name", ({ input, value, codes }) => {
    const read = readManifests(input, { mode: "lenient" });
    expect(read.manifests[0]?.value).toEqual(value);
    expect(read.warnings.map(({ code }) => code)).toEqual(codes);
  });

  test("a warning says what the Go tools say where they refuse", () => {
    const { warnings } = parseYaml("a: 1\n---\nb: 1\nb: 2\n", { mode: "lenient" });
    expect(warnings).toEqual([
      {
        code: "YAML_DUPLICATE_KEY",
        message: 'the key "b" is there twice (first in line 3)',
        at: { line: 4, column: 1, offset: 14 },
        document: 1,
        upstream: 'yaml: unmarshal errors:\n  line 4: mapping key "b" already defined at line 3',
      },
    ]);
  });

  test("a file of repeated keys costs no more warnings than are kept", () => {
    const text = "a: 1\n".repeat(50_000);
    expect(readManifests(text, { mode: "lenient" }).warnings).toHaveLength(100);
    expect(parseYaml(text, { mode: "lenient" }).warnings).toHaveLength(100);
  });
});

describe("JSON that is refused", () => {
  test.each([
    { name: "nothing", input: "", code: "JSON_SYNTAX", at: "1:1" },
    { name: "a comment", input: "// a\n1", code: "JSON_SYNTAX", at: "1:1" },
    { name: "a trailing comma", input: '{"a": 1,}', code: "JSON_SYNTAX", at: "1:9" },
    { name: "a key without quotes", input: "{a: 1}", code: "JSON_SYNTAX", at: "1:2" },
    { name: "single quotes", input: "{'a': 1}", code: "JSON_SYNTAX", at: "1:2" },
    { name: "a missing colon", input: '{"a" 1}', code: "JSON_SYNTAX", at: "1:6" },
    { name: "a leading zero", input: "[01]", code: "JSON_SYNTAX", at: "1:3" },
    { name: "a plus", input: "[+1]", code: "JSON_SYNTAX", at: "1:2" },
    { name: "NaN", input: "[NaN]", code: "JSON_SYNTAX", at: "1:2" },
    { name: "an open string", input: '["a', code: "JSON_SYNTAX", at: "1:4" },
    { name: "a break in a string", input: '["a\n"]', code: "JSON_SYNTAX", at: "1:4" },
    { name: "an unknown escape", input: '["\\x41"]', code: "JSON_SYNTAX", at: "1:3" },
    { name: "an open object", input: '{"a": {\n', code: "JSON_SYNTAX", at: "2:1" },
    { name: "text behind the value", input: "1\n2", code: "JSON_SYNTAX", at: "2:1" },
    { name: "a key twice", input: '{"a": 1,\n "a": 2}', code: "JSON_DUPLICATE_KEY", at: "2:2" },
    { name: "10,000 levels", input: "[".repeat(10_000), code: "YAML_TOO_DEEP", at: "1:1002" },
    { name: "a byte that is not UTF-8", input: bytes(34, 0xff, 34), code: "YAML_NOT_UTF8", at: "1:1" },
  ])("$name: $code", ({ input, code, at }) => {
    const error = errorOf(() => parseJson(input));
    expect([error.code, `${error.at.line}:${error.at.column}`]).toEqual([code, at]);
  });
});

describe("values that cannot be printed", () => {
  const deep = () => {
    let value: unknown = 1;
    for (let level = 0; level < 10_000; level++) value = [value];
    return value;
  };
  test.each([
    { name: "NaN", value: { a: Number.NaN }, code: "YAML_UNPRINTABLE" },
    { name: "infinity", value: [Number.POSITIVE_INFINITY], code: "YAML_UNPRINTABLE" },
    { name: "a function", value: { a: () => 1 }, code: "YAML_UNPRINTABLE" },
    { name: "10,000 levels", value: deep(), code: "YAML_TOO_DEEP" },
  ])("$name: $code", ({ value, code }) => {
    expect(errorOf(() => printSigs(value)).code).toBe(code);
    expect(errorOf(() => printJson(value)).code).toBe(code);
  });
});
