import type { TemplateCase } from "../../../helpers/template/cases.ts";

const URLS = [
  "http://h:80/p%20q?a=b#f%20g",
  "mailto:a@b",
  "/only/path",
  "//host/p",
  "http://u:p@[::1]:80/",
  "http://[fe80::1%25en0]/x",
  "a:b:c",
  "%",
  "http://a b/",
  "http://h:x/",
  "",
];

/** URLs, base64, base32 and fail. */
export const cases: readonly TemplateCase[] = [
  ...URLS.map((url) => `{{ urlParse "${url}" }}`),
  ...URLS.map((url) => `{{ urlJoin (urlParse "${url}") }}`),
  "{{ (urlParse .url).userinfo }} {{ (urlParse .url).hostname }} {{ (urlParse .url).host }}",
  "{{ get (urlParse .url) `query` }} {{ urlJoin (urlParse .url) }}",
  '{{ urlJoin (dict "scheme" "http" "host" "h:80" "path" "a b" "query" "x=1" "fragment" "f g" "userinfo" "u:p@" ) }}',
  '{{ urlJoin (dict "path" "a:b") }} {{ urlJoin (dict "opaque" "o" "scheme" "s") }} {{ urlJoin (dict) }}',
  '{{ urlJoin (dict "host" 5) }}',
  '{{ urlJoin (dict "host" nil) }}',
  '{{ urlJoin (dict "userinfo" "a b") }}',
  '{{ urlJoin (dict "host" "h" "path" "x" "userinfo" "ü") }}',
  "{{ b64enc .unicode }} {{ b64dec (b64enc .pass) }} {{ b64enc `` }}|{{ b64dec `` }}",
  '{{ b64dec "!" }} {{ b64dec "YQ" }} {{ b64dec "YQ==" }} {{ b64dec "YWJj\\nZA==" }} {{ b64dec "Y-_=" }}',
  "{{ b32enc .unicode }} {{ b32dec (b32enc .pass) }} {{ b32enc `a` }} {{ b32enc `ab` }} {{ b32enc `abc` }} {{ b32enc `abcd` }}",
  '{{ b32dec "!" }} {{ b32dec "MFRGG" }} {{ b32dec "MFRGG===" }} {{ b32dec "MF" }} {{ b32dec "MF======" }} {{ b32dec "M=======" }}',
  '{{ b32dec "MFRG=G==" }} {{ b32dec "mfrgg===" }} {{ b32dec "MFR\\nGG===" }} {{ b32dec "MFR=====" }}',
  '{{ printf "%q" (b64dec "//79") }} {{ len (b64dec "//79") }}',
  "{{ fail .user }}",
  '{{ fail "" }}',
  "{{ fail 5 }}",
  "{{ b64enc 5 }}",
];
