import { beforeAll, describe, test } from "vitest";
import { runCli } from "../helpers/run-cli.ts";
import { makeSealingKey } from "../helpers/sealing-keys.ts";
import { makeCanary } from "./canary.ts";
import { expectRefused, type Refusal as UnnamedRefusal } from "./refused.ts";

const canary = makeCanary();
const secret = canary.text;
const base64 = Buffer.from(secret).toString("base64");

interface Refusal extends UnnamedRefusal {
  readonly name: string;
}

const manifest = (more: object, metadata: object = { name: "db", namespace: "apps" }) =>
  JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata, ...more });
const good = manifest({ stringData: { password: secret } });

/** Input that holds the secret, and that every sealing command refuses. */
const MANIFESTS: Readonly<Record<string, string | Uint8Array>> = {
  "a value that is not base64": manifest({ data: { password: `${secret}!` } }),
  "a list as value": manifest({ stringData: { password: [secret] } }),
  "a map as value": manifest({ stringData: { password: { clear: secret } } }),
  "a string for the data": manifest({ data: secret }),
  "a string for the clear data": manifest({ stringData: secret }),
  "a name that is no name": manifest({ stringData: { password: secret } }, { name: ["x"], namespace: "apps" }),
  "labels that are a string": manifest({ stringData: { password: secret } }, { name: "db", labels: secret }),
  "cut JSON": good.slice(0, -3),
  "JSON with a missing comma": good.replace(",", " "),
  "a tab for indentation": `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n\tpassword: ${secret}\n`,
  "an open quote": `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: "${secret}\n`,
  "an unknown alias": `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: *${secret}\n`,
  "an unknown tag": `apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData:\n  password: !!int ${secret}\n`,
  "the secret as a stray line": `apiVersion: v1\nkind: Secret\n${secret}\nmetadata: {name: db}\n`,
  "a bad indentation": `apiVersion: v1\nkind: Secret\nstringData:\n    password: ${secret}\n  user: x\n`,
  "a NUL": `apiVersion: v1\nkind: Secret\nstringData:\n  password: ${secret}\u0000\n`,
  "broken UTF-8": Buffer.concat([Buffer.from(`kind: Secret\npassword: ${secret}`), Buffer.from([0xff, 0xfe, 0x0a])]),
  "deep nesting": `password: ${secret}\nx: ${"[".repeat(20_000)}`,
};

const SEALED = (items: object) =>
  JSON.stringify({
    apiVersion: "bitnami.com/v1alpha1",
    kind: "SealedSecret",
    metadata: { name: "db", namespace: "apps" },
    spec: { encryptedData: items, template: { metadata: { name: "db", namespace: "apps" } } },
  });

let certificate = "";
let privateKey = "";
let identity = "";
let recipient = "";

const refused = ({ words, files = {}, ...run }: Omit<Refusal, "name">) =>
  expectRefused(canary, { words, ...run, files: { "cert.pem": certificate, ...files } });

beforeAll(async () => {
  const pair = await makeSealingKey();
  certificate = pair.certificatePem;
  privateKey = pair.privateKeyPem;
  identity = (await runCli("age-keygen")).stdout;
  recipient = (await runCli("age-keygen -y", { stdin: identity })).stdout.trim();
});

describe("a refused command shows nothing of its input", () => {
  test.each([
    { name: "raw without a name", words: ["kubeseal", "--cert", "cert.pem", "--raw"], stdin: secret },
    {
      name: "a certificate that is the secret",
      words: ["kubeseal", "--cert", "bad.pem"],
      stdin: good,
      files: { "bad.pem": secret },
    },
    {
      name: "an output folder that is missing",
      words: ["kubeseal", "--cert", "cert.pem", "-w", "no/such/file"],
      stdin: good,
    },
    {
      name: "merge into something else",
      words: ["kubeseal", "--cert", "cert.pem", "--merge-into", "s.json"],
      stdin: good,
      files: { "s.json": good },
    },
    {
      name: "recovery with another key",
      words: ["kubeseal", "--recovery-unseal", "--recovery-private-key", "key.pem"],
      stdin: SEALED({ password: base64 }),
    },
    {
      name: "recovery of clear text",
      words: ["kubeseal", "--recovery-unseal", "--recovery-private-key", "key.pem"],
      stdin: SEALED({ password: secret }),
    },
    {
      name: "recovery with a key file that is the secret",
      words: ["kubeseal", "--recovery-unseal", "--recovery-private-key", "bad.pem"],
      stdin: SEALED({ password: "AgA=" }),
      files: { "bad.pem": secret },
    },
    { name: "a controller that is not there", words: ["kubeseal", "--kubeconfig", "none"], stdin: good },
    { name: "seal for a bad recipient", words: ["seal", "--age", "age1nope"], stdin: good },
    {
      name: "seal with the identity as recipient",
      words: ["seal", "--age", `AGE-SECRET-KEY-1${secret.toUpperCase()}`],
      stdin: good,
    },
    { name: "set without a key", words: ["set", "s.json", secret], files: { "s.json": SEALED({}) } },
    {
      name: "set of a key that is the secret",
      words: [
        "set",
        "s.json",
        `${secret}/=${secret}`,
        "--cert",
        "cert.pem",
        "--cert-fingerprint",
        `SHA256:${"A".repeat(43)}`,
      ],
      files: { "s.json": SEALED({}) },
    },
    {
      name: "set in clear text",
      words: ["set", "s.json", `a=${secret}`, "--cert", "cert.pem"],
      files: { "s.json": good },
    },
    {
      name: "unseal with another key",
      words: ["unseal", "-k", "key.pem"],
      stdin: SEALED({ password: base64, user: secret }),
    },
    {
      name: "unseal with a key file that is the secret",
      words: ["unseal", "-k", "bad.pem"],
      stdin: SEALED({ password: "AgA=" }),
      files: { "bad.pem": secret },
    },
    { name: "cert of the secret", words: ["cert", "bad.pem"], files: { "bad.pem": secret } },
    { name: "seal without a target", words: ["seal", "--cert", "cert.pem", "--age", "age1nope"], stdin: good },
    {
      name: "age with a broken identity",
      words: ["age", "-d", "-i", "id.txt"],
      stdin: "x",
      files: { "id.txt": `AGE-SECRET-KEY-1${secret}\n` },
    },
    {
      name: "age with an identity among recipients",
      words: ["age", "-R", "r.txt"],
      stdin: secret,
      files: { "r.txt": `AGE-SECRET-KEY-1${secret}\n` },
    },
    {
      name: "age that decrypts clear text",
      words: ["age", "-d", "-i", "id.txt"],
      stdin: secret,
      files: { "id.txt": "" },
    },
    { name: "age-keygen of a broken identity", words: ["age-keygen", "-y"], stdin: `AGE-SECRET-KEY-1${secret}\n` },
  ])("$name", async ({ words, stdin, files }: Refusal) => {
    await refused({ words, stdin: stdin ?? "", files: { "key.pem": privateKey, ...files } });
  });

  for (const [name, stdin] of Object.entries(MANIFESTS)) {
    test(`kubeseal: ${name}`, async () => {
      await refused({ words: ["kubeseal", "--cert", "cert.pem", "--strict"], stdin });
    });
    test(`seal: ${name}`, async () => {
      await refused({ words: ["seal", "--cert", "cert.pem"], stdin });
    });
    test(`edit: ${name}`, async () => {
      const files = { "s.json": SEALED({ password: "AQAA" }), "m.yaml": stdin };
      const env = { PATH: process.env["PATH"] ?? "" };
      await refused({ words: ["edit", "s.json", "--cert", "cert.pem", "--editor", "cp m.yaml"], files, env });
    });
    if (Buffer.from(stdin).includes("Secret")) {
      test(`seal of a folder: ${name}`, async () => {
        await refused({ words: ["seal", "d", "--in-place", "--cert", "cert.pem"], files: { "d/m.yaml": stdin } });
        await refused({ words: ["seal", "--check", "d"], files: { "d/m.yaml": stdin } });
      });
    }
    test(`seal --age: ${name}`, async () => {
      await refused({ words: ["seal", "--age", recipient], stdin });
    });
  }
});
