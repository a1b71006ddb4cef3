import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type CaseKeys, caseKeys } from "../../../helpers/kubeseal/cases.ts";
import { type CliRun, runCli } from "../../../helpers/run-cli.ts";

const CANARY = "canary-9d41e7";
const SECRET = `apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: apps}\nstringData: {user: ${CANARY}}\n`;
const isRoot = process.getuid?.() === 0;

let keys: CaseKeys;
let sealed: string;
beforeAll(async () => {
  keys = await caseKeys(async () => "");
  const files = { c: keys.certificate };
  sealed = (await runCli("kubeseal --cert c -o yaml", { stdin: SECRET, files })).stdout;
});

const files = () => ({
  "cert.pem": keys.certificate,
  "key.pem": keys.privateKeyPem,
  "ec.pem": keys.tokens.get("@CERT_EC") ?? "",
  "garbage.pem": "-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n",
  "cut.pem": keys.certificate.slice(0, 300),
  "flipped.pem": keys.certificate.replace(
    /\n([A-Za-z0-9+/]{20})/,
    (_, text: string) => `\n${[...text].reverse().join("")}`,
  ),
  "old.yaml": "old\n",
});

const item = () => /user: (\S+)/.exec(sealed)?.[1] ?? "";
const flipped = (base64: string, at: number) => {
  const bytes = Buffer.from(base64, "base64");
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes.toString("base64");
};
const with_ = (text: string) => sealed.replace(item(), text);

/** One clear error on stderr, its exit code, nothing on stdout, no trace, no clear text, files as they were. */
async function expectRefusal(line: string, run: CliRun, { stderr, code }: { stderr: RegExp; code: number }) {
  const before = { ...files(), ...run.files };
  const result = await runCli(`kubeseal ${line}`, { ...run, files: before });
  expect(result.stderr).toMatch(stderr);
  expect(result.code).toBe(code);
  expect(code === 2 ? "" : result.stdout).toBe("");
  expect(result.stderr).not.toMatch(/^\s+at |PRIVATE KEY/m);
  expect(result.stderr).not.toContain(CANARY);
  expect(Object.fromEntries(Object.entries(result.files).map(([name, { text }]) => [name, text]))).toEqual(
    Object.fromEntries(Object.entries(before).map(([name, content]) => [name, Buffer.from(content).toString()])),
  );
}

describe("certificates", () => {
  test.each([
    { name: "EC", cert: "ec.pem", stderr: /^error: expected RSA public key but found/ },
    { name: "garbage", cert: "garbage.pem", stderr: /^error: / },
    { name: "cut", cert: "cut.pem", stderr: /^error: data does not contain any valid RSA or ECDSA certificates\n/ },
    { name: "bytes in another order", cert: "flipped.pem", stderr: /^error: / },
    { name: "a key instead", cert: "key.pem", stderr: /^error: data does not contain any valid/ },
    { name: "not there", cert: "none.pem", stderr: /^error: open none.pem: no such file or directory\n/ },
    { name: "a folder", cert: ".", stderr: /^error: read \.: is a directory\n/ },
    {
      name: "a file URL to nowhere",
      cert: "file:///none/cert.pem",
      stderr: /^error: cannot fetch "file:\/\/\/none\/cert.pem": 404 Not Found\n/,
    },
    { name: "a URL of another scheme", cert: "gopher://x/y", stderr: /unsupported protocol scheme "gopher"/ },
  ])("$name", async ({ cert, stderr }) => {
    await expectRefusal(`--cert ${cert} -w old.yaml`, { stdin: SECRET }, { stderr, code: 1 });
  });
});

describe("inputs of sealing", () => {
  const none = /^error: no secrets found\. Ensure the input is valid and UTF-8 encoded\n/;
  test.each([
    { name: "10,000-deep nesting", stdin: `a: ${"[".repeat(10_000)}`, stderr: none },
    { name: "an alias bomb", stdin: bomb(), stderr: none },
    { name: "a tab as indentation", stdin: `apiVersion: v1\n\tkind: Secret\n# ${CANARY}\n`, stderr: none },
    { name: "NUL", stdin: "kind: Secret\u0000\n", stderr: none },
    { name: "an unclosed JSON object", stdin: `{"kind":"Secret","data":{"a":"${CANARY}"`, stderr: none },
    {
      name: "a wrong type",
      stdin: "metadata: {name: a, namespace: b}\ndata: [1]\n",
      stderr: /^error: .*cannot unmarshal array into Go struct field Secret\.data/,
    },
    {
      name: "bad base64",
      stdin: `metadata: {name: a, namespace: b}\ndata: {x: "${CANARY}!"}\n`,
      stderr: /^error: .*illegal base64 data at input byte/,
    },
    {
      name: "an infinite number as a name",
      stdin: "metadata: {name: [.inf], namespace: b}\ndata: {x: eA==}\n",
      stderr: /^error: /,
    },
    { name: "a SealedSecret", stdin: () => sealed, stderr: /^error: secret\.data is empty/m },
  ])("$name", async ({ stdin, stderr }) => {
    const text = typeof stdin === "function" ? stdin() : stdin;
    await expectRefusal("--cert cert.pem -w old.yaml", { stdin: text }, { stderr, code: 1 });
  });

  test("a document that is not UTF-8 is passed over, and hides no other", async () => {
    const broken = Buffer.concat([Buffer.from(SECRET.replace("user: ", "user: é")), Buffer.from([0x23, 0xff, 0x0a])]);
    await expectRefusal("--cert cert.pem -w old.yaml", { stdin: broken }, { stderr: none, code: 1 });
    const both = await runCli("kubeseal --cert cert.pem -o yaml", {
      stdin: Buffer.concat([Buffer.from(`${SECRET}---\n`), broken]),
      files: files(),
    });
    expect([both.code, both.stdout.match(/kind: SealedSecret/g)?.length]).toEqual([0, 1]);
    expect(both.stderr).toContain("document 2 is passed over: line 10, byte 2 is not UTF-8");
  });

  test("JSON that is not UTF-8 is sealed with U+FFFD, as the original does, and it is told", async () => {
    const stdin = Buffer.from('{"metadata":{"name":"a","namespace":"b"},"stringData":{"p":"x\u00ff"}}', "latin1");
    const lenient = await runCli("kubeseal --cert cert.pem", { stdin, files: files() });
    expect(lenient.code).toBe(0);
    expect(lenient.stderr).toContain("line 1, byte 62 is not UTF-8, U+FFFD is sealed in its place");
    expect((await runCli("kubeseal --strict --cert cert.pem", { stdin, files: files() })).code).toBe(1);
  });

  test("invalid UTF-8 is sealed as the original reads it, or refused; never a crash", async () => {
    const { code, stderr } = await runCli("kubeseal --cert cert.pem", {
      stdin: Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe, 0x0a]),
      files: files(),
    });
    expect([code, stderr.split("\n")[0]]).toEqual([1, expect.stringMatching(/^error: |^warning: /)]);
  });

  test("--strict makes what is passed over an error", async () => {
    const stdin = `a: [\n---\n${SECRET}`;
    const lenient = await runCli("kubeseal --cert cert.pem", { stdin, files: files() });
    expect([lenient.code, lenient.stderr]).toEqual([
      0,
      expect.stringMatching(/^warning: document 1 is passed over: line [12], /),
    ]);
    await expectRefusal(
      "--cert cert.pem --strict",
      { stdin },
      { stderr: /^error: document 1 is passed over/, code: 1 },
    );
  });
});

describe("sealed items in recovery", () => {
  const recover = "--recovery-unseal --recovery-private-key key.pem -w old.yaml";
  const noKey = /^error: no key could decrypt secret \(user\)\n/;
  test.each([
    { name: "cut", stdin: () => with_(item().slice(0, 40)), stderr: noKey },
    { name: "empty", stdin: () => with_('""'), stderr: noKey },
    { name: "a bit flipped in the wrapped key", stdin: () => with_(flipped(item(), 20)), stderr: noKey },
    { name: "a bit flipped in the body", stdin: () => with_(flipped(item(), 260)), stderr: noKey },
    { name: "a bit flipped in the tag", stdin: () => with_(flipped(item(), 273)), stderr: noKey },
    { name: "a length beyond the end", stdin: () => with_(`//${item().slice(2)}`), stderr: noKey },
    { name: "no base64", stdin: () => with_("'*'"), stderr: /^error: illegal base64 data at input byte 0 \(user\)\n/ },
    { name: "a number", stdin: () => with_("5"), stderr: noKey },
    { name: "another name", stdin: () => sealed.replace("name: db", "name: other"), stderr: noKey },
    {
      name: "another scope",
      stdin: () =>
        sealed.replace("metadata:\n", 'metadata:\n  annotations: {sealedsecrets.bitnami.com/cluster-wide: "true"}\n'),
      stderr: noKey,
    },
    {
      name: "a template that fails, with what it says",
      stdin: () => sealed.replace("  template:\n", "  template:\n    data: {conf: '{{ fail \"x y\" }}'}\n"),
      stderr: /^error: template: conf:1:3: executing "conf" at <fail "x y">: error calling fail: x y \(conf\)\n$/,
    },
    {
      name: "a template that is none",
      stdin: () => sealed.replace("  template:\n", "  template:\n    data: {conf: 5}\n"),
      stderr:
        /^error: json: cannot unmarshal number into Go struct field SecretTemplateSpec\.spec\.template\.data of type string\n/,
    },
    {
      name: "a template without end",
      stdin: () => sealed.replace("  template:\n", "  template:\n    data: {conf: '{{ repeat 99999999999 \"x\" }}'}\n"),
      stderr: /^error: template: conf/,
    },
    { name: "another kind", stdin: () => SECRET, stderr: /unknown conversion/ },
    {
      name: "a SealedSecret of another version",
      stdin: () => sealed.replace("v1alpha1", "v1"),
      stderr: /is registered for version/,
    },
    { name: "5 MB of an item", stdin: () => with_("QUFB".repeat(1_250_000)), stderr: noKey },
  ])("$name", async ({ stdin, stderr }) => {
    await expectRefusal(recover, { stdin: stdin() }, { stderr, code: 1 });
  });

  test("a key file that is none is named", async () => {
    const { stderr } = await runCli("kubeseal --recovery-unseal --recovery-private-key ec.pem", {
      stdin: sealed,
      files: files(),
    });
    expect(stderr).toMatch(/^warning: no key is used of "ec\.pem": .+\nerror: no key could decrypt secret \(user\)\n/);
  });
});

describe("files and clusters", () => {
  test.each([
    {
      name: "an input that is not there",
      line: "--cert cert.pem -f none",
      stderr: /^error: Could not read file specified with --secret-file\n {2}open none: /,
    },
    { name: "a folder as input", line: "--cert cert.pem -f .", stderr: /^error: read \.: is a directory\n/ },
    {
      name: "an output folder that is not there",
      line: "--cert cert.pem -w none/x.yaml",
      stderr: /^error: open none\/x\.yaml: no such file or directory\nhint: mkdir -p none\n/,
    },
    { name: "a folder as output", line: "--cert cert.pem -w .", stderr: /^error: open \.: is a directory\n/ },
    {
      name: "a full disk",
      line: "--cert cert.pem -w /dev/full",
      stderr: /^error: write \/dev\/full: no space left on device\n/,
    },
    {
      name: "a merge target that is not there",
      line: "--cert cert.pem --merge-into none",
      stderr: /^error: open none: no such file/,
    },
    {
      name: "a merge target that is no object",
      line: "--cert cert.pem --merge-into old.yaml",
      stderr: /^error: couldn't get version\/kind/,
    },
    {
      name: "a format that does not exist",
      line: "--cert cert.pem -o toml",
      stderr: /^error: unsupported output format: toml\n/,
    },
    {
      name: "no cluster at all",
      line: "--fetch-cert",
      stderr: /^error: invalid configuration: no configuration has been provided/,
    },
    {
      name: "a kubeconfig that is not there",
      line: "--fetch-cert --kubeconfig none",
      stderr: /^error: stat none: no such file/,
    },
    { name: "a kubeconfig that is broken", line: "--fetch-cert --kubeconfig garbage.pem", stderr: /^error: / },
    {
      name: "a kubeconfig that points nowhere",
      line: "--fetch-cert --kubeconfig dead",
      stderr:
        /^error: cannot get sealed secret service: Get "https:\/\/127\.0\.0\.1:1\/.*": dial tcp 127\.0\.0\.1:1: connect: connection refused\.\nPlease, use the flag/,
    },
  ])("$name", async ({ line, stderr }) => {
    const dead = keys.tokens.get("@KUBECONFIG") ?? "";
    await expectRefusal(line, { stdin: SECRET, files: { dead } }, { stderr, code: 1 });
  });

  test.skipIf(isRoot)("an input that may not be read", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "sealkit-denied-"));
    try {
      writeFileSync(join(cwd, "s.yaml"), SECRET);
      chmodSync(join(cwd, "s.yaml"), 0);
      const { code, stderr } = await runCli("kubeseal -f s.yaml", { cwd });
      expect([code, stderr]).toEqual([1, expect.stringContaining("open s.yaml: permission denied")]);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });

  test("-w follows a symbolic link, makes mode 0600, and leaves nothing beside it", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "sealkit-link-"));
    try {
      mkdirSync(join(cwd, "real"));
      writeFileSync(join(cwd, "real", "out.yaml"), "old", { mode: 0o644 });
      symlinkSync("real/out.yaml", join(cwd, "out.yaml"));
      writeFileSync(join(cwd, "cert.pem"), keys.certificate);
      const { code } = await runCli("kubeseal --cert cert.pem -w out.yaml", { cwd, stdin: SECRET });
      expect(code).toBe(0);
      expect(readFileSync(join(cwd, "real", "out.yaml"), "utf8")).toContain("kind: SealedSecret");
      expect(readdirSync(join(cwd, "real"))).toEqual(["out.yaml"]);
      expect(existsSync(join(cwd, "out.yaml"))).toBe(true);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });
});

function bomb(): string {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let at = 1; at < 12; at++)
    lines.push(
      `a${at}: &a${at} [${Array(9)
        .fill(`*a${at - 1}`)
        .join(", ")}]`,
    );
  return `${lines.join("\n")}\n`;
}
