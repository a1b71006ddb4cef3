import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Invocation } from "../../../helpers/kubeseal/comparison.ts";

const RECOVER = ["--recovery-unseal"];

function recover(name: string, args: readonly string[], more: Partial<Invocation> = {}): Invocation {
  return { name: `recover: ${name}`, args: [...RECOVER, ...args], ...more };
}

function keyed(name: string, key: string, ...args: string[]): Invocation {
  return recover(name, ["-f", "sealed.yaml", "--recovery-private-key", key, ...args]);
}

/** A SealedSecret changed before it is opened. */
function altered(name: string, change: (text: string) => string, file = "sealed.yaml"): Invocation {
  return recover(
    name,
    ["-f", "in", "--recovery-private-key", "key.pem", ...(name.length % 2 === 0 ? ["-o", "yaml"] : [])],
    {
      prepare: (folder) => writeFileSync(join(folder, "in"), change(readFileSync(join(folder, file), "utf8"))),
    },
  );
}

/** A key file made of others. */
function made(name: string, content: (read: (file: string) => string) => string): Invocation {
  return recover(name, ["-f", "sealed.yaml", "--recovery-private-key", "made"], {
    prepare: (folder) =>
      writeFileSync(
        join(folder, "made"),
        content((file) => readFileSync(join(folder, file), "utf8")),
      ),
  });
}

const base64 = (text: string) => Buffer.from(text).toString("base64");
const keySecret = (pem: string, field = "tls.key") => `kind: Secret\ndata: {${field}: ${base64(pem)}}\n`;

const TEMPLATES: Readonly<Record<string, string>> = {
  "a template": '{conf: "p={{ .pass }} u={{ .user | upper }}"}',
  "a template over lines": '{conf: "{{ range $k, $v := . }}{{ $k }}\\n{{ end }}"}',
  "a template for an item": '{pass: "other"}',
  "null for an item": '{pass: null, conf: "p={{ .pass }}"}',
  "an undefined key": '{conf: "{{ .none }} {{ .none.deeper }}"}',
  "an undefined function": '{conf: "{{ toYaml . }}"}',
  "an action that is not closed": '{conf: "{{ .pass"}',
  fail: '{conf: "{{ fail .pass }}"}',
  "two that fail": '{a: "{{ .x", b: "{{ nope }}"}',
  "a number as source": "{conf: 5}",
  "a list as source": "{conf: [a]}",
  "a list of templates": "[a]",
};

function templateRows(): Invocation[] {
  return Object.entries(TEMPLATES).map(([name, data]) =>
    altered(name, (text) => text.replace("  template:\n", `  template:\n    data: ${data}\n`)),
  );
}

/** `--recovery-unseal`: which files are keys, which objects open, and what the Secret looks like. */
export function recoveryRows(): Invocation[] {
  return [
    keyed("PKCS#8", "key.pem"),
    keyed("PKCS#1", "key1.pem", "-o", "yaml"),
    keyed("a key Secret", "key-secret.yaml"),
    keyed("a List of key Secrets", "key-list.json"),
    keyed("the wrong key first", "other-key.pem,key.pem"),
    keyed("the wrong key alone", "other-key.pem"),
    keyed("an EC key", "ec-key.pem"),
    keyed("a certificate", "cert.pem"),
    keyed("an empty file", "empty"),
    keyed("a Secret without a key", "secret.yaml"),
    keyed("a missing file", "none.pem"),
    keyed("a missing file after a good one", "key.pem,none.pem"),
    keyed("a folder", "."),
    keyed("an empty name", ""),
    keyed("a bad format", "key.pem", "-o", "xml"),
    keyed("into a file", "key.pem", "-w", "out.yaml"),
    keyed("into a file of another name", "key.pem", "-w", "out"),
    keyed("--scope, -n and --name do not matter", "key.pem", "--scope", "cluster-wide", "-n", "other", "--name", "x"),
    keyed("--cert does not matter", "key.pem", "--cert", "none"),
    recover("no key", ["-f", "sealed.yaml"]),
    recover("from stdin, nothing there", ["--recovery-private-key", "key.pem"], { stdin: "" }),
    recover("a missing input", ["-f", "none", "--recovery-private-key", "key.pem"]),
    recover("a missing input and a missing key", ["-f", "none", "--recovery-private-key", "none.pem"]),
    recover("namespace-wide", ["-f", "sealed-nsw.yaml", "--recovery-private-key", "key.pem", "-o", "yaml"]),
    recover("cluster-wide", ["-f", "sealed-cw.yaml", "--recovery-private-key", "key.pem"]),
    recover("a full one", ["-f", "sealed-full.yaml", "--recovery-private-key", "key.pem", "-o", "yaml"]),
    recover("a full one, JSON", ["-f", "sealed-full.yaml", "--recovery-private-key", "key.pem"]),
    recover("JSON", ["-f", "sealed.json", "--recovery-private-key", "key.pem"]),
    made("text before the key", (read) => `hello\n${read("key.pem")}`),
    made("a certificate before the key", (read) => read("cert.pem") + read("key.pem")),
    made("a certificate after the key", (read) => read("key.pem") + read("cert.pem")),
    made("the wrong key, then the right one", (read) => read("other-key.pem") + read("key.pem")),
    made("the EC key, then the right one", (read) => read("ec-key.pem") + read("key.pem")),
    made("CRLF", (read) => read("key.pem").replaceAll("\n", "\r\n")),
    made("a cut key", (read) => read("key.pem").slice(0, 400)),
    made("a key Secret with another field", (read) => keySecret(read("key.pem"), "key")),
    made("a key Secret with a certificate in it", (read) => keySecret(read("cert.pem"))),
    made("a key Secret with garbage in it", () => keySecret("garbage")),
    made("a key Secret with an EC key in it", (read) => keySecret(read("ec-key.pem"))),
    made("a key Secret with bad base64", () => "kind: Secret\ndata: {tls.key: '!'}\n"),
    made(
      "a key in stringData",
      (read) => `kind: Secret\nstringData:\n  tls.key: |\n${read("key.pem").replace(/^/gm, "    ")}`,
    ),
    made("a key in a ConfigMap", (read) => keySecret(read("key.pem")).replace("Secret", "ConfigMap")),
    made(
      "key Secrets in two documents",
      (read) => `${keySecret(read("other-key.pem"))}---\n${keySecret(read("key.pem"))}`,
    ),
    made("a key Secret and one without", (read) => `${keySecret(read("key.pem"))}---\nkind: Secret\ndata: {a: eA==}\n`),
    made("a key Secret without a kind", (read) => keySecret(read("key.pem")).replace("kind: Secret\n", "")),
    made("a SecretList", (read) =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "SecretList",
        items: [{ data: { "tls.key": base64(read("key.pem")) } }],
      }),
    ),
    made("an empty List", () => '{"apiVersion":"v1","kind":"List","items":[]}'),
    made("a List with one that has no key", (read) =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "List",
        items: [
          { kind: "Secret", apiVersion: "v1", data: { "tls.key": base64(read("key.pem")) } },
          { kind: "Secret", apiVersion: "v1" },
        ],
      }),
    ),
    made("a List without a version", (read) =>
      JSON.stringify({
        kind: "List",
        items: [{ kind: "Secret", apiVersion: "v1", data: { "tls.key": base64(read("key.pem")) } }],
      }),
    ),
    made("a scalar", () => "hello\n"),
    made("a list", () => "- a\n"),
    made("broken YAML", () => "a: [\n"),
    altered("another name", (text) => text.replaceAll("name: db", "name: x")),
    altered("another namespace", (text) => text.replaceAll("namespace: apps", "namespace: x")),
    altered("another name in the template only", (text) => text.replace(/(template:[\s\S]*)name: db/, "$1name: x")),
    altered("a scope annotation added", (text) =>
      text.replace("metadata:\n", 'metadata:\n  annotations: {sealedsecrets.bitnami.com/cluster-wide: "true"}\n'),
    ),
    altered("a scope annotation that is not true", (text) =>
      text.replace("metadata:\n", 'metadata:\n  annotations: {sealedsecrets.bitnami.com/cluster-wide: "yes"}\n'),
    ),
    altered("a boolean annotation", (text) =>
      text.replace("metadata:\n", "metadata:\n  annotations: {sealedsecrets.bitnami.com/cluster-wide: true}\n"),
    ),
    altered("a number as name", (text) => text.replace("name: db", "name: 5")),
    altered("a list as labels", (text) => text.replace("metadata:\n", "metadata:\n  labels: [a]\n")),
    altered("a uid", (text) => text.replace("metadata:\n", "metadata:\n  uid: u-1\n")),
    altered("its own labels", (text) => text.replace("metadata:\n", "metadata:\n  labels: {own: x}\n")),
    altered("the template's labels", (text) =>
      text.replace("    metadata:\n", "    metadata:\n      labels: {own: x}\n"),
    ),
    altered("the template's finalizers", (text) =>
      text.replace("    metadata:\n", "    metadata:\n      finalizers: [a/b]\n"),
    ),
    altered("the template's generateName", (text) =>
      text.replace("    metadata:\n", "    metadata:\n      generateName: a-\n"),
    ),
    {
      ...altered("the template's resourceVersion", (text) =>
        text.replace("    metadata:\n", '    metadata:\n      resourceVersion: "5"\n      uid: u\n'),
      ),
      differs: { row: "`--recovery-unseal` of a template with", code: 0 },
    },
    altered("the template's owner", (text) =>
      text.replace(
        "    metadata:\n",
        "    metadata:\n      ownerReferences: [{apiVersion: v1, kind: Pod, name: p, uid: u}]\n",
      ),
    ),
    altered("no owner wanted", (text) =>
      text.replace(
        "    metadata:\n",
        '    metadata:\n      annotations: {sealedsecrets.bitnami.com/skip-set-owner-references: "true"}\n',
      ),
    ),
    altered("no owner wanted, on the object", (text) =>
      text.replace(
        "metadata:\n",
        'metadata:\n  annotations: {sealedsecrets.bitnami.com/skip-set-owner-references: "true"}\n',
      ),
    ),
    altered("no template", (text) => text.replace(/ {2}template:\n( {4}.*\n)+/, "")),
    altered("a null template", (text) => text.replace(/ {2}template:\n( {4}.*\n)+/, "  template: null\n")),
    altered("an empty template.data", (text) => text.replace("  template:\n", "  template:\n    data: {}\n")),
    altered("a null template.data", (text) => text.replace("  template:\n", "  template:\n    data: null\n")),
    altered("a type", (text) => text.replace("  template:\n", "  template:\n    type: x/y\n")),
    altered("a number as type", (text) => text.replace("  template:\n", "  template:\n    type: 5\n")),
    altered("immutable", (text) => text.replace("  template:\n", "  template:\n    immutable: true\n")),
    altered("immutable in words", (text) => text.replace("  template:\n", '  template:\n    immutable: "true"\n')),
    altered("stringData in the template", (text) =>
      text.replace("  template:\n", "  template:\n    stringData: {a: b}\n"),
    ),
    ...templateRows(),
    altered("no items", (text) => text.replace(/ {2}encryptedData:\n( {4}.*\n)+/, "  encryptedData: {}\n")),
    altered("no field of items", (text) => text.replace(/ {2}encryptedData:\n( {4}.*\n)+/, "")),
    altered("null as items", (text) => text.replace(/ {2}encryptedData:\n( {4}.*\n)+/, "  encryptedData: null\n")),
    altered("a list as items", (text) => text.replace(/ {2}encryptedData:\n( {4}.*\n)+/, "  encryptedData: [a]\n")),
    altered("no spec", (text) => text.replace(/spec:[\s\S]*/, "")),
    altered("a null spec", (text) => text.replace(/spec:[\s\S]*/, "spec: null\n")),
    altered("a number as spec", (text) => text.replace(/spec:[\s\S]*/, "spec: 5\n")),
    altered("an item swapped", (text) =>
      text.replace("    pass:", "    x:").replace("    user:", "    pass:").replace("    x:", "    user:"),
    ),
    altered("an empty item", (text) => text.replace(/pass: .*/, 'pass: ""')),
    altered("a null item", (text) => text.replace(/pass: .*/, "pass: null")),
    altered("a number item", (text) => text.replace(/pass: .*/, "pass: 5")),
    altered("a short item", (text) => text.replace(/pass: .*/, "pass: AgA=")),
    altered("an item that is no base64", (text) => text.replace(/pass: .*/, "pass: '!'")),
    altered("two kinds of wrong items", (text) =>
      text.replace(/pass: .*/, "pass: '!'").replace(/user: .*/, "user: AgA="),
    ),
    altered("an item with a line end", (text) => text.replace(/pass: (.{20})(.*)/, 'pass: "$1\\n$2\\n"')),
    altered("an item with a blank", (text) => text.replace(/pass: (.{20})(.*)/, 'pass: "$1 $2"')),
    altered("an item cut at its end", (text) => text.replace(/(pass: .*).{8}$/m, "$1")),
    altered("unknown fields", (text) => `${text}extra: 5\nstatus: {a: b}\n`),
    altered("two documents", (text) => `${text}---\n${text}`),
    altered("a Secret first", (text) => `kind: Secret\napiVersion: v1\n---\n${text}`),
    altered("an empty document first", (text) => `---\n# nothing\n---\n${text}`),
    altered("CRLF in the object", (text) => text.replaceAll("\n", "\r\n")),
    altered("a byte order mark", (text) => `\uFEFF${text}`),
    altered("a Secret", () => "kind: Secret\napiVersion: v1\n"),
    altered("a List", () => "kind: List\napiVersion: v1\nitems: []\n"),
    altered("a ConfigMap", () => "kind: ConfigMap\napiVersion: v1\n"),
    altered("a Deployment", () => "kind: Deployment\napiVersion: apps/v1\n"),
    altered("another version", (text) => text.replace("v1alpha1", "v1")),
    altered("another group", (text) => text.replace("bitnami.com", "example.com")),
    altered("no kind", (text) => text.replace("kind: SealedSecret\n", "")),
    altered("no version", (text) => text.replace("apiVersion: bitnami.com/v1alpha1\n", "")),
    altered("a number as kind", (text) => text.replace("kind: SealedSecret", "kind: 5")),
    altered("a number", () => "5\n"),
    altered("a text", () => "hello\n"),
    altered("a list of documents", () => "- a\n"),
    altered("an open bracket", () => "a: [\n"),
    {
      ...altered("an open brace", () => "{"),
      differs: { row: "input that begins with `{`", code: 1, stderr: /^error: yaml: line 1: / },
    },
    altered("a NUL", () => "\u0000"),
    altered("a comment", () => "# nothing\n"),
    altered("null", () => "null\n"),
    altered("an empty mapping", () => "{}\n"),
  ];
}
