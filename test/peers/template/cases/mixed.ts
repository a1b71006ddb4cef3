import type { TemplateCase } from "../../../helpers/template/cases.ts";

/** Functions together: results of one as arguments of another, host values in lists, dicts and JSON. */
export const cases: readonly TemplateCase[] = [
  '{{ deepEqual (toDate "2006-01-02" "2024-01-01") (toDate "2006-01-02" "2024-01-01") }} {{ deepEqual (toDate "2006-01-02" "2024-01-01") (toDate "2006-01-02" "2024-01-02") }} {{ has (toDate "2006-01-02" "2024-01-02") (list (toDate "2006-01-02" "2024-01-02")) }}',
  '{{ toJson (toDate "2006-01-02" "2024-01-01") }} {{ toString (toDate "2006-01-02" "2024-01-01") }} {{ quote (toDate "2006-01-02" "2024-01-01") }} {{ cat (semver "1.2.3") }} {{ toJson (semver "1.2.3-a+b") }} {{ toString (semver "v1.2") }} {{ quote (semver "1.2.3") }} {{ squote (semver "1.2.3") }}',
  '{{ deepCopy (toDate "2006-01-02" "2024-01-01") }} {{ int (semver "1.2.3") }} {{ int64 (toDate "2006-01-02" "2024-01-01") }} {{ float64 (toDate "2006-01-02" "2024-01-01").Month }} {{ int (toDate "2006-01-02" "2024-03-01").Month }} {{ int (toDate "2006-01-02" "2024-03-01").Weekday }} {{ int ((toDate "2006-01-02" "2024-03-01").Sub (toDate "2006-01-02" "2024-02-01")) }}',
  '{{ empty (semver "1.2.3") }} {{ default 1 (toDate "2006-01-02" "2024-03-01") }} {{ toJson ((toDate "2006-01-02" "2024-03-01").Sub (toDate "2006-01-02" "2024-02-01")) }} {{ toJson (toDate "2006-01-02" "2024-03-01").Month }} {{ join "," (list (semver "1.2.3") (toDate "2006-01-02" "2024-03-01").Month) }}',
  '{{ merge (dict "a" (toDate "2006-01-02" "2024-03-01")) (dict "a" (dict)) }} {{ mergeOverwrite (dict "a" (toDate "2006-01-02" "2024-03-01")) (dict "a" (dict)) }} {{ merge (dict "a" (dict)) (dict "a" (semver "1.2.3")) }} {{ merge (dict "a" (dict "b" 1)) (dict "a" (semver "1.2.3")) }} {{ mergeOverwrite (dict "a" (dict "b" 1)) (dict "a" (semver "1.2.3")) }} {{ mergeOverwrite (dict "a" (semver "1.2.3")) (dict "a" (semver "4.5.6")) }} {{ merge (dict "a" (semver "1.2.3")) (dict "a" (semver "4.5.6")) }}',
  '{{ uniq (list (semver "1.2.3") (semver "1.2.3") (semver "v1.2.3")) }}',
  '{{ keys (urlParse "http://a/b") | sortAlpha }} {{ toJson (urlParse "http://a/b?x=<") }}',
  "{{ range chunk 2 (until 5) }}{{ . }}{{ typeOf . }}{{ end }}",
  "{{ len (chunk 2 (until 5)) }} {{ index (chunk 2 (until 5)) 1 0 }} {{ first (chunk 2 (until 3)) | typeOf }} {{ append (chunk 2 (until 3)) 1 }} {{ deepCopy (chunk 2 (until 3)) | toJson }} {{ concat (chunk 2 (until 3)) }} {{ has (list 2) (chunk 2 (until 3)) }}",
  '{{ (split "," .csv)._1 }} {{ (splitn "," 2 .csv)._1 }} {{ range split "," .csv }}{{ . }};{{ end }} {{ get (split "," .csv) "_0" }}',
  '{{ index (split "," .csv) "_1" }} {{ index (splitList "," .csv) 1 }} {{ slice .words 1 3 }}',
  '{{ regexFindAll "o" .words -1 | len }} {{ range regexFindAll "z" .words -1 }}x{{ else }}none{{ end }} {{ with regexFind "z" .words }}x{{ else }}none{{ end }}',
  "{{ if first (list) }}y{{ else }}n{{ end }} {{ eq (first (list)) nil }}",
  '{{ $x := first (list) }}{{ $x }} {{ printf "%v %T" $x $x }}',
  '{{ (list 1 2) | first | add 1 }} {{ dict "a" (dict "b" (list 1 2)) | dig "a" "b" nil }}',
  '{{ (dict "a" 1).a }} {{ (dict "a" (dict "b" 2)).a.b }} {{ (dict).x }} {{ (fromJson .json).c.d }}',
  '{{ ternary "a" "b" (empty .x) }} {{ and (list) 1 }} {{ or nil "" "x" }} {{ not (dict) }}',
  '{{ add .number "0x10" }} {{ .number | int | mul 2 }} {{ seq (int .number | mod 5) }}',
  "{{ seq (int (mod (int .number) 5)) }}",
  '{{ repeat (int64 3) "a" }}',
  "{{ until (add 1 2) }}",
  "{{ until (int (add 1 2)) }} {{ substr 0 (len .user) .user }} {{ trunc (len .user) .words }}",
  '{{ round (int 3) (int 2) }} {{ round 3.14159 2 | mulf 2 }} {{ ceil 3.2 | int }} {{ printf "%.2f %d" (round 2.345 2) (int (floor 9.9)) }}',
  {
    template: '{{ keys (dict "b" 1 "a" 2) (dict "0" 3) }} {{ values (dict "b" 1 "a" 2) }}',
    differs: { output: "[a b 0] [2 1]", because: "the order of a Go map is another one each time" },
  },
  {
    template: "{{ slice (append (list 1 2 3) 4) 0 6 }}",
    differs: { error: /slice index out of bounds$/, because: "Go cuts up to the capacity, which is an accident" },
  },
  {
    template: '{{ deepCopy (semver "1.2.3") }}',
    differs: { output: "1.2.3", because: "Sprig copies the exported fields only, of which a version has none" },
  },
];
