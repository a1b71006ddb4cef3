import { describe, expect, test } from "vitest";
import { parseOwnFlags } from "../../../cli/own-flags.ts";
import type { FlagSpec } from "../../../cli/pflag.ts";

const SPECS: readonly FlagSpec[] = [
  { name: "output", short: "o", kind: "string", check: (value) => (value === "bad" ? "it is bad" : undefined) },
  { name: "recipient", short: "r", kind: "array" },
  { name: "armor", short: "a", kind: "bool" },
  { name: "no-wait", kind: "bool" },
];

describe("parseOwnFlags()", () => {
  test.each([
    { name: "long with blank", words: ["--output", "x"], given: { output: ["x"] }, args: [] },
    { name: "long with equals sign", words: ["--output=x=y"], given: { output: ["x=y"] }, args: [] },
    { name: "short joined", words: ["-ox"], given: { output: ["x"] }, args: [] },
    { name: "short with equals sign, as kubectl takes it", words: ["-o=x=y"], given: { output: ["x=y"] }, args: [] },
    {
      name: "a value that looks so",
      words: ["-r", "-o=x", "--", "-o=y"],
      given: { recipient: ["-o=x"] },
      args: ["-o=y"],
    },
    { name: "cluster", words: ["-ao", "x"], given: { armor: ["true"], output: ["x"] }, args: [] },
    { name: "words between flags", words: ["p", "-a", "q"], given: { armor: ["true"] }, args: ["p", "q"] },
    { name: "repeated array", words: ["-r", "a", "-r", "b"], given: { recipient: ["a", "b"] }, args: [] },
    { name: "last string wins", words: ["-o", "x", "-o", "y"], given: { output: ["y"] }, args: [] },
    { name: "a name that begins with no-", words: ["--no-wait"], given: { "no-wait": ["true"] }, args: [] },
    { name: "not given is not there", words: [], given: {}, args: [] },
    { name: "two dashes end the flags", words: ["--", "-a"], given: {}, args: ["-a"] },
    { name: "a single dash is a word", words: ["-"], given: {}, args: ["-"] },
  ])("$name", ({ words, given, args }) => {
    const result = parseOwnFlags(SPECS, words);
    expect(result.ok && { given: Object.fromEntries(result.parsed.given), args: result.parsed.args }).toEqual({
      given,
      args,
    });
  });

  test.each([
    { name: "unknown long", words: ["--outptu", "x"], kind: "unknown", word: "--outptu" },
    { name: "unknown long with value", words: ["--outptu=x"], kind: "unknown", word: "--outptu" },
    { name: "unknown short", words: ["-z"], kind: "unknown", word: "-z" },
    { name: "value missing", words: ["--output"], kind: "missing-value", word: "--output" },
    { name: "value refused", words: ["--output", "bad"], kind: "bad-value", word: "--output" },
    { name: "help", words: ["--help"], kind: "help" },
    { name: "help by its letter", words: ["-h"], kind: "help" },
  ])("$name is a problem", ({ words, kind, word }) => {
    const result = parseOwnFlags(SPECS, words);
    expect(!result.ok && result.problem).toMatchObject(word === undefined ? { kind } : { kind, word });
  });
});
