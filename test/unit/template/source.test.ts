import { describe, expect, test } from "vitest";
import { TemplateSet } from "../../../src/template/index.ts";
import { TemplateGrammar } from "../../helpers/template/grammar.ts";
import { Random } from "../../helpers/template/random.ts";

/** Templates, and how Go prints the tree that it makes of them. */
const SOURCES: readonly (readonly [text: string, source: string])[] = [
  ["a{{/* c */}}b", "ab"],
  ["{{- .a  |  print   1 -}}  x", "{{.a | print 1}}x"],
  ["{{ $x := (print .a).b.c }}{{ $x = 2 }}", "{{$x := (print .a).b.c}}{{$x = 2}}"],
  ["{{ if .a }}1{{ else if .b }}2{{ else }}3{{ end }}", "{{if .a}}1{{else}}{{if .b}}2{{else}}3{{end}}{{end}}"],
  ["{{ range $i, $e := .l }}{{ break }}{{ end }}", "{{range $i, $e := .l}}{{break}}{{end}}"],
  ["{{ with $.a }}{{ . }}{{ end }}", "{{with $.a}}{{.}}{{end}}"],
  ['{{ template "x" . }}{{ block `y` 1 }}z{{ end }}', '{{template "x" .}}{{template "y" 1}}'],
  ["{{ 0x1F }} {{ 'a' }} {{ `r` }} {{ nil | print }}", "{{0x1F}} {{'a'}} {{`r`}} {{nil | print}}"],
];

describe("TemplateSet.source()", () => {
  test.each(SOURCES)("%s", (text, source) => {
    expect(TemplateSet.empty().parse("t", text).source("t")).toBe(source);
  });

  test("what it prints is parsed to the same", () => {
    const grammar = new TemplateGrammar(new Random(5));
    const print = (text: string) => TemplateSet.empty().parse("t", text).source("t") ?? "";
    let seen = 0;
    for (let round = 0; round < 300; round++) {
      const printed = print(grammar.template());
      if (printed.includes("{{")) seen++;
      expect(print(printed)).toBe(printed);
    }
    expect(seen).toBeGreaterThan(200);
  });

  test("delimiters can be others, and no template of a name is undefined", () => {
    const set = TemplateSet.empty({ delimiters: ["<<", ">>"] }).parse("t", "{{ .a }}<<- .a >>");
    expect([set.source("t"), set.source("u"), set.names, set.has("t")]).toEqual([
      "{{ .a }}{{.a}}",
      undefined,
      ["t"],
      true,
    ]);
  });
});
