import { describe, expect, test } from "vitest";
import { TemplateError, TemplateSet } from "../../../src/template/index.ts";
import { goValueOf, renderCase } from "../../helpers/template/render.ts";

const data = {
  a: "x",
  n: null,
  i: { $go: "int", value: 7 },
  l: [1, "b", null],
  m: { k: "v", z: null },
  s: { $go: "map[string]string", value: { q: "w" } },
  p: { $go: "*person", value: { Name: "Ada", Age: 36, Tags: ["x"] } },
  f: { $go: "func" },
};

/** Templates and what Go's text/template gives for them. */
const GIVES: readonly (readonly [template: string, output: string])[] = [
  ["{{ .a }} {{ .missing }} {{ .n }}", "x <no value> <no value>"],
  ["{{- .a -}} x", "xx"],
  ["a \n\t {{- 3 -}} \n b", "a3b"],
  ["{{ $x := 1 }}{{ range $x := .l }}{{ end }}{{ $x }}{{ with $x := 2 }}{{ end }}{{ $x }}", "11"],
  ["{{/* c */}}a{{- /* c */ -}} b", "ab"],
  ["{{ 1_000 }} {{ 0x_1F }} {{ 0x1p4 }} {{ 'a' }} {{ 1+2i }} {{ .5 }} {{ 017 }}", "1000 31 16 97 (1+2i) 0.5 15"],
  ["{{ .missing.x }}|{{ (.n).x }}", "<no value>|<no value>"],
  ["{{ range 3 }}{{ . }},{{ end }}{{ range -1 }}{{ else }}none{{ end }}", "0,1,2,none"],
  ["{{ range $i, $e := .l }}{{ $i }}:{{ $e }} {{ end }}", "0:1 1:b 2:<no value> "],
  ["{{ range $k, $v := .m }}{{ $k }}={{ $v }};{{ end }}", "k=v;z=<no value>;"],
  ["{{ range .l }}{{ if ne (print .) `b` }}{{ continue }}{{ end }}{{ . }}{{ break }}{{ end }}", "b"],
  ["{{ $x := 5 }}{{ if true }}{{ $x := 6 }}{{ end }}{{ $x }}{{ if true }}{{ $x = 6 }}{{ end }}{{ $x }}", "56"],
  ["{{ with 0 }}a{{ else with .a }}{{ . }}{{ else }}b{{ end }}", "x"],
  ["{{ template `x` }}{{ template `x` 1 }}{{ define `x` }}[{{ . }}]{{ end }}", "[<no value>][1]"],
  ['{{ block "b" .m }}{{ .k }}{{ end }}', "v"],
  ['{{ .p.Name }} {{ .p.Greet "hi" }} {{ .p.Birthday }} {{ .p.Sum 1 2 }}', "Ada hi, Ada 37 39"],
  ["{{ .p }}", "{Ada 36 [x] <nil> <nil> map[]}"],
  ['{{ call .f "x" 1 2 }}', "x[1 2]"],
  ['{{ and 1 0 (index .l 9) }}{{ or 1 (index .l 9) }}{{ not "" }}', "01true"],
  ['{{ index .m "k" }}{{ index .m "q" }}{{ index .s "none" }}{{ index "abc" 1 }}', "v<no value>98"],
  ['{{ slice "abcdef" 1 3 }}{{ len "aé" }}', "bc3"],
  ['{{ print 1 2 "x" 3 4 }}|{{ println 1 "a" }}', "1 2x3 4|1 a\n"],
  ['{{ html "<a b=\'c\'>" }} {{ js "a\'b<" }} {{ urlquery "a b&c" }}', "&lt;a b=&#39;c&#39;&gt; a\\'b\\u003C a+b%26c"],
  ["{{ eq 1 2 1 }}{{ ne .a nil }}{{ lt 1 2 }}{{ ge `b` `a` }}{{ eq nil .n .missing }}", "truetruetruetruetrue"],
  ['{{ "a\\x41\\u00e9\\101" | printf "%q-%s" "z" }}', '"z"-aAéA'],
];

/** Templates and the error text of Go for them. */
const FAILS: readonly (readonly [template: string, error: string])[] = [
  ["{{", "template: t:1: unclosed action"],
  ["a\n{{ .a\n", "template: t:3: unclosed action started at t:2"],
  ["{{ $x\n\n}}", 'template: t:3: undefined variable "$x"'],
  ["{{ (.a\n.b }}", "template: t:2: unclosed left paren in action started at t:1"],
  ["{{ if .a\n}}{{ else }}\n{{ else }}", "template: t:3: expected end; found {{else}}"],
  ["{{ nope }}", 'template: t:1: function "nope" not defined'],
  ['{{ "abc }}', "template: t:1: unterminated quoted string"],
  ["{{ `abc }}", "template: t:1: unterminated raw quoted string"],
  ["{{ 'a }}", "template: t:1: unterminated character constant"],
  ["{{ $x }}", 'template: t:1: undefined variable "$x"'],
  ["{{ end }}", "template: t:1: unexpected {{end}}"],
  ["{{ if }}", "template: t:1: missing value for if"],
  ["{{ if .a }}", "template: t:1: unexpected EOF"],
  ["{{ range $a, $b, $c := .l }}{{ end }}", "template: t:1: too many declarations in range"],
  ["{{ break }}", "template: t:1: {{break}} outside {{range}}"],
  ["{{ if .a }}{{ else }}{{ else }}{{ end }}", "template: t:1: expected end; found {{else}}"],
  ["{{ } }}", 'template: t:1: unexpected "}" in command'],
  ["{{ .a-b }}", "template: t:1: bad character U+002D '-'"],
  ["{{ 1x }}", 'template: t:1: bad number syntax: "1x"'],
  ["{{ 'ab' }}", "template: t:1: malformed character constant: 'ab'"],
  ["{{ (.a }}", "template: t:1: unclosed left paren"],
  ["{{/* c }}", "template: t:1: unclosed comment"],
  ["{{ .a | 1 }}", "template: t:1: non executable command in pipeline stage 2"],
  [
    '{{ define "x" }}a{{ end }}{{ define "x" }}b{{ end }}',
    'template: t:1: template: multiple definition of template "x"',
  ],
  ["{{ nil }}", 'template: t:1:3: executing "t" at <nil>: nil is not a command'],
  ["é\né{{ .n.x }}", 'template: t:2:7: executing "t" at <.n.x>: nil pointer evaluating interface {}.x'],
  ["{{ .a.b.c }}", 'template: t:1:5: executing "t" at <.a.b.c>: can\'t evaluate field b in type interface {}'],
  ["{{ .a 2 }}", 'template: t:1:3: executing "t" at <.a>: a is not a method but has arguments'],
  ["{{ 1 2 }}", 'template: t:1:3: executing "t" at <1>: can\'t give argument to non-function 1'],
  [
    "{{ .p.Friend.Name }}",
    'template: t:1:5: executing "t" at <.p.Friend.Name>: nil pointer evaluating *main.person.Name',
  ],
  ["{{ .p.Greet 1 }}", 'template: t:1:12: executing "t" at <1>: expected string; found 1'],
  ["{{ .p.Greet .missing }}", 'template: t:1:12: executing "t" at <.missing>: invalid value; expected string'],
  ["{{ .p.Greet .i }}", 'template: t:1:12: executing "t" at <.i>: wrong type for value; expected string; got int'],
  ["{{ eq 1 }}", 'template: t:1:3: executing "t" at <eq 1>: error calling eq: missing argument for comparison'],
  [
    '{{ eq 1 "x" }}',
    'template: t:1:3: executing "t" at <eq 1 "x">: error calling eq: incompatible types for comparison: int and string',
  ],
  ["{{ not 1 2 }}", 'template: t:1:3: executing "t" at <not>: wrong number of args for not: want 1 got 2'],
  ['{{ template "no" }}', 'template: t:1:12: executing "t" at <{{template "no"}}>: template "no" not defined'],
  ["{{ range 2.5 }}{{ end }}", 'template: t:1:9: executing "t" at <2.5>: range can\'t iterate over 2.5'],
  ["{{ $y = 2 }}", 'template: t:1:8: executing "t" at <2>: undefined variable: $y'],
];

describe("TemplateSet.execute()", () => {
  test.each(GIVES)("%s", (template, output) => {
    expect(renderCase({ template, data })).toEqual({ output });
  });

  test.each(FAILS)("%s fails", (template, error) => {
    expect(renderCase({ template, data })).toEqual({ output: "", error });
  });

  test("a set is parsed once and executed many times", () => {
    const set = TemplateSet.empty().parse("t", "{{ $n := . }}{{ range 2 }}{{ $n }}{{ end }}");
    expect(["a", "b", "a"].map((value) => set.execute("t", value))).toEqual(["aa", "bb", "aa"]);
  });

  test("a text that is parsed later replaces templates, but an empty one does not, and the older set stays", () => {
    const first = TemplateSet.empty().parse("t", '{{ define "x" }}old{{ end }}{{ template "x" }}');
    const second = first.parse("u", '{{ define "x" }}new{{ end }}');
    const third = second.parse("v", '{{ define "x" }} {{ end }}');
    expect([first, second, third].map((set) => set.execute("t", null))).toEqual(["old", "new", "new"]);
  });

  test("missing keys can be zero or an error", () => {
    const set = TemplateSet.empty().parse("t", "{{ .x }}");
    const map = goValueOf({ $go: "map[string]int", value: { a: 1 } });
    expect(set.execute("t", map, { missingKey: "zero" })).toBe("0");
    expect(() => set.execute("t", map, { missingKey: "error" })).toThrow(TemplateError);
  });
});

describe("bounds", () => {
  const run = (text: string, limits: object) => () =>
    TemplateSet.empty().parse("t", text).execute("t", null, { limits });
  test.each([
    ["steps", "{{ range 1000 }}{{ end }}", { maxSteps: 100 }, "line 1, column 10: it needs more steps than is allowed"],
    ["bytes", '{{ range 1000 }}{{ printf "%100d" 1 }}{{ end }}', { maxBytes: 1000 }, "more bytes than is allowed"],
    ["depth", '{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}', {}, "more depth than is allowed"],
    ["width", '{{ printf "%999999d" 1 }}', { maxBytes: 1000 }, "more bytes than is allowed"],
  ])("%s", (_name, text, limits, message) => {
    expect(run(text, limits)).toThrow(message);
    expect(run(text, limits)).toThrow(expect.objectContaining({ code: "TEMPLATE_LIMIT" }));
  });

  test("nesting", () => {
    const nested = `{{ ${"(".repeat(600)}1${")".repeat(600)} }}`;
    expect(() => TemplateSet.empty().parse("t", nested)).toThrow("it needs more nesting than is allowed");
  });

  test("the deepest recursion that is allowed does not overflow the stack", () => {
    const block = (depth: number, inner: string): string =>
      depth === 0 ? inner : `{{ if . }}${block(depth - 1, inner)}{{ end }}`;
    for (const depth of [0, 8, 480]) {
      const text = `{{ define "x" }}${block(depth, '{{ template "x" ((((.)))) }}')}{{ end }}{{ template "x" 1 }}`;
      const set = TemplateSet.empty().parse("t", text);
      expect(() => set.execute("t", null)).toThrow(
        expect.objectContaining({ original: expect.stringContaining("exceeded maximum template depth (3000)") }),
      );
    }
  });
});
