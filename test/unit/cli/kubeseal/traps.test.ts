import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SealingKeyPair } from "../../../../src/x509/index.ts";
import { readManifests } from "../../../../src/yaml/index.ts";
import { type FakeApi, kubeconfigOf, startFakeApi } from "../../../helpers/fakes/api.ts";
import { openItem } from "../../../helpers/open-item.ts";
import { type CliRun, runCli } from "../../../helpers/run-cli.ts";
import { makeSealingKey } from "../../../helpers/sealing-keys.ts";

const PREFIX = "sealedsecrets.bitnami.com";
const SECRET = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: apps\nstringData:\n  p: hello\n";

let key: SealingKeyPair;
let keyPem: string;
let api: FakeApi;
beforeAll(async () => {
  key = await makeSealingKey();
  keyPem = `-----BEGIN PRIVATE KEY-----\n${Buffer.from(key.privateKey.pkcs8).toString("base64")}\n-----END PRIVATE KEY-----\n`;
  api = await startFakeApi({ certificates: { "*": key.certificatePem } });
});
afterAll(() => api.close());

const kubeseal = (line: string, stdin: string | Uint8Array = SECRET, more: CliRun = {}) =>
  runCli(`kubeseal ${line}`, {
    stdin,
    ...more,
    files: { "c.pem": key.certificatePem, "k.pem": keyPem, kc: kubeconfigOf(api.url), ...more.files },
  });
const seal = (line: string, stdin?: string | Uint8Array, more?: CliRun) =>
  kubeseal(`--cert c.pem ${line}`, stdin, more);
const ask = (line: string, stdin?: string) => {
  api.forget();
  return kubeseal(line, stdin, { env: { KUBECONFIG: "kc" } });
};

interface Sealed {
  readonly metadata: { readonly namespace?: string; readonly annotations?: Record<string, string> };
  readonly spec: {
    readonly encryptedData: Readonly<Record<string, string>>;
    readonly template: { readonly metadata: { readonly annotations?: Record<string, string> } };
  };
}
const objectsIn = (text: string) => readManifests(text).manifests.map(({ value }) => value as unknown as Sealed);
const items = (text: string) => objectsIn(text)[0]?.spec.encryptedData ?? {};
const opened = (item: string | undefined, label: string) =>
  openItem(item ?? "", label, key.privateKey.pkcs8)?.toString();
/** The original's first line, ours stand behind it. */
const firstLine = ({ stderr }: { stderr: string }) => stderr.split("\n")[0];

describe("trap: the label of the strict scope has a slash, that of the cluster-wide scope is empty", () => {
  test.each([
    ["strict", "apps/db"],
    ["namespace-wide", "apps"],
    ["cluster-wide", ""],
  ])("%s", async (scope, label) => {
    const item = items((await seal(`--scope ${scope} -o yaml`)).stdout)["p"];
    expect(opened(item, label)).toBe("hello");
    for (const other of ["apps/db", "apps", "", "appsdb"].filter((one) => one !== label)) {
      expect(opened(item, other)).toBeUndefined();
    }
  });
});

describe("trap: SHA-256 in both places of OAEP, nonce of zeros, tag last, one session key for each item", () => {
  test("an opener that shares no code with ours reads it", async () => {
    const { p, q } = items((await seal("-o yaml", `${SECRET}  q: hello\n`)).stdout);
    expect([opened(p, "apps/db"), opened(q, "apps/db")]).toEqual(["hello", "hello"]);
    expect(Buffer.from(p ?? "", "base64").subarray(-21)).not.toEqual(Buffer.from(q ?? "", "base64").subarray(-21));
    expect(Buffer.from(p ?? "", "base64").length).toBe(2 + 256 + 5 + 16);
  });
});

describe("trap: the scope is read from the Secret when sealing, and written to object and template", () => {
  test.each(["namespace-wide", "cluster-wide"])("%s", async (scope) => {
    const input = SECRET.replace("metadata:\n", `metadata:\n  annotations: {${PREFIX}/${scope}: "true"}\n`);
    const [object] = objectsIn((await seal("-o yaml", input)).stdout);
    expect(object?.metadata.annotations).toEqual({ [`${PREFIX}/${scope}`]: "true" });
    expect(object?.spec.template.metadata.annotations).toEqual({ [`${PREFIX}/${scope}`]: "true" });
  });
});

describe("trap: when unsealing the scope is read from the object, never from the template", () => {
  test("an annotation of the template alone changes nothing", async () => {
    const sealed = (await seal("-o yaml")).stdout.replace(
      "    metadata:\n",
      `    metadata:\n      annotations: {${PREFIX}/cluster-wide: "true"}\n`,
    );
    expect((await kubeseal("--recovery-unseal --recovery-private-key k.pem", sealed)).code).toBe(0);
  });
});

describe("trap: values are bytes", () => {
  test("all 256 go there and back", async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    const input = SECRET.replace("stringData:\n  p: hello", `data:\n  p: ${bytes.toString("base64")}`);
    const back = await kubeseal("--recovery-unseal --recovery-private-key k.pem", (await seal("", input)).stdout);
    expect(JSON.parse(back.stdout).data.p).toBe(bytes.toString("base64"));
  });
});

describe("trap: the port of the Service may have no name", () => {
  test.each([
    ["kube-system", "http:sealed-secrets-controller:"],
    ["named", "http:sealed-secrets-controller:http"],
  ])("%s", async (namespace, service) => {
    await ask(`--fetch-cert --controller-namespace ${namespace}`);
    expect(api.requests.at(-1)?.url).toBe(`/api/v1/namespaces/${namespace}/services/${service}/proxy/v1/cert.pem`);
  });
});

describe("trap: 409 alone means that an object cannot be opened, and bodies are empty", () => {
  test.each([
    ["kube-system", "error: unable to decrypt sealed secret: db"],
    ["proxy-conflict", "error: unable to decrypt sealed secret: db"],
    [
      "proxy-silent",
      'error: cannot validate sealed secret: an error on the server ("") has prevented the request from succeeding (post services http:sealed-secrets-controller:)',
    ],
  ])("%s", async (namespace, text) => {
    const bad =
      "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: db\n  annotations: {a: undecryptable}\n";
    const result = await ask(`--validate --controller-namespace ${namespace}`, bad);
    expect([result.code, firstLine(result)]).toEqual([1, text]);
  });
});

describe("trap: 429 with Retry-After is waited out ten times, without it it is the end", () => {
  test.each([
    ["proxy-always-busy", 12],
    ["proxy-busy", 2],
  ])("%s: %i requests", async (namespace, count) => {
    const result = await ask(`--fetch-cert --controller-namespace ${namespace}`);
    expect(firstLine(result)).toBe(
      "error: cannot fetch certificate: the server has received too many requests and has asked us to try again later (get services http:sealed-secrets-controller:)",
    );
    expect(api.requests).toHaveLength(count);
  });
});

describe("trap: a variable for every flag, weaker than the flag, ignored when bad; for lists both count", () => {
  test.each([
    [{ SEALED_SECRETS_SCOPE: "cluster-wide" }, "", ""],
    [{ SEALED_SECRETS_SCOPE: "cluster-wide" }, "--scope strict", "apps/db"],
    [{ SEALED_SECRETS_SCOPE: "nonsense" }, "", "apps/db"],
    [{ SEALED_SECRETS_ALLOW_EMPTY_DATA: "maybe" }, "", "apps/db"],
  ])("%o %s", async (env, line, label) => {
    expect(opened(items((await seal(`-o yaml ${line}`, SECRET, { env })).stdout)["p"], label)).toBe("hello");
  });

  test("key files add up", async () => {
    const env = { SEALED_SECRETS_RECOVERY_PRIVATE_KEY: "none.pem" };
    const result = await kubeseal("--recovery-unseal --recovery-private-key k.pem", SECRET, { env });
    expect(firstLine(result)).toBe("error: open none.pem: no such file or directory");
  });
});

describe("trap: the variable of the namespace counts as -n", () => {
  test("another namespace in the input is a mismatch", async () => {
    const result = await seal("", SECRET, { env: { SEALED_SECRETS_NAMESPACE: "other" } });
    expect(firstLine(result)).toBe(
      'error: namespace mismatch: input secret is in namespace "apps" but "other" was specified',
    );
  });
});

describe("trap: --scope strict does not go over annotations", () => {
  test("cluster-wide stays", async () => {
    const input = SECRET.replace("metadata:\n", `metadata:\n  annotations: {${PREFIX}/cluster-wide: "true"}\n`);
    expect(opened(items((await seal("-o yaml --scope strict", input)).stdout)["p"], "")).toBe("hello");
  });
});

describe("trap: --merge-into writes JSON into a YAML file, only -w looks at the extension", () => {
  test.each([
    ["--merge-into t.yaml", "{"],
    ["--merge-into t.yaml -o yaml", "-"],
    ["-w t.yaml", "-"],
    ["-w t.json", "{"],
  ])("%s", async (line, first) => {
    const target = (await seal("-o yaml")).stdout;
    const { files } = await seal(line, SECRET, { files: { "t.yaml": target } });
    expect(files[line.includes("t.json") ? "t.json" : "t.yaml"]?.text[0]).toBe(first);
  });
});

describe("trap: -w makes files of mode 0600; better: links stay, a failed run leaves nothing", () => {
  test("a new file, and one that had another mode", async () => {
    expect((await seal("-w out")).files["out"]?.mode).toBe(0o600);
    expect((await seal("-w out", SECRET, { files: { out: "old" } })).files["out"]?.mode).toBe(0o600);
  });

  test("a link", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "sealkit-link-"));
    try {
      writeFileSync(join(cwd, "real"), "old");
      symlinkSync("real", join(cwd, "link"));
      await seal("-w link", SECRET, { cwd });
      expect(readFileSync(join(cwd, "real"), "utf8")).toContain("SealedSecret");
      await seal("-w new", `${SECRET}---\nkind: Secret\ndata: {a: eA==}\n`, { cwd });
      expect(readdirSync(cwd).sort()).toEqual(["c.pem", "k.pem", "kc", "link", "real"]);
    } finally {
      rmSync(cwd, { recursive: true });
    }
  });
});

describe("trap: --raw prints no line end, and keeps that of its input", () => {
  test("both", async () => {
    const { stdout } = await seal("--raw --scope cluster-wide", "value\n");
    expect([stdout.includes("\n"), opened(stdout, "")]).toEqual([false, "value\n"]);
  });
});

const EMPTY =
  "error: secret.data is empty in input Secret, assuming this is an error and aborting. To work with empty data, --allow-empty-data can be used";

describe("trap: a List is not expanded when sealing; a key file may be a List, not a SecretList", () => {
  test("sealing", async () => {
    expect((await seal("", "apiVersion: v1\nkind: List\nitems: []\n")).stderr).toContain(EMPTY);
  });

  test.each([
    ["List", 0],
    ["SecretList", 1],
  ])("key file of kind %s", async (kind, code) => {
    const item = { apiVersion: "v1", kind: "Secret", data: { "tls.key": Buffer.from(keyPem).toString("base64") } };
    const files = { keys: JSON.stringify({ apiVersion: "v1", kind, items: [item] }) };
    const sealed = (await seal("")).stdout;
    expect((await kubeseal("--recovery-unseal --recovery-private-key keys", sealed, { files })).code).toBe(code);
  });
});

describe("trap: any kind is taken for a Secret", () => {
  test("a ConfigMap with base64 is sealed with a warning, one with text is an error about base64", async () => {
    const sealed = await seal("-o yaml", SECRET.replace("kind: Secret", "kind: ConfigMap"));
    expect([sealed.code, firstLine(sealed)]).toEqual([
      0,
      "warning: document 1 is of kind ConfigMap, not Secret: it is read as if it were one",
    ]);
    const text = await seal("", "kind: ConfigMap\nmetadata: {name: a, namespace: b}\ndata: {a: plain text}\n");
    expect(text.stderr).toContain("illegal base64 data at input byte 5");
  });
});

describe("trap: stdout holds the object alone, but for the line about --rotate", () => {
  test("warnings go to stderr", async () => {
    expect((await seal("-o yaml", SECRET.replace("kind: Secret", "kind: X"))).stdout).toMatch(/^---\napiVersion: /);
  });

  test("--rotate", async () => {
    expect((await ask("--rotate", "")).stdout).toBe(
      "Flag --rotate has been deprecated, please use --re-encrypt instead\n",
    );
  });
});

describe("trap: YAML begins with dashes, JSON follows JSON, the order is that of the input", () => {
  test("two documents", async () => {
    const two = `${SECRET}---\n${SECRET.replace("name: db", "name: web")}`;
    expect((await seal("-o yaml", two)).stdout.match(/^---$|^ {2}name: \w+$/gm)).toEqual([
      "---",
      "  name: db",
      "---",
      "  name: web",
    ]);
    expect((await seal("", two)).stdout).toContain("}\n{\n");
  });
});

describe("trap: creationTimestamp: null is not written and is taken, like an empty status and null templates", () => {
  test("both", async () => {
    const old = SECRET.replace("metadata:\n", "metadata:\n  creationTimestamp: null\n");
    const sealed = (await seal("-o yaml", old)).stdout;
    expect(sealed).not.toContain("creationTimestamp");
    const input = `${sealed
      .replaceAll("metadata:\n", "metadata:\n  creationTimestamp: null\n")
      .replace(/^ {2}creationTimestamp(?=.*\n {6})/gm, "      creationTimestamp")
      .replace("  template:\n", "  template:\n    data: null\n")}status: {}\n`;
    expect((await kubeseal("--recovery-unseal --recovery-private-key k.pem", input)).code).toBe(0);
  });
});

describe("trap: base64 may be broken over lines, URL-safe base64 is none", () => {
  test.each([
    ['"aGVs\\nbG8="', 0],
    ["_-8=", 1],
  ])("%s", async (text, code) => {
    const input = SECRET.replace("stringData:\n  p: hello", `data:\n  p: ${text}`);
    expect((await seal("", input)).code).toBe(code);
  });
});

describe("trap: with a certificate and a namespace in the input no kubeconfig is needed", () => {
  test("even a broken one is not looked at", async () => {
    expect((await seal("", SECRET, { files: { bad: "a: [" }, env: { KUBECONFIG: "bad" } })).code).toBe(0);
  });
});

describe("trap: a recovered Secret has an owner with an empty uid", () => {
  test("it is there, because scripts compare", async () => {
    const back = await kubeseal("--recovery-unseal --recovery-private-key k.pem", (await seal("")).stdout);
    expect(JSON.parse(back.stdout).metadata.ownerReferences).toEqual([
      { apiVersion: "bitnami.com/v1alpha1", kind: "SealedSecret", name: "db", uid: "", controller: true },
    ]);
  });
});

describe("trap: exit code 2 for an unknown flag, 0 for help", () => {
  test.each([
    ["--nope", 2],
    ["--raw=maybe", 2],
    ["-h", 0],
    ["--help", 0],
  ])("%s", async (line, code) => expect((await kubeseal(line)).code).toBe(code));
});

describe("trap: validating and re-encrypting nothing succeeds; --strict makes it an error", () => {
  test.each(["--validate", "--re-encrypt"])("%s", async (mode) => {
    for (const stdin of ["", "a: [\n", "# nothing\n"]) {
      const result = await ask(mode, stdin);
      expect([result.code, result.stdout, api.requests.length]).toEqual([0, "", 1]);
      expect((await ask(`${mode} --strict`, stdin)).code).toBe(1);
    }
    expect((await ask("--validate", "kind: SealedSecret\napiVersion: bitnami.com/v1alpha1\n")).code).toBe(0);
  });
});

describe("trap: garbage after JSON objects never ends in the original; here it is told with its number", () => {
  test("two objects and garbage", async () => {
    const object = '{"metadata":{"name":"a","namespace":"b"},"stringData":{"p":"x"}}';
    const result = await seal("", `${object}${object}{,`);
    expect([result.code, result.stdout.match(/"kind"/g)?.length]).toEqual([0, 2]);
    expect(result.stderr).toMatch(/^warning: document 3 is passed over: line 1, column /);
  });

  test("a YAML document that cannot be read is named, too", async () => {
    expect((await seal("", `a: [\n---\n${SECRET}`)).stderr).toMatch(/^warning: document 1 is passed over: /);
  });
});

describe("trap: the answer to re-encryption has no kind", () => {
  test("kind and version are added", async () => {
    const result = await ask("--re-encrypt -o yaml", (await seal("-o yaml")).stdout);
    expect(result.stdout).toMatch(/^---\napiVersion: bitnami.com\/v1alpha1\nkind: SealedSecret\n/);
  });
});

describe("trap: -n is the namespace of the Secret, never that of the controller", () => {
  test("the controller is asked where it is", async () => {
    await ask("--fetch-cert -n other");
    expect(api.requests[0]?.url).toBe("/api/v1/namespaces/kube-system/services/sealed-secrets-controller");
  });
});

describe("trap: --merge-into and --validate with -w leave an empty file there", () => {
  test("and the target of a merge is not emptied", async () => {
    const target = (await seal("-o yaml")).stdout;
    const merged = await seal("--merge-into t.yaml -w out.yaml", SECRET, { files: { "t.yaml": target } });
    expect([merged.files["out.yaml"]?.text, merged.files["out.yaml"]?.mode]).toEqual(["", 0o600]);
    const same = await seal("--merge-into t.yaml -w t.yaml", SECRET, { files: { "t.yaml": target } });
    expect(same.files["t.yaml"]?.text).toContain("encryptedData");
    expect((await ask("--validate -w out.yaml", target)).files["out.yaml"]?.text).toBe("");
  });
});

describe("trap: YAML 1.1 scalars are sealed in the form that they are read in", () => {
  test.each([
    ["010", "8"],
    ["no", "false"],
    ["1.10", "1.1"],
    ["0x1F", "31"],
    ["1_000", "1000"],
    ["~", ""],
    ["12:30", "12:30"],
    ["2020-01-02", "2020-01-02"],
    ['"010"', "010"],
  ])("%s is sealed as %s", async (typed, sealedText) => {
    expect(opened(items((await seal("-o yaml", SECRET.replace("hello", typed))).stdout)["p"], "apps/db")).toBe(
      sealedText,
    );
  });
});

describe("trap: a key file that is of no use is not an error; better: a warning names it", () => {
  test.each(["c.pem", "garbage"])("%s", async (file) => {
    const sealed = (await seal("")).stdout;
    const result = await kubeseal(`--recovery-unseal --recovery-private-key ${file},k.pem`, sealed, {
      files: { garbage: "x" },
    });
    expect([result.code, firstLine(result)]).toEqual([
      0,
      expect.stringContaining(`warning: no key is used of "${file}": `),
    ]);
  });
});

describe("trap: what is sent carries no Content-Type, and never a token over http", () => {
  test.each([
    ["--validate", "application/json, */*"],
    ["--re-encrypt", "application/json, */*"],
    ["--fetch-cert", "application/x-pem-file, */*"],
  ])("%s", async (mode, accept) => {
    await ask(mode, (await seal("-o yaml")).stdout);
    expect(api.requests.at(-1)?.headers).toEqual({ accept });
  });
});
