import { describe, expect, test } from "vitest";
import { TemplateError, TemplateSet } from "../../../src/template/index.ts";
import { Random } from "../../helpers/template/random.ts";

function outcome(text: string): string {
  try {
    TemplateSet.empty().parse("t", text);
    return "parsed";
  } catch (error) {
    if (error instanceof TemplateError) return error.code;
    throw error;
  }
}

/** Templates made to cost much: each ends soon, by itself or at a bound. */
const GREEDY: readonly (readonly [name: string, text: string, code: string])[] = [
  ["a loop without end", "{{ range 9223372036854775807 }}{{ end }}", "TEMPLATE_LIMIT"],
  ["loops in loops", "{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}", "TEMPLATE_LIMIT"],
  ["much output", '{{ range 1000000 }}{{ printf "%999999d" . }}{{ end }}', "TEMPLATE_LIMIT"],
  ["text that doubles", `{{ $x := "0123456789" }}${"{{ $x = print $x $x }}".repeat(60)}`, "TEMPLATE_LIMIT"],
  ["a template that calls itself", '{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}', "TEMPLATE_LIMIT"],
  [
    "two that call each other",
    '{{ define "x" }}{{ template "y" }}{{ end }}{{ define "y" }}{{ template "x" }}{{ template "x" }}{{ end }}{{ template "x" }}',
    "TEMPLATE_LIMIT",
  ],
  [
    "twice as many calls on each level",
    `${Array.from({ length: 40 }, (_, at) => `{{ define "x${at}" }}{{ template "x${at + 1}" }}{{ template "x${at + 1}" }}{{ end }}`).join("")}{{ define "x40" }}{{ end }}{{ template "x0" }}`,
    "TEMPLATE_LIMIT",
  ],
  [
    "many operands in a loop",
    `{{ range 1000000 }}{{ if and${" 1".repeat(2_000)} }}{{ end }}{{ end }}`,
    "TEMPLATE_LIMIT",
  ],
];

/** Texts made to make parsing slow or deep. */
const LARGE: readonly (readonly [name: string, text: string, result: string])[] = [
  ["parentheses", `{{ ${"(".repeat(20_000)}`, "TEMPLATE_LIMIT"],
  ["blocks", "{{ if 1 }}".repeat(20_000), "TEMPLATE_LIMIT"],
  ["else if", `{{ if 1 }}${"{{ else if 1 }}".repeat(20_000)}{{ end }}`, "TEMPLATE_LIMIT"],
  ["else with", `{{ with 1 }}${"{{ else with 1 }}".repeat(20_000)}{{ end }}`, "TEMPLATE_LIMIT"],
  ["variables", `{{ $z := 1 }}${"{{ $a := $z }}".repeat(20_000)}`, "parsed"],
  ["lines", "\n{{ 1 }}".repeat(20_000), "parsed"],
  ["actions on one line", "{{ 1 }}".repeat(20_000), "parsed"],
  ["fields", `{{ ${".a".repeat(40_000)} }}`, "parsed"],
  ["operands", `{{ print ${"1 ".repeat(40_000)} }}`, "parsed"],
  ["a long number", `{{ ${"1".repeat(20_000)} }}`, "TEMPLATE_SYNTAX"],
  ["a long text", `{{ "${"\\u00e9".repeat(20_000)}" }}`, "parsed"],
  ["openings", "{{".repeat(20_000), "TEMPLATE_SYNTAX"],
  ["comments", "{{/*".repeat(20_000), "TEMPLATE_SYNTAX"],
  ["too much text", "a".repeat(5_000_000), "TEMPLATE_LIMIT"],
];

describe("bounds", () => {
  test.each(GREEDY)("executing %s", (_name, text, code) => {
    const set = TemplateSet.empty().parse("t", text);
    const limits = { maxSteps: 50_000, maxBytes: 1_000_000 };
    expect(() => set.execute("t", null, { limits })).toThrow(expect.objectContaining({ code }));
  });

  test.each(LARGE)("parsing many %s", (_name, text, result) => {
    expect(outcome(text)).toBe(result);
  });

  test("thousands of variables are found at once", () => {
    const text = `{{ $z := 1 }}${"{{ $a := $z }}".repeat(20_000)}{{ $z }}`;
    const set = TemplateSet.empty().parse("t", text);
    expect(set.execute("t", null)).toBe("1");
  });

  test("whatever bytes are parsed, or refused as a template", () => {
    const random = new Random(7);
    const pieces = [
      "{{",
      "}}",
      "{{-",
      "-}}",
      " ",
      "\n",
      '"',
      "`",
      "'",
      "(",
      ")",
      "|",
      ".",
      ".a",
      "$",
      "$x",
      ":=",
      "=",
      ",",
      "0x",
      "1",
      "e",
      "/*",
      "*/",
      "if",
      "else",
      "end",
      "range",
      "define",
      "with",
      "template",
      "block",
      "break",
      "nil",
      "\\",
      "é",
      "\udc80",
      "\u0000",
      "🔑",
    ];
    for (let round = 0; round < 1_500; round++) {
      const text = Array.from({ length: random.below(30) }, () =>
        random.once(4) ? String.fromCharCode(random.below(0x10000)) : random.pick(pieces),
      ).join(random.once(2) ? " " : "");
      expect(["parsed", "TEMPLATE_SYNTAX"]).toContain(outcome(text));
    }
  });
});
