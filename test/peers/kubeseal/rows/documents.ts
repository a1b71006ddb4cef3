import type { Invocation } from "../../../helpers/kubeseal/comparison.ts";
import { SECRET } from "../stage.ts";

const HEAD = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: apps\n";
const JSON_SECRET =
  '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","namespace":"apps"},"data":{"a":"eA=="}}';

function seal(name: string, stdin: string | Uint8Array, ...args: string[]): Invocation {
  return { name, args: ["--cert", "cert.pem", ...args], stdin };
}

/** Plain scalars that YAML 1.1 reads as something else than text, and some that it does not. */
const SCALARS = (
  "yes no on off y n Y N Yes NO On OFF true TRUE False null ~ Null NULL 010 0o10 0x1F 0b11 1_000 1e3 1.10 -0 +5 1. .5 .inf " +
  "-.Inf .nan 12:30 1:2:3 2020-01-02 2020-01-02T03:04:05Z 123456789012345678901234567890 9223372036854775807 " +
  "9223372036854775808 18446744073709551615 18446744073709551616 0.1 1e400 1e-400 123456789.5 1.0 100000000000000000000.0 " +
  "0777 08 09 0_7 0xG -0x10 -010 += - = << @ % a:b"
).split(" ");
const SAFE_START = SCALARS.filter((scalar) => !/^[-@%=<]?$|^<<$|^%|^@/.test(scalar));

function scalarRows(): Invocation[] {
  const rows: Invocation[] = [];
  // Several in one document, so that each start of the program is worth it.
  for (let at = 0; at < SAFE_START.length; at += 6) {
    const some = SAFE_START.slice(at, at + 6);
    const lines = (indent: string) => some.map((scalar, index) => `${indent}k${index}: ${scalar}\n`).join("");
    rows.push(
      seal(`stringData ${some.join(" ")}`, `${HEAD}stringData:\n${lines("  ")}`, "-o", "yaml"),
      seal(`labels ${some.join(" ")}`, `${HEAD}  labels:\n${lines("    ")}data: {a: eA==}\n`),
      seal(
        `keys ${some.join(" ")}`,
        `${HEAD}stringData:\n${some.map((scalar) => `  ${scalar}: v\n`).join("")}`,
        "-o",
        "yaml",
      ),
    );
  }
  for (const scalar of [
    "1.10",
    "yes",
    "null",
    "[a]",
    "{a: b}",
    "!!binary aGk=",
    "!!str 010",
    "!!int '7'",
    "!x y",
    "&a b",
  ]) {
    rows.push(
      seal(`annotation ${scalar}`, `${HEAD}  annotations:\n    note: ${scalar}\ndata: {a: eA==}\n`),
      seal(`type ${scalar}`, `${HEAD}type: ${scalar}\ndata: {a: eA==}\n`, "-o", "yaml"),
      seal(`name ${scalar}`, `metadata:\n  name: ${scalar}\n  namespace: apps\ndata: {a: eA==}\n`, "-o", "yaml"),
      seal(`immutable ${scalar}`, `${HEAD}immutable: ${scalar}\ndata: {a: eA==}\n`),
      seal(`data ${scalar}`, `${HEAD}data:\n  a: ${scalar}\n`, "-o", "yaml"),
      seal(`all of data ${scalar}`, `${HEAD}data: ${scalar}\n`, "-o", "yaml"),
      seal(`all of stringData ${scalar}`, `${HEAD}stringData: ${scalar}\n`, "-o", "yaml"),
      seal(`metadata ${scalar}`, `kind: Secret\nmetadata: ${scalar}\ndata: {a: eA==}\n`, "-o", "yaml"),
    );
  }
  return rows;
}

const BASE64: Readonly<Record<string, string>> = {
  empty: '""',
  unpadded: "YWRtaW4",
  "one pad too many": "YWRtaW4==",
  "URL-safe": "_-8=",
  "line ends": '"YWRt\\naW4="',
  "carriage returns": '"YWRt\\r\\naW4=\\r\\n"',
  "blank inside": '"YWRt aW4="',
  "blank at the end": '"YWRtaW4= "',
  tab: '"YWRt\\taW4="',
  "after the padding": "YWRtaW4=YQ==",
  folded: "|\n    YWRt\n    aW4=\n",
  "bits left over": "YWRtaW5=",
  "one letter": "A",
  "padding alone": "====",
  "not ASCII": "é",
};

function base64Rows(): Invocation[] {
  return Object.entries(BASE64).map(([name, text]) =>
    seal(`base64: ${name}`, `${HEAD}data:\n  ok: eA==\n  a: ${text}\n`),
  );
}

const STREAMS: Readonly<Record<string, string>> = {
  nothing: "",
  "a blank": " ",
  "line ends": "\n\n\n",
  "a comment": "# nothing here\n",
  "three dashes": "---\n",
  "many dashes": "---\n---\n---\n",
  "an end mark": "...\n",
  null: "null\n",
  "a scalar": "hello\n",
  "a number": "5\n",
  "a list": "- a\n- b\n",
  "an empty mapping": "{}\n",
  "an empty list": "[]\n",
  "a leading separator": `---\n${SECRET}`,
  "a leading comment and separator": `# one\n---\n# two\n${SECRET}`,
  "separators around": `---\n---\n${SECRET}---\n---\n`,
  "a separator with a comment": `--- # first\n${SECRET}--- # second\n${SECRET.replace("db", "x")}`,
  "a separator with a blank": `${SECRET}--- \n${SECRET.replace("db", "x")}`,
  "a document behind the dashes": `--- {kind: Secret, metadata: {name: db, namespace: apps}, data: {a: eA==}}\n`,
  "an end mark between": `${SECRET}...\n---\n${SECRET.replace("db", "x")}`,
  "an end mark alone between": `${SECRET}...\n${SECRET.replace("db", "x")}`,
  "a YAML directive": `%YAML 1.1\n---\n${SECRET}`,
  "a YAML 1.2 directive": `%YAML 1.2\n---\n${SECRET}`,
  "a TAG directive": `%TAG ! tag:x,2000:\n---\n${SECRET}`,
  "a byte order mark": `\uFEFF${SECRET}`,
  "a byte order mark before JSON": `\uFEFF${JSON_SECRET}`,
  "a byte order mark in the second": `${SECRET}---\n\uFEFF${SECRET.replace("db", "x")}`,
  CRLF: SECRET.replaceAll("\n", "\r\n"),
  "CRLF and separators": `${SECRET}---\n${SECRET.replace("db", "x")}`.replaceAll("\n", "\r\n"),
  "CR alone": SECRET.replaceAll("\n", "\r"),
  "no line end at the end": SECRET.trimEnd(),
  "tabs after values": SECRET.replaceAll(": db", ": db\t"),
  "a tab as indentation": "kind: Secret\nmetadata:\n\tname: db\n",
  anchors: `${HEAD}x: &v {a: eA==}\ndata: *v\n`,
  "a merge key": `${HEAD}x: &v {a: eA==}\ndata:\n  <<: *v\n  b: eQ==\n`,
  "an unknown anchor": `${HEAD}data: *v\n`,
  "a folded value": `${HEAD}stringData:\n  a: >\n    one\n    two\n\n    three\n`,
  "a literal value": `${HEAD}stringData:\n  a: |\n    one\n      two\n`,
  "a literal value, kept": `${HEAD}stringData:\n  a: |+\n    one\n\n\n`,
  "a literal value, stripped": `${HEAD}stringData:\n  a: |-\n    one\n\n\n`,
  "a literal value with an indicator": `${HEAD}stringData:\n  a: |2\n      one\n`,
  "a quoted value over lines": `${HEAD}stringData:\n  a: "one\n    two\\\n    three"\n`,
  escapes: `${HEAD}stringData:\n  a: "\\x41\\u00e9\\U0001F511\\t\\0\\e\\N\\_\\L\\P"\n`,
  "a bad escape": `${HEAD}stringData:\n  a: "\\q"\n`,
  "flow style over lines": "{kind: Secret,\n metadata: {name: db, namespace: apps},\n data: {a: eA==}}\n",
  "a duplicate key in data": `${HEAD}data:\n  a: eA==\n  a: eQ==\n`,
  "a duplicate data": `${HEAD}data: {a: eA==}\ndata: {b: eQ==}\n`,
  "data and Data": `${HEAD}data: {a: eA==}\nData: {b: eQ==}\n`,
  "DATA alone": `${HEAD}DATA: {a: eA==}\n`,
  StringData: `${HEAD}StringData: {a: x}\n`,
  "case in metadata": "Kind: Secret\nMETADATA: {NAME: db, Namespace: apps}\ndata: {a: eA==}\n",
  "unknown fields": `${HEAD}extra: {a: [1, 2]}\ndata: {a: eA==}\nspec: 5\n`,
  "an alias as a key": `${HEAD}x: &k name\ndata: {*k : eA==}\n`,
  "a complex key": `${HEAD}data:\n  ? [a]\n  : eA==\n`,
  "a question mark key": `${HEAD}data:\n  ? a\n  : eA==\n`,
  "an empty key": `${HEAD}data:\n  "": eA==\n`,
  "a null key": `${HEAD}data:\n  ~: eA==\n`,
  "an empty flow key": `${HEAD}data: {: eA==}\n`,
  "keys with dots and dashes": `${HEAD}stringData: {a.b-c_d: x, "e f": y, "é": z}\n`,
  "keys that JavaScript knows": `${HEAD}stringData: {__proto__: x, constructor: y, toString: z, hasOwnProperty: w}\n`,
  "an unclosed bracket": `${HEAD}data: {a: eA==\n`,
  "a wrong indentation": "kind: Secret\n metadata: {name: db}\n",
  "a colon in a plain value": `${HEAD}stringData:\n  a: b: c\n`,
  "a broken document, then a good one": `a: [\n---\n${SECRET}`,
  "a good one, then a broken one": `${SECRET}---\na: [\n`,
  "a good one, then a list": `${SECRET}---\n- a\n`,
  "a good one, then a scalar": `${SECRET}---\nhello\n`,
  "a good one, then bad base64": `${SECRET}---\n${HEAD}data: {a: "!"}\n`,
  "a good one, then no name": `${SECRET}---\nkind: Secret\ndata: {a: eA==}\n`,
  "a good one, then no data": `${SECRET}---\n${HEAD}`,
  "three good ones": `${SECRET}---\n${SECRET.replace("db", "a")}---\n${SECRET.replace("db", "b")}`,
  "a NUL": `${HEAD}data: {a: eA==}\n\u0000`,
  "a control character": `${HEAD}data: {a: eA==}\n# \u0007\n`,
  "a control character in a value": `${HEAD}stringData: {a: "x\u0007y"}\n`,
  "DEL in a value": `${HEAD}stringData: {a: "x\u007fy"}\n`,
  "NEL in a value": `${HEAD}stringData: {a: "x\u0085y"}\n`,
  "a line separator in a value": `${HEAD}stringData: {a: "x\u2028y"}\n`,
  "an astral value": `${HEAD}stringData: {a: 🔑}\n`,
  "no break space": `${HEAD}stringData: {a:\u00a0b}\n`,
  "a deep value": `${HEAD}x: ${"[".repeat(50)}${"]".repeat(50)}\ndata: {a: eA==}\n`,
  "a very long line": `${HEAD}stringData: {a: ${"x".repeat(70_000)}}\n`,
  "a long plain scalar, printed": `${HEAD}  annotations: {note: "${"word ".repeat(40)}"}\ndata: {a: eA==}\n`,
  JSON: JSON_SECRET,
  "JSON, indented": JSON.stringify(JSON.parse(JSON_SECRET), null, 2),
  "JSON with a line end": `${JSON_SECRET}\n`,
  "two JSON objects": JSON_SECRET + JSON_SECRET.replace("db", "x"),
  "two JSON objects on lines": `${JSON_SECRET}\n${JSON_SECRET.replace("db", "x")}\n`,
  "three JSON objects with blanks": ` ${JSON_SECRET} \n\n ${JSON_SECRET.replace("db", "a")}\t${JSON_SECRET.replace("db", "b")}`,
  "JSON, then a separator and YAML": `${JSON_SECRET}\n---\n${SECRET.replace("db", "x")}`,
  "JSON, separator, JSON": `${JSON_SECRET}\n---\n${JSON_SECRET.replace("db", "x")}`,
  "YAML, separator, JSON": `${SECRET}---\n${JSON_SECRET.replace("db", "x")}\n`,
  "JSON, then garbage": `${JSON_SECRET} garbage`,
  "JSON, then an open brace": `${JSON_SECRET}{`,
  "JSON, then a comma": `${JSON_SECRET},`,
  "JSON, cut": JSON_SECRET.slice(0, 60),
  "JSON with a comment": `# hello\n${JSON_SECRET}`,
  "JSON with a trailing comma": JSON_SECRET.replace('"eA=="', '"eA==",'),
  "JSON with single quotes": JSON_SECRET.replaceAll('"', "'"),
  "JSON with a duplicate key": JSON_SECRET.replace('"a":"eA=="', '"a":"eA==","a":"eQ=="'),
  "JSON with a number as text": JSON_SECRET.replace('"name":"db"', '"name":5'),
  "JSON with a boolean label": JSON_SECRET.replace('"name":"db"', '"name":"db","labels":{"a":true}'),
  "JSON with a number in data": JSON_SECRET.replace('"eA=="', "5"),
  "JSON with null in data": JSON_SECRET.replace('"eA=="', "null"),
  "JSON with a number in stringData": JSON_SECRET.replace('"data"', '"stringData"').replace('"eA=="', "1.50"),
  "JSON with bad base64": JSON_SECRET.replace("eA==", "!!"),
  "JSON with escapes": JSON_SECRET.replace('"data"', '"stringData"').replace("eA==", "\\u003ca\\ud83d\\udd11\\/\\n"),
  "JSON with a lone surrogate": JSON_SECRET.replace('"data"', '"stringData"').replace("eA==", "\\ud83d"),
  "JSON with a duplicate data": JSON_SECRET.replace('"data"', '"data":{"b":"eQ=="},"data"'),
  "JSON with metadata in two parts": JSON_SECRET.replace('"name":"db"', '"name":"x"').replace(
    '"data"',
    '"Metadata":{"name":"db"},"data"',
  ),
  "JSON with a number as kind": JSON_SECRET.replace('"Secret"', "5"),
  "JSON with bytes as numbers": JSON_SECRET.replace('"eA=="', "[104,105]"),
  "JSON array": `[${JSON_SECRET}]`,
  "JSON scalar": '"hello"',
  "JSON null": "null",
  "JSON with case": JSON_SECRET.replace('"data"', '"DATA"').replace('"metadata"', '"MetaData"'),
};

const KINDS: Readonly<Record<string, string>> = {
  "a List": `apiVersion: v1\nkind: List\nitems:\n- ${SECRET.trim().replaceAll("\n", "\n  ")}\n`,
  "a SecretList": `apiVersion: v1\nkind: SecretList\nmetadata: {}\nitems: []\n`,
  "a ConfigMap": SECRET.replace("kind: Secret", "kind: ConfigMap").replace(/stringData[\s\S]*/, ""),
  "a ConfigMap in plain text":
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: db, namespace: apps}\ndata: {a: plain text}\n",
  "a Deployment": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: db, namespace: apps}\nspec: {replicas: 1}\n",
  "a SealedSecret":
    "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: db, namespace: apps}\nspec: {encryptedData: {a: AgA=}}\n",
  "another apiVersion": SECRET.replace("v1", "v2"),
  "no apiVersion": SECRET.replace("apiVersion: v1\n", ""),
  "no kind": SECRET.replace("kind: Secret\n", ""),
  "a number as kind": SECRET.replace("kind: Secret", "kind: 5"),
  "a list as kind": SECRET.replace("kind: Secret", "kind: [Secret]"),
  "a number as apiVersion": SECRET.replace("apiVersion: v1", "apiVersion: 1"),
  "no name": SECRET.replace("  name: db\n", ""),
  "an empty name": SECRET.replace("name: db", 'name: ""'),
  generateName: SECRET.replace("name: db", "generateName: db-"),
  "a name that no cluster takes": SECRET.replace("name: db", "name: A b/c"),
  "an empty namespace": SECRET.replace("namespace: apps", 'namespace: ""'),
  "no metadata": "kind: Secret\ndata: {a: eA==}\n",
  "null metadata": "kind: Secret\nmetadata: null\ndata: {a: eA==}\n",
  "null data": `${HEAD}data: null\n`,
  "null stringData": `${HEAD}stringData: ~\ndata: {a: eA==}\n`,
  "a null value": `${HEAD}stringData: {a: null}\n`,
  "null labels": `${HEAD}  labels: null\n  annotations: ~\ndata: {a: eA==}\n`,
  "empty labels": `${HEAD}  labels: {}\n  annotations: {}\ndata: {a: eA==}\n`,
  "both data": `${HEAD}data: {a: eA==, b: eQ==}\nstringData: {b: other, c: third}\n`,
  "status and spec": `${SECRET}status: {}\nspec: {a: b}\n`,
  "what a cluster adds": `${HEAD}  uid: u\n  resourceVersion: "5"\n  generation: 2\n  creationTimestamp: "2020-01-02T03:04:05Z"\n  selfLink: /x\n  finalizers: [a/b]\n  ownerReferences: [{apiVersion: v1, kind: Pod, name: p, uid: u}]\n  managedFields: [{manager: kubectl, operation: Update, apiVersion: v1, time: "2020-01-02T03:04:05Z", fieldsType: FieldsV1, fieldsV1: {"f:data": {}}}]\ndata: {a: eA==}\n`,
  "creationTimestamp null": `${HEAD}  creationTimestamp: null\ndata: {a: eA==}\n`,
  "a bad creationTimestamp": `${HEAD}  creationTimestamp: yesterday\ndata: {a: eA==}\n`,
  deletionTimestamp: `${HEAD}  deletionTimestamp: "2020-01-02T03:04:05Z"\n  deletionGracePeriodSeconds: 30\ndata: {a: eA==}\n`,
  "last applied": `${HEAD}  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: "{}"\n    kubecfg.ksonnet.io/last-applied-configuration: "{}"\n    keep: me\ndata: {a: eA==}\n`,
  "only last applied": `${HEAD}  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: "{}"\ndata: {a: eA==}\n`,
  "immutable false": `${HEAD}immutable: false\ndata: {a: eA==}\n`,
  "an empty type": `${HEAD}type: ""\ndata: {a: eA==}\n`,
  "the usual type": `${HEAD}type: Opaque\ndata: {a: eA==}\n`,
  "a TLS Secret": `${HEAD}type: kubernetes.io/tls\ndata: {tls.crt: eA==, tls.key: eQ==}\n`,
  "annotations to be quoted": `${HEAD}  annotations: {a: "yes", b: "010", c: "a: b", d: " x", e: "x\\ny\\n", f: "", g: "#x", h: "<a>&b", i: "12:30", j: "é", k: "🔑", l: "a\\tb", m: "0o7", n: "- a", o: "~", p: "null"}\ndata: {a: eA==}\n`,
  "labels to be quoted": `${HEAD}  labels: {a: "true", b: "1.0", "c/d.e": "x", "1": "2", "yes": "no"}\ndata: {a: eA==}\n`,
  finalizers: `${HEAD}  finalizers: []\ndata: {a: eA==}\n`,
  "odd finalizers": `${HEAD}  finalizers: x\ndata: {a: eA==}\n`,
  "a list as labels": `${HEAD}  labels: [a]\ndata: {a: eA==}\n`,
  "a list as data": `${HEAD}data: [a]\n`,
  "a mapping as a value": `${HEAD}data: {a: {b: c}}\n`,
  "a list in stringData": `${HEAD}stringData: {a: [b]}\n`,
  "no data": HEAD,
  "empty data": `${HEAD}data: {}\n`,
};

/** The original never comes back from these. */
const ENDLESS = ["JSON, then an open brace", "JSON, then a comma"];

/** What each field of metadata takes, and says of what it does not take. */
const METADATA = [
  ...["5", "[a]", "{a: b}", "x"].flatMap((value) =>
    [
      "uid",
      "resourceVersion",
      "selfLink",
      "generateName",
      "labels",
      "finalizers",
      "ownerReferences",
      "managedFields",
    ].map((name) => `${name}: ${value}`),
  ),
  ...["x", "1.5", "[1]", "5", "null", "0"].flatMap((value) => [
    `generation: ${value}`,
    `deletionGracePeriodSeconds: ${value}`,
  ]),
  ...[
    "5",
    '""',
    "2020-01-02",
    '"2020-01-02T03:04:05+01:00"',
    '"2020-01-02T03:04:05.5Z"',
    '"2020-13-02T03:04:05Z"',
    '"2020-02-30T03:04:05Z"',
    '"2020-01-02T03:04:05"',
    '"2020-01-02T03:04:05Zz"',
    '"2020-01-02T24:04:05Z"',
    "[x]",
  ].map((value) => `creationTimestamp: ${value}`),
  "deletionTimestamp: x",
  "ownerReferences: [{apiVersion: 5, controller: true}]",
  "ownerReferences: [{controller: x}]",
  "ownerReferences: [null]",
  "finalizers: [5, yes]",
  "finalizers: [null, a]",
  "finalizers: [[a]]",
  "managedFields: [{time: x}]",
  'managedFields: [{time: "2020-01-02T03:04:05+01:00", manager: 5, b: c, fieldsV1: x}]',
  "labels: {a: [b]}",
  "labels: {a: {}}",
  "annotations: {a: null}",
];

function metadataRows(): Invocation[] {
  return METADATA.map((line) => seal(`metadata ${line}`, `${HEAD}  ${line}\ndata: {a: eA==}\n`));
}

const BYTES = ["[104, 105]", "[1, 2.5]", "[-1]", "[null, 7]", "[true]", "[x]", "[[1]]", "[]", "{}", "true", "1.5"];

function byteRows(): Invocation[] {
  const rows = BYTES.map((value): Invocation => {
    const row = seal(`data of ${value}`, `${HEAD}data: {a: ${value}}\n`);
    const shows = value === "[1, 2.5]" || value === "[-1]";
    return shows
      ? { ...row, differs: { row: "a number in a list of bytes", code: 1, stderr: /unmarshal number into Go/ } }
      : row;
  });
  return rows;
}

/** What can stand in the input: streams, documents, scalars, kinds. */
export function documentRows(): Invocation[] {
  const streams = Object.entries(STREAMS).map(([name, text], at): Invocation => {
    const row = seal(name, text, ...(at % 2 === 0 ? ["-o", "yaml"] : []));
    if (!ENDLESS.includes(name)) return row;
    return { ...row, differs: { row: "a JSON object followed by", code: 0, stderr: /passed over/, hangs: true } };
  });
  const kinds = Object.entries(KINDS).flatMap(([name, text]) => [
    seal(name, text),
    seal(`${name}, as YAML`, text, "-o", "yaml"),
  ]);
  const bytes = [
    seal("bytes that are no text", Uint8Array.from([0xff, 0xfe, 0x00, 0x41])),
    seal("UTF-16", Buffer.from(`\uFEFF${SECRET}`, "utf16le")),
    seal("UTF-16, big end first", Buffer.from(`\uFEFF${SECRET}`, "utf16le").swap16()),
    seal("Latin-1", Buffer.from(`${HEAD}stringData: {a: é}\n`, "latin1")),
    seal("Latin-1 in JSON", Buffer.from(JSON_SECRET.replace('"data"', '"stringData"').replace("eA==", "é"), "latin1")),
  ];
  const allowed = ["no data", "empty data", "null data", "a List", "a SealedSecret"].map((name) =>
    seal(`${name}, allowed`, KINDS[name] ?? "", "--allow-empty-data"),
  );
  return [
    ...streams,
    ...kinds,
    ...metadataRows(),
    ...byteRows(),
    ...scalarRows(),
    ...base64Rows(),
    ...bytes,
    ...allowed,
  ];
}
