import { describe, expect, test } from "vitest";
import { type FlagSpec, goBool, parseFlags, splitCommaList } from "../../../cli/pflag.ts";

const SPECS: readonly FlagSpec[] = [
  { name: "output", short: "o", kind: "string", check: (value) => (value === "bad" ? "it is bad" : undefined) },
  { name: "raw", short: "r", kind: "bool" },
  { name: "quiet", short: "q", kind: "bool" },
  { name: "file", kind: "slice" },
  { name: "as-group", kind: "array" },
];

describe("parseFlags()", () => {
  test.each([
    { name: "long with blank", words: ["--output", "x"], given: { output: ["x"] }, args: [] },
    { name: "long with equals sign", words: ["--output=x=y"], given: { output: ["x=y"] }, args: [] },
    { name: "long with an empty value", words: ["--output="], given: { output: [""] }, args: [] },
    { name: "a value that looks like a flag", words: ["--output", "--raw"], given: { output: ["--raw"] }, args: [] },
    { name: "a switch takes no next word", words: ["--raw", "false"], given: { raw: ["true"] }, args: ["false"] },
    { name: "a switch switched off", words: ["--raw=F"], given: { raw: ["false"] }, args: [] },
    { name: "short with blank", words: ["-o", "x"], given: { output: ["x"] }, args: [] },
    { name: "short joined", words: ["-ox"], given: { output: ["x"] }, args: [] },
    { name: "short with equals sign", words: ["-o=x"], given: { output: ["x"] }, args: [] },
    { name: "short and nothing but an equals sign", words: ["-o="], given: { output: ["="] }, args: [] },
    { name: "a cluster", words: ["-rqo", "x"], given: { raw: ["true"], quiet: ["true"], output: ["x"] }, args: [] },
    { name: "a short switch with a value", words: ["-r=false"], given: { raw: ["false"] }, args: [] },
    { name: "words between flags", words: ["a", "--raw", "b"], given: { raw: ["true"] }, args: ["a", "b"] },
    { name: "two dashes end the flags", words: ["--", "--raw"], given: {}, args: ["--raw"] },
    { name: "one dash is a word", words: ["-"], given: {}, args: ["-"] },
    { name: "an empty word is a word", words: [""], given: {}, args: [""] },
    {
      name: "a list by commas and by repetition",
      words: ["--file", "a,b", "--file=c"],
      given: { file: ["a", "b", "c"] },
      args: [],
    },
    { name: "a comma in quotes", words: ["--file", '"a,b",c'], given: { file: ["a,b", "c"] }, args: [] },
    {
      name: "an array takes commas as they are",
      words: ["--as-group", "a,b"],
      given: { "as-group": ["a,b"] },
      args: [],
    },
    { name: "the last of a string", words: ["-o", "x", "-o", "y"], given: { output: ["y"] }, args: [] },
    { name: "__proto__ is a word like any other", words: ["__proto__"], given: {}, args: ["__proto__"] },
  ])("$name", ({ words, given, args }) => {
    const result = parseFlags(SPECS, words);
    expect(result.ok && [Object.fromEntries(result.parsed.given), result.parsed.args]).toEqual([given, args]);
  });

  test.each([
    { name: "unknown long", words: ["--nope"], message: "unknown flag: --nope" },
    { name: "unknown long with a value", words: ["--nope=1"], message: "unknown flag: --nope" },
    { name: "a name of Object", words: ["--constructor"], message: "unknown flag: --constructor" },
    { name: "unknown short in a cluster", words: ["-rz"], message: "unknown shorthand flag: 'z' in -z" },
    { name: "a long flag without its value", words: ["--output"], message: "flag needs an argument: --output" },
    { name: "a short flag without its value", words: ["-ro"], message: "flag needs an argument: 'o' in -o" },
    { name: "three dashes", words: ["---x"], message: "bad flag syntax: ---x" },
    { name: "no name", words: ["--=x"], message: "bad flag syntax: --=x" },
    {
      name: "no boolean",
      words: ["--raw=maybe"],
      message: 'invalid argument "maybe" for "-r, --raw" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    },
    {
      name: "a value that is refused",
      words: ["-o", "bad"],
      message: 'invalid argument "bad" for "-o, --output" flag: it is bad',
    },
    {
      name: "a quote inside a list",
      words: ["--file", 'a"b'],
      message: /^invalid argument "a\\"b" for "--file" flag: parse error/,
    },
    { name: "help", words: ["--help"], message: "pflag: help requested" },
    { name: "help by its letter", words: ["-h"], message: "pflag: help requested" },
  ])("$name is told as Go tells it", ({ words, message }) => {
    const result = parseFlags(SPECS, words);
    const told = result.ok ? "" : result.problem.message;
    if (typeof message === "string") expect(told).toBe(message);
    else expect(told).toMatch(message);
  });

  test("stops at the first word when asked to", () => {
    const result = parseFlags(SPECS, ["--raw", "edit", "--output"], { stopAtWord: true });
    expect(result.ok && result.parsed.args).toEqual(["edit", "--output"]);
  });
});

test("Go's booleans, comma lists", () => {
  expect(["1", "t", "TRUE", "0", "F", "yes", ""].map(goBool)).toEqual([
    true,
    true,
    true,
    false,
    false,
    undefined,
    undefined,
  ]);
  expect([splitCommaList(""), splitCommaList('"a""b"'), splitCommaList('"a'), splitCommaList('"a"b')]).toEqual([
    [],
    ['a"b'],
    undefined,
    undefined,
  ]);
});
