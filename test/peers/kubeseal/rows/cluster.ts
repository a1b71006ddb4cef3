import { ANSWERS, SERVICES } from "../../../helpers/fakes/api.ts";
import type { Difference, Invocation } from "../../../helpers/kubeseal/comparison.ts";
import { SECRET } from "../stage.ts";

const ENV = { KUBECONFIG: "kc-api" };

function row(name: string, args: readonly string[], more: Partial<Invocation> = {}): Invocation {
  return { name, args, env: ENV, ...more };
}

const MODES: readonly (readonly [string, readonly string[]])[] = [
  ["fetch-cert", ["--fetch-cert"]],
  ["validate", ["--validate", "-f", "sealed.yaml"]],
  ["re-encrypt", ["--re-encrypt", "-f", "sealed.yaml", "-w", "out.yaml"]],
];

const DIFFERENT: Readonly<Record<string, Difference>> = {
  login: {
    row: "an answer that is no JSON",
    code: 1,
    stderr: /^error: cannot get sealed secret service: the answer is not JSON\./,
  },
  portless: {
    row: "a Service without ports",
    code: 1,
    stderr: /^error: cannot get sealed secret service: services "sealed-secrets-controller" has no port\n/,
  },
  specless: { row: "a Service without ports", code: 1, stderr: /has no port\n/ },
};

/** Every way in which the Service or what is behind it answers, in every mode that asks. */
function answerRows(): Invocation[] {
  return [...Object.keys(SERVICES), ...Object.keys(ANSWERS), "kube-system", "proxy-busy-once"].flatMap((namespace) =>
    MODES.map(([mode, args]) => {
      const differs = DIFFERENT[namespace];
      return row(`${mode}: ${namespace}`, [...args, "--controller-namespace", namespace], {
        ...(differs === undefined ? {} : { differs }),
      });
    }),
  );
}

const ENDLESS: Difference = {
  row: "a JSON object followed by",
  code: 0,
  stderr: /^warning: document 2 is passed over/,
  hangs: true,
};

const SEALED = (more = "", items = "{a: AgA=}") =>
  `apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: db\n  namespace: apps\n${more}spec:\n  encryptedData: ${items}\n`;
const JSON_SEALED =
  '{"apiVersion":"bitnami.com/v1alpha1","kind":"SealedSecret","metadata":{"name":"db"},"spec":{"encryptedData":{"a":"AgA="}}}';

const INPUTS: Readonly<Record<string, string>> = {
  one: SEALED(),
  nothing: "",
  "a comment": "# nothing\n",
  separators: "---\n---\n",
  garbage: "a: [\n",
  "a scalar": "hello\n",
  "a list": "- a\n",
  "an empty mapping": "{}\n",
  JSON: JSON_SEALED,
  "two JSON objects": JSON_SEALED + JSON_SEALED.replace("db", "x"),
  "JSON, then garbage": `${JSON_SEALED} x`,
  two: `${SEALED()}---\n${SEALED().replace("name: db", "name: x")}`,
  "good, undecryptable, good": `${SEALED()}---\n${SEALED("  annotations: {fake: undecryptable}\n")}---\n${SEALED()}`,
  undecryptable: SEALED("  annotations: {fake: undecryptable}\n"),
  "undecryptable without a name": SEALED("  annotations: {fake: undecryptable}\n").replace("  name: db\n", ""),
  "garbage, then good": `a: [\n---\n${SEALED()}`,
  "good, then garbage": `${SEALED()}---\na: [\n`,
  "good, then an end mark and garbage": `${SEALED()}...\n{[\n`,
  "a line that begins like a separator": `${SEALED()}---x\n${SEALED()}`,
  "a Secret": SECRET,
  "a List": `apiVersion: v1\nkind: List\nitems: []\n`,
  "another version": SEALED().replace("v1alpha1", "v1"),
  "no kind": SEALED().replace("kind: SealedSecret\n", ""),
  "no items": SEALED("", "{}"),
  "no spec": SEALED().replace(/spec:[\s\S]*/, ""),
  "a number as item": SEALED("", "{a: 5}"),
  "a number as a label": SEALED("  labels: {a: 5}\n"),
  "a boolean as an annotation": SEALED("  annotations: {a: yes}\n"),
  "a null annotation": SEALED("  annotations: {a: null}\n"),
  "a number as name": SEALED().replace("name: db", "name: 5"),
  "a list as metadata": SEALED().replace(/metadata:\n.*\n.*\n/, "metadata: [a]\n"),
  "a bad time": SEALED("  creationTimestamp: yesterday\n"),
  "a null time": SEALED("  creationTimestamp: null\n"),
  "a time": SEALED('  creationTimestamp: "2020-01-02T03:04:05+01:00"\n'),
  "what a cluster adds": SEALED(
    '  uid: u\n  resourceVersion: "5"\n  generation: 2\n  managedFields: [{manager: kubectl, operation: Update, apiVersion: v1, time: "2020-01-02T03:04:05Z", fieldsType: FieldsV1, fieldsV1: {"f:spec": {}}}]\n',
  ),
  "labels and finalizers": SEALED("  labels: {b: x, a: y}\n  finalizers: [z, a]\n"),
  "unknown fields": `${SEALED("  other: x\n")}extra: 5\n`,
  "a status": `${SEALED()}status:\n  observedGeneration: 3\n  conditions:\n  - type: Synced\n    status: "True"\n    lastUpdateTime: "2020-01-02T03:04:05Z"\n`,
  "an empty status": `${SEALED()}status: {}\n`,
  "a template": `${SEALED()}  template:\n    type: x/y\n    immutable: true\n    metadata: {name: db, labels: {a: "1"}, annotations: {b: "<c>"}}\n    data: {t: "{{ .a }}", n: null}\n    other: z\n`,
  "an empty template": `${SEALED()}  template: {}\n`,
  "a null template": `${SEALED()}  template: null\n`,
  "legacy data": SEALED().replace(/encryptedData:.*/, "data: eA==\n  encryptedData: {}"),
  "fields in capitals": SEALED().replace("metadata:", "Metadata:").replace("encryptedData", "EncryptedData"),
  HTML: SEALED("", '{a: "<&>\u2028"}'),
  CRLF: SEALED().replaceAll("\n", "\r\n"),
  "a byte order mark": `\uFEFF${SEALED()}`,
  "an anchor": SEALED("", "{a: &x AgA=, b: *x}"),
  "a duplicate key": SEALED("", "{a: AgA=, a: AgE=}"),
};

function inputRows(): Invocation[] {
  return Object.entries(INPUTS).flatMap(([name, stdin], at) => [
    row(`validate ${name}`, ["--validate"], { stdin, ...(name === "JSON, then garbage" ? { differs: ENDLESS } : {}) }),
    row(`re-encrypt ${name}`, at % 2 === 0 ? ["--re-encrypt", "-o", "yaml"] : ["--re-encrypt"], {
      stdin,
      ...(name === "JSON, then garbage" ? { differs: ENDLESS } : {}),
    }),
  ]);
}

/** Through the service proxy of an API server that writes down what it is asked. */
export function clusterRows(): Invocation[] {
  const kubeconfig = (name: string, more: Partial<Invocation> = {}) =>
    row(`kubeconfig: ${name}`, ["--fetch-cert"], { env: { KUBECONFIG: name }, ...more });
  return [
    ...answerRows(),
    ...inputRows(),
    row("seal", [], { stdin: SECRET }),
    row("seal with an expired certificate", ["--controller-namespace", "expired"], { stdin: SECRET }),
    row("seal without input", [], { stdin: "" }),
    row("seal with garbage for a certificate", ["--controller-namespace", "proxy-garbage"], { stdin: SECRET }),
    row("merge", ["--merge-into", "sealed.json"], { stdin: SECRET }),
    row("raw", ["--raw", "--name", "db"], { stdin: "v" }),
    row("raw in the namespace of the context", ["--raw", "--name", "db"], {
      stdin: "v",
      env: { KUBECONFIG: "kc-api-ns" },
    }),
    row("seal in the namespace of the context", [], {
      stdin: SECRET.replace("  namespace: apps\n", ""),
      env: { KUBECONFIG: "kc-api-ns" },
    }),
    row("-n does not name the controller's namespace", ["--fetch-cert", "-n", "other"]),
    row("the context's namespace neither", ["--fetch-cert"], { env: { KUBECONFIG: "kc-api-ns" } }),
    row("another controller", ["--fetch-cert", "--controller-name", "mine", "--controller-namespace", "its"]),
    row("a controller by the environment", ["--fetch-cert"], {
      env: { ...ENV, SEALED_SECRETS_CONTROLLER_NAME: "mine", SEALED_SECRETS_CONTROLLER_NAMESPACE: "its" },
    }),
    row("an odd name", ["--fetch-cert", "--controller-name", "a b/c"]),
    row("an empty name", ["--fetch-cert", "--controller-name="]),
    row("an empty namespace", ["--fetch-cert", "--controller-namespace="]),
    row("--server", ["--fetch-cert", "--server", "@API"], { env: {} }),
    row("--server, not there", ["--fetch-cert", "--server", "http://127.0.0.1:1"]),
    row("--server without a scheme", ["--fetch-cert", "--server", "127.0.0.1:1"], { env: {} }),
    row("--server with a path", ["--fetch-cert", "--server", "@API/clusters/a"]),
    row("--token", ["--fetch-cert", "--token", "mine"]),
    row("--as", ["--fetch-cert", "--as", "somebody", "--as-group", "a", "--as-group", "b,c", "--as-uid", "7"]),
    row("--username", ["--fetch-cert", "--username", "u", "--password", "p"], { env: { KUBECONFIG: "kc-api-none" } }),
    row("--username over a token", ["--fetch-cert", "--username", "u", "--password", "p"]),
    row("--user", ["--fetch-cert", "--user", "basic"], { env: { KUBECONFIG: "kc-api-many" } }),
    row("--user nobody", ["--fetch-cert", "--user", "nobody"], { env: { KUBECONFIG: "kc-api-many" } }),
    row("--context", ["--fetch-cert", "--context", "second"], { env: { KUBECONFIG: "kc-api-many" } }),
    row("--context nope", ["--fetch-cert", "--context", "nope"]),
    row("--cluster", ["--fetch-cert", "--cluster", "c"], { env: { KUBECONFIG: "kc-api-many" } }),
    row("--cluster nope", ["--fetch-cert", "--cluster", "nope"]),
    row("--kubeconfig", ["--fetch-cert", "--kubeconfig", "kc-api"], { env: {} }),
    row("--kubeconfig over KUBECONFIG", ["--fetch-cert", "--kubeconfig", "kc-api"], { env: { KUBECONFIG: "none" } }),
    row("--kubeconfig none", ["--fetch-cert", "--kubeconfig", "none"]),
    row("--kubeconfig, a folder", ["--fetch-cert", "--kubeconfig", "."]),
    row("--kubeconfig, broken", ["--fetch-cert", "--kubeconfig", "broken"], { files: { broken: "a: [\n" } }),
    row("--kubeconfig, a scalar", ["--fetch-cert", "--kubeconfig", "broken"], {
      files: { broken: "hello\n" },
      differs: { row: "a kubeconfig of another shape", code: 1, stderr: /"broken": it is not a mapping\n/ },
    }),
    row("--kubeconfig, wrong types", ["--fetch-cert", "--kubeconfig", "broken"], {
      files: { broken: "clusters: 5\n" },
      differs: { row: "a kubeconfig of another shape", code: 1, stderr: /"broken": "clusters" is not a list\n/ },
    }),
    kubeconfig("kc-api:none"),
    kubeconfig("none:kc-api"),
    kubeconfig("kc-api-ns:kc-api"),
    kubeconfig("empty"),
    kubeconfig("kc-api-none"),
    kubeconfig("kc-api-many"),
    kubeconfig("kc-api-file"),
    kubeconfig("kc-api-exec"),
    kubeconfig("kc-api-as"),
    kubeconfig("kc-api-path"),
    kubeconfig("kc-api-nowhere"),
    kubeconfig("the home's", { env: {}, files: {}, args: ["--fetch-cert"] }),
    row("--request-timeout 5s", ["--fetch-cert", "--request-timeout", "5s"]),
    row("--request-timeout 5", ["--fetch-cert", "--request-timeout", "5"]),
    row("--request-timeout soon", ["--fetch-cert", "--request-timeout", "soon"]),
    row("--request-timeout -1s", ["--fetch-cert", "--request-timeout=-1s"]),
    row("--request-timeout 1s of a slow one", [
      "--fetch-cert",
      "--request-timeout",
      "1s",
      "--controller-namespace",
      "slow",
    ]),
    row("--proxy-url, not there", ["--fetch-cert", "--proxy-url", "http://127.0.0.1:1"], {
      differs: {
        row: "a proxy that is not there",
        code: 1,
        stderr: /dial tcp 127\.0\.0\.1:1: connect: connection refused/,
      },
    }),
    row("--proxy-url, garbage", ["--fetch-cert", "--proxy-url", "::"]),
    row("--disable-compression", ["--fetch-cert", "--disable-compression"]),
    row("--client-certificate none", ["--fetch-cert", "--client-certificate", "none", "--client-key", "none"]),
    row("--certificate-authority none", ["--fetch-cert", "--certificate-authority", "none"]),
    row("re-encrypt in place", ["--re-encrypt", "-f", "sealed.yaml"]),
    row("re-encrypt in place, JSON", ["--re-encrypt", "-f", "sealed.json"]),
    row("re-encrypt in place, as YAML", ["--re-encrypt", "-f", "sealed.json", "-o", "yaml"]),
    row("re-encrypt in place, undecryptable", ["--re-encrypt", "-f", "bad.yaml"], {
      files: { "bad.yaml": INPUTS["good, undecryptable, good"] ?? "" },
    }),
    row("re-encrypt with -w", ["--re-encrypt", "-f", "sealed.yaml", "-w", "out.json"]),
    row("re-encrypt from stdin with -w", ["--re-encrypt", "-w", "out.yaml"], { stdin: SEALED() }),
    row("re-encrypt with a bad format", ["--re-encrypt", "-o", "xml"], { stdin: SEALED() }),
    row("re-encrypt nothing with a bad format", ["--re-encrypt", "-o", "xml"], { stdin: "" }),
    row("validate with -w", ["--validate", "-w", "out.yaml"], { stdin: SEALED() }),
    row("validate badly with -w", ["--validate", "-w", "out.yaml"], { stdin: INPUTS["undecryptable"] ?? "" }),
    row("rotate", ["--rotate"], { stdin: SEALED() }),
    row("rotate in place", ["--rotate", "-f", "sealed.yaml"]),
  ];
}
