import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import {
  defineFunction,
  functionTable,
  GoError,
  stringMap,
  TemplateError,
  TemplateSet,
} from "../../../src/template/index.ts";

const SECRET = "hunter2-canary";
const fail = defineFunction({
  name: "fail",
  params: ["string"],
  call([text]) {
    throw new GoError(text);
  },
});
const functions = functionTable(fail);
const data = stringMap([["password", SECRET]]);

function errorOf(text: string): TemplateError {
  try {
    TemplateSet.empty({ functions })
      .parse("config.txt", text)
      .execute("config.txt", data, { limits: { maxSteps: 1000 } });
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
  throw new Error("the template did not fail");
}

/** Every way in which a value, a literal or the words of a function come into Go's own text. */
const LEAKS: readonly (readonly [template: string, code: string, message: string])[] = [
  ["{{ fail .password }}", "TEMPLATE_FUNCTION", 'line 1, column 4: function "fail" failed'],
  ["\n  {{ .password | fail }}", "TEMPLATE_FUNCTION", 'line 2, column 18: function "fail" failed'],
  [`{{ fail "${SECRET}" }}`, "TEMPLATE_FUNCTION", 'line 1, column 4: function "fail" failed'],
  ["{{ fail (print .password 1) | print }}", "TEMPLATE_FUNCTION", 'line 1, column 4: function "fail" failed'],
  ["{{ range .password }}{{ end }}", "TEMPLATE_EXECUTE", "line 1, column 10: a value does not fit"],
  ["{{ eq . . }}", "TEMPLATE_FUNCTION", 'line 1, column 4: function "eq" failed'],
  [`{{ index . 1 "${SECRET}" }}`, "TEMPLATE_FUNCTION", 'line 1, column 4: function "index" failed'],
  [`{{ printf 1 "${SECRET}" }}`, "TEMPLATE_EXECUTE", 'line 1, column 11: an argument of "printf" does not fit'],
  [`{{ "${SECRET}" 1 }}`, "TEMPLATE_EXECUTE", "line 1, column 4: a value does not fit"],
  [`{{ template "${SECRET}" }}`, "TEMPLATE_UNDEFINED", "line 1, column 13: there is no template of that name"],
  [
    `{{ define "${SECRET}" }}{{ .a.b.c }}{{ .password.x }}{{ end }}{{ template "${SECRET}" . }}`,
    "TEMPLATE_EXECUTE",
    "a value does not fit",
  ],
  [`{{ "${SECRET}\\q" }}`, "TEMPLATE_SYNTAX", "line 1: the syntax is wrong"],
  [`{{ '${SECRET}' }}`, "TEMPLATE_SYNTAX", "line 1: the syntax is wrong"],
  [
    `{{ define ${JSON.stringify(SECRET)} }}a{{ end }}{{ define "${SECRET}" }}b{{ end }}`,
    "TEMPLATE_SYNTAX",
    "line 1: the syntax is wrong",
  ],
  [`{{ if true }}{{ else }}"${SECRET}"{{ else }}`, "TEMPLATE_SYNTAX", "line 1: the syntax is wrong"],
  ["{{ nope .password }}", "TEMPLATE_SYNTAX", 'line 1: there is no function "nope"'],
  ["{{ range 9223372036854775807 }}{{ $.password }}{{ end }}", "TEMPLATE_LIMIT", "than is allowed"],
];

describe("TemplateError", () => {
  test.each(LEAKS)("%s tells place and function only", (template, code, message) => {
    const error = errorOf(template);
    expect(error).toMatchObject({ code, template: "config.txt" });
    expect(error.message).toContain('template "config.txt":');
    expect(error.message).toContain(message);
    const shown = [
      error.message,
      error.stack,
      String(error),
      JSON.stringify(error),
      inspect(error, { depth: 9, showHidden: true }),
    ];
    expect(shown.filter((text) => text?.includes(SECRET))).toEqual([]);
  });

  test("Go's whole text is there for those who ask for it", () => {
    const { original, context, line, column, function: name } = errorOf("{{ fail .password }}");
    expect({ original, context, line, column, name }).toEqual({
      original: `template: config.txt:1:3: executing "config.txt" at <fail .password>: error calling fail: ${SECRET}`,
      context: "fail .password",
      line: 1,
      column: 3,
      name: "fail",
    });
  });

  test("there is no clock and no random number unless they are given", () => {
    const now = defineFunction({ name: "now", params: [], call: (_args, host) => String(host.nowNanoseconds()) });
    const set = TemplateSet.empty({ functions: functionTable(now) }).parse("t", "{{ now }}");
    expect(() => set.execute("t", null)).toThrow('function "now" failed');
    expect(set.execute("t", null, { nowNanoseconds: () => 5n })).toBe("5");
  });
});
