import { describe, expect, test } from "vitest";
import { functionTable, goString, TemplateError, TemplateSet } from "../../../src/template/index.ts";
import { GRAMMAR_DATA, TemplateGrammar } from "../../helpers/template/grammar.ts";
import { askTemplateOracle } from "../../helpers/template/oracle.ts";
import { Random } from "../../helpers/template/random.ts";
import { renderCase } from "../../helpers/template/render.ts";
import { sprigFunctions } from "../../helpers/template/sprig.ts";

const COUNT = process.env["SLOW"] === "1" ? 100_000 : 3_000;
const SEED = Number(process.env["SEED"] ?? 1836);

const LIMITS = { maxSteps: 20_000, maxDepth: 100, maxBytes: 2_000_000 };

/** Functions of Sprig that give the same twice. */
const SPRIG = [
  ...[
    "upper",
    "lower",
    "title",
    "trim",
    "trunc",
    "substr",
    "contains",
    "hasPrefix",
    "quote",
    "squote",
    "cat",
    "indent",
  ],
  ...["nindent", "replace", "repeat", "abbrev", "nospace", "initials", "snakecase", "camelcase", "wrap", "plural"],
  ...[
    "toString",
    "int",
    "int64",
    "float64",
    "toDecimal",
    "atoi",
    "add",
    "sub",
    "div",
    "mod",
    "mul",
    "max",
    "min",
    "ceil",
  ],
  ...["floor", "round", "until", "untilStep", "seq", "splitList", "split", "join", "sortAlpha", "list", "dict", "get"],
  ...["set", "hasKey", "pluck", "pick", "omit", "merge", "append", "prepend", "first", "last", "rest", "initial"],
  ...["reverse", "uniq", "without", "has", "concat", "dig", "chunk", "mustAppend", "mustFirst", "default", "empty"],
  ...["coalesce", "all", "any", "compact", "fromJson", "toJson", "ternary", "deepCopy", "typeOf", "kindOf", "kindIs"],
  ...["deepEqual", "b64enc", "b64dec", "base", "dir", "regexMatch", "regexFindAll", "regexReplaceAll", "semverCompare"],
  ...["toDate", "urlParse", "sha256sum"],
];

/** Takes out, doubles or swaps a few characters, so that most templates are broken. */
function damaged(text: string, random: Random): string {
  let broken = text;
  for (let count = random.below(3) + 1; count > 0; count--) {
    const at = random.below(broken.length + 1);
    const piece = random.pick([
      "",
      "{{",
      "}}",
      "(",
      ")",
      "|",
      "$x",
      '"',
      "`",
      "'",
      ".",
      " ",
      "\n",
      "-",
      "é",
      "€",
      ":=",
      "=",
      ",",
      "/*",
      "*/",
      "0x",
      "else",
      "end",
      "\\",
    ]);
    broken = broken.slice(0, at) + piece + broken.slice(at + random.below(4));
  }
  return broken;
}

describe("made-up templates", () => {
  test.each([
    { functions: "of the language", more: [] },
    { functions: "of Sprig", more: SPRIG },
  ])("with functions $functions give the output or the error of Go", async ({ more }) => {
    const random = new Random(SEED + more.length);
    const grammar = new TemplateGrammar(random, more);
    const functions = more.length === 0 ? functionTable() : await sprigFunctions();
    const made = Array.from({ length: COUNT }, () => ({ template: grammar.template(), data: GRAMMAR_DATA }));
    const rendered = made.map((entry) => ({ ...entry, ours: renderCase(entry, { functions }, { limits: LIMITS }) }));
    // What does not end is no question for Go.
    const cases = rendered.filter(({ ours }) => !/than is allowed|exceeded maximum/.test(ours.error ?? ""));
    expect(cases.length).toBeGreaterThan(COUNT * 0.9);
    const plain = more.length === 0;
    const answers = askTemplateOracle(
      cases.map(({ template, data }) => ({ templates: [{ name: "t", text: template }], data, plain })),
    );
    let good = 0;
    const wrong = cases.flatMap(({ template, ours }, at) => {
      const { output = "", bytes, error } = answers[at] ?? {};
      // The one known difference: Go's `slice` takes no index that came out of an interface.
      if (error?.endsWith("cannot index slice/array with type interface {}")) return [];
      if (error === undefined) good++;
      const go = bytes === undefined ? output : goString(Buffer.from(bytes, "base64"));
      const same = error === undefined ? ours.error === undefined && ours.output === go : ours.error === error;
      return same ? [] : [{ template, go: error ?? go, ours: ours.error ?? ours.output }];
    });
    expect(wrong.slice(0, 8)).toEqual([]);
    expect(good).toBeGreaterThan(COUNT / 10);
  });

  test("are parsed to the tree of Go, or refused with its error, also when they are damaged", () => {
    const random = new Random(SEED + 1);
    const grammar = new TemplateGrammar(random);
    const texts = Array.from({ length: COUNT }, (_, at) => {
      const text = grammar.template();
      return at % 4 === 0 ? text : damaged(text, random);
    });
    const answers = askTemplateOracle(
      texts.map((text) => ({ templates: [{ name: "t", text }], tree: true, plain: true })),
    );
    const wrong = texts.flatMap((text, at) => {
      const go = answers[at]?.error ?? answers[at]?.output;
      const ours = parsed(text);
      return ours === go ? [] : [{ text, go, ours }];
    });
    expect(wrong.slice(0, 8)).toEqual([]);
  });
});

function parsed(text: string): string {
  try {
    return TemplateSet.empty().parse("t", text).source("t") ?? "";
  } catch (error) {
    if (error instanceof TemplateError) return error.original;
    throw error;
  }
}
