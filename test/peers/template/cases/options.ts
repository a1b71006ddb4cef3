import type { TemplateCase } from "../../../helpers/template/cases.ts";

const data = { a: "x", n: null, m: { k: "v" }, s: { $go: "map[string]string", value: { q: "w" } } };
const counts = { $go: "map[string]int", value: { a: 1 } };

/** Delimiters, sets of templates, missing keys. */
export const cases: readonly TemplateCase[] = [
  { template: "<< .a >> {{ .a }}", data, delims: ["<<", ">>"] },
  { template: "<<- .a ->> y", data, delims: ["<<", ">>"] },
  { template: "x <</* c */>> y", data, delims: ["<<", ">>"] },
  { template: "((.a))((print (.a)))", data, delims: ["((", "))"] },
  { template: "[.a][(print .a)]", data, delims: ["[", "]"] },
  { template: "<< nope >>", data, delims: ["<<", ">>"] },
  { template: "<< .a", data, delims: ["<<", ">>"] },
  { template: "{{ .a }}", data, delims: ["", ""] },
  { template: "|.a| |print (.a)|", data, delims: ["|", "|"] },
  { template: "//.a//", data, delims: ["//", "//"] },
  { template: '{{ template "u" . }}', others: { u: "[{{ .a }}]" }, data },
  { template: '{{ template "u" . }}', others: { u: '{{ define "u" }}d{{ end }}' }, data },
  { template: '{{ template "d" . }}{{ define "d" }}1{{ end }}', others: { u: '{{ define "d" }}2{{ end }}' }, data },
  { template: '{{ template "d" . }}{{ define "d" }}1{{ end }}', others: { u: '{{ define "d" }} {{ end }}' }, data },
  { template: '{{ template "u" . }}', others: { u: "{{ .a.b }}" }, data },
  { template: '{{ template "u" . }}', others: { u: "a\nb {{ nope }}" }, data },
  {
    template: '{{ template "%d" . }}',
    others: { "%d": "{{ .a.b }}" },
    data,
    differs: {
      error: /^template: %d:1:5: executing "%d" at <\.a\.b>: can't evaluate field b in type interface \{\}$/,
      because: "Go takes the name of the text for a format of its own error",
    },
  },
  { template: '{{ template "a b\\"c" . }}', others: { 'a b"c': "{{ .a.b }}" }, data },
  ...["default", "invalid", "zero", "error"].flatMap((mode): TemplateCase[] =>
    [
      ["{{ .x }}", data],
      ["{{ .m.x }}", data],
      ["{{ .x.y }}", data],
      ["{{ .s.x }}|", data],
      ["{{ .n }}", data],
      ["{{ .n.y }}", data],
      ["{{ .x }}", counts],
      ["{{ with .x }}a{{ else }}b{{ end }}", data],
      ["{{ if .m.x }}a{{ else }}b{{ end }}", data],
      ['{{ index .m "x" }}', data],
      ["{{ range .x }}a{{ else }}b{{ end }}", data],
      ["{{ print .x .m.x }}", data],
      ["{{ $y := .x }}{{ $y.z }}", data],
    ].map(([template, value]) => ({ template: String(template), data: value, options: [`missingkey=${mode}`] })),
  ),
];
