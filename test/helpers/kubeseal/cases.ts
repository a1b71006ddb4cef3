import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { certify, readPrivateKey } from "../../../src/x509/index.ts";
import { readManifests, type YamlValue } from "../../../src/yaml/index.ts";
import { openItem } from "../open-item.ts";
import { takeRsaKey } from "../rsa-keys.ts";
import type { CliResult } from "../run-cli.ts";

const FOLDER = join(import.meta.dirname, "../../../fixtures/kubeseal");

export interface KubesealCase {
  readonly id: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly exit: number;
  readonly stdout_exact?: string;
  readonly stdout_contains?: string;
  readonly stderr_exact?: string;
  readonly stderr_contains?: string;
  readonly files_after?: Readonly<Record<string, { readonly mode: string; readonly content: string }>>;
  readonly decrypts_to?: string | readonly Readonly<Record<string, string>>[];
  readonly oaep_label?: string;
  readonly unexpected_labels?: Readonly<Record<string, string>>;
}

const FIELDS = [
  "id",
  "args",
  "stdin",
  "files",
  "env",
  "exit",
  "stdout_exact",
  "stdout_contains",
  "stderr_exact",
  "stderr_contains",
  "files_after",
  "decrypts_to",
  "oaep_label",
  "unexpected_labels",
];

/** Every recorded case; refuses fields that nobody looks at. */
export function kubesealCases(): readonly KubesealCase[] {
  const cases: readonly KubesealCase[] = JSON.parse(readFileSync(join(FOLDER, "cases.json"), "utf8"));
  for (const one of cases) {
    const unknown = Object.keys(one).filter((field) => !FIELDS.includes(field));
    if (unknown.length > 0) throw new Error(`case ${one.id} has unknown fields: ${unknown.join(", ")}`);
  }
  return cases;
}

export interface CaseKeys {
  readonly certificate: string;
  readonly privateKey: KeyObject;
  readonly privateKeyPem: string;
  /** What the words with an at sign stand for. */
  readonly tokens: ReadonlyMap<string, string>;
}

const DAY = 24 * 60 * 60 * 1000;

/** Fresh keys and certificates; sealed objects are made by `seal`, which is one of the two programs under test. */
export async function caseKeys(
  seal: (args: readonly string[], stdin: string, certificate: string) => Promise<string>,
): Promise<CaseKeys> {
  const key = pkcs8();
  const other = pkcs8();
  const certificate = await certificateOf(key, Date.now() - DAY, 3650 * DAY);
  const expired = Date.UTC(2021, 1, 3, 4, 5, 6);
  const ecCertificate = readFileSync(join(FOLDER, "ec.crt"), "utf8");
  const privateKey = createPrivateKey(key);
  const simple = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: apps\ndata:\n  user: YWRtaW4=\n";
  const full = kubesealCases().find(({ id }) => id === "seal-yaml-template-metadata")?.stdin ?? "";
  const yaml = (args: readonly string[], stdin: string) => seal(["-o", "yaml", ...args], stdin, certificate);
  const fullSealed = await yaml([], full);
  const tokens = new Map<string, string>([
    ["@CERT", certificate],
    ["@CERT_CHAIN", certificate + ecCertificate],
    ["@CERT_EC", ecCertificate],
    ["@CERT_EXPIRED", await certificateOf(key, expired - 365 * DAY, 365 * DAY)],
    ["@CERT_FUTURE", await certificateOf(key, Date.UTC(2030, 0, 1), 3650 * DAY)],
    ["@PUBKEY", String(new X509Certificate(certificate).publicKey.export({ type: "spki", format: "pem" }))],
    ["@KEY", key],
    ["@KEY_OTHER", other],
    ["@KEY_PKCS1", String(privateKey.export({ type: "pkcs1", format: "pem" }))],
    ["@KEY_EC", readFileSync(join(FOLDER, "ec.key"), "utf8")],
    ["@KEYSECRET_YAML", keySecret(key)],
    ["@KEYLIST_JSON", JSON.stringify({ apiVersion: "v1", kind: "List", items: [keyObject(other), keyObject(key)] })],
    ["@SEALED_JSON", await seal([], simple, certificate)],
    ["@SEALED_YAML", await yaml([], simple)],
    ["@SEALED_NSW_YAML", await yaml(["--scope", "namespace-wide"], simple)],
    ["@SEALED_CW_YAML", await yaml(["--scope", "cluster-wide"], simple)],
    ["@SEALED_FULL_YAML", fullSealed],
    ["@SEALED_EMPTYVAL_YAML", await yaml([], simple.replace("YWRtaW4=", '""'))],
    ["@SEALED_NULLTPL_YAML", withTemplate(fullSealed, '      conf: "p={{ .pass }}"\n      pass: null\n')],
    ["@SEALED_CLASHTPL_YAML", withTemplate(fullSealed, "      pass: template\n")],
    ["@KUBECONFIG", kubeconfig("https://127.0.0.1:1", "")],
    ["@KUBECONFIG_CTXNS", kubeconfig("https://127.0.0.1:1", "ctxns")],
  ]);
  return { certificate, privateKey, privateKeyPem: key, tokens };
}

function pkcs8(): string {
  return takeRsaKey().export({ type: "pkcs8", format: "pem" }).toString();
}

async function certificateOf(pem: string, now: number, lifetimeMs: number): Promise<string> {
  return (await certify(readPrivateKey(pem), { now, lifetimeMs })).certificatePem;
}

function keyObject(pem: string) {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "k" },
    data: { "tls.key": Buffer.from(pem).toString("base64") },
  };
}

function keySecret(pem: string): string {
  return `apiVersion: v1\nkind: Secret\nmetadata: {name: k}\ndata:\n  tls.key: ${Buffer.from(pem).toString("base64")}\n`;
}

function withTemplate(sealed: string, entries: string): string {
  return sealed.replace("  template:\n", `  template:\n    data:\n${entries}`);
}

function kubeconfig(server: string, namespace: string): string {
  const context = { cluster: "c", user: "u", ...(namespace === "" ? {} : { namespace }) };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "x",
    clusters: [{ name: "c", cluster: { server } }],
    users: [{ name: "u", user: { token: "t" } }],
    contexts: [{ name: "x", context }],
  });
}

/** Fills in the words with an at sign. */
export function expand(text: string, { tokens }: CaseKeys): string {
  return text.replace(/@[A-Z][A-Z0-9_]*/g, (word) => tokens.get(word) ?? word);
}

/** What a run must be measured by beyond equality: ciphertexts and the program's name are not fixed. */
function normalised(text: string, argv0: string, { certificate }: CaseKeys): string {
  return text
    .replaceAll(certificate.trimEnd(), "<CERT PEM>")
    .replace(/(\.out\.yaml)[0-9]+/g, "$1<digits>")
    .replace(/\bA[gQ][A-Za-z0-9+/]{300,}={0,2}/g, "<CT>")
    .replaceAll(`Usage of ${argv0}:`, "Usage of <ARGV0>:");
}

/** Differences between a run and its case; none when it did as recorded. */
export function differences(one: KubesealCase, result: CliResult, argv0: string, keys: CaseKeys): string[] {
  const stdout = normalised(result.stdout, argv0, keys);
  // Our own warnings and what we add behind the text of the original are allowed.
  const stderr = normalised(result.stderr, argv0, keys).replace(/^warning: .*\n/gm, "");
  const found: string[] = [];
  const check = (what: string, ok: boolean, got: unknown, want: unknown) => {
    if (!ok) found.push(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  };
  check("exit", result.code === one.exit, result.code, one.exit);
  if (one.stdout_exact !== undefined) check("stdout", stdout === one.stdout_exact, stdout, one.stdout_exact);
  const { stdout_contains: part = "", stderr_contains: errorPart = "" } = one;
  check("stdout", stdout.includes(part), stdout, part);
  check("stderr", stderr.includes(errorPart), stderr, errorPart);
  if (one.stderr_exact !== undefined) {
    const want = one.stderr_exact;
    check("stderr", want === "" ? stderr === "" : stderr.startsWith(want), stderr, want);
  }
  for (const [path, { mode, content }] of Object.entries(one.files_after ?? {})) {
    const pattern = new RegExp(`^${path.replaceAll(".", "\\.").replace("<digits>", "[0-9]+")}$`);
    const file = Object.entries(result.files).find(([name]) => pattern.test(name))?.[1];
    check(`file ${path}`, file !== undefined, Object.keys(result.files), path);
    if (file === undefined) continue;
    const text = normalised(file.text, argv0, keys);
    check(`file ${path}`, text === content, text, content);
    check(`mode of ${path}`, file.mode === Number.parseInt(mode, 8), file.mode.toString(8), mode);
  }
  return [...found, ...wrongContents(one, result, keys)];
}

function wrongContents(one: KubesealCase, result: CliResult, keys: CaseKeys): string[] {
  const { decrypts_to: want } = one;
  if (want === undefined) return [];
  const sealedFiles = Object.entries(one.files_after ?? {}).filter(([, { content }]) => content.includes("<CT>"));
  const path = sealedFiles[0]?.[0];
  const text = path === undefined ? result.stdout : (result.files[path]?.text ?? "");
  if (typeof want === "string") {
    const got = open(text.trim(), one.oaep_label ?? "", keys);
    return got === want ? [] : [`clear text: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`];
  }
  const objects = readManifests(text, { mode: "lenient" }).manifests.map(({ value }) => value);
  return want.flatMap((items, at) => {
    const label = labelOf(objects[at] ?? null);
    return Object.entries(items).flatMap(([name, clear]) => {
      const sealed = textAt(objects[at] ?? null, ["spec", "encryptedData", name]);
      const got = open(sealed, one.unexpected_labels?.[name] ?? label, keys);
      return got === clear ? [] : [`item ${name}: got ${JSON.stringify(got)}, want ${JSON.stringify(clear)}`];
    });
  });
}

function textAt(value: YamlValue, path: readonly string[]): string {
  let at: YamlValue | undefined = value;
  for (const step of path) at = typeof at === "object" && at !== null && !Array.isArray(at) ? at[step] : undefined;
  return typeof at === "string" ? at : "";
}

/** The label that an object's own annotations ask for. */
export function labelOf(object: YamlValue): string {
  const annotation = (name: string) => textAt(object, ["metadata", "annotations", `sealedsecrets.bitnami.com/${name}`]);
  if (annotation("cluster-wide") === "true") return "";
  const namespace = textAt(object, ["metadata", "namespace"]);
  return annotation("namespace-wide") === "true" ? namespace : `${namespace}/${textAt(object, ["metadata", "name"])}`;
}

/** An opener of sealed items that shares no code with ours. Undefined when the item does not open. */
export function open(base64: string, label: string, { privateKey }: CaseKeys): string | undefined {
  return openItem(base64, label, privateKey)?.toString("utf8");
}
