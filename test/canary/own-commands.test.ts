import { beforeAll, describe, expect, test } from "vitest";
import { type CliRun, runCli } from "../helpers/run-cli.ts";
import { makeSealingKey } from "../helpers/sealing-keys.ts";
import { type Canary, makeCanary, watchTemporaryFiles } from "./canary.ts";
import { expectRefused } from "./refused.ts";

/** Clear text of a sealed item, and of a value that is set or typed. */
const sealed = makeCanary("sealed");
const typed = makeCanary("typed");

const SECRET = JSON.stringify({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "db", namespace: "apps" },
  stringData: { password: sealed.text, user: "admin" },
});

let files: Record<string, string>;
let item = "";
beforeAll(async () => {
  const [key, other] = [await makeSealingKey(), await makeSealingKey()];
  const certificate = { "cert.pem": key.certificatePem, "new.pem": other.certificatePem };
  const made = await runCli("seal --cert cert.pem -o json", { stdin: SECRET, files: certificate });
  item = JSON.parse(made.stdout).spec.encryptedData.password;
  files = { ...certificate, "key.pem": key.privateKeyPem, "s.json": made.stdout };
});

const PATH = process.env["PATH"] ?? "";

/** Runs a command that has to succeed, and searches everything that it says and leaves for values. */
async function quiet(words: readonly string[], run: CliRun = {}, canaries: readonly Canary[] = [sealed, typed]) {
  const temporary = watchTemporaryFiles();
  try {
    const given = { ...files, ...run.files };
    const result = await runCli(words, { ...run, files: given, env: { PATH, ...run.env } });
    expect([result.code, result.code === 0 ? "" : result.stderr]).toEqual([0, ""]);
    for (const canary of canaries) {
      expect(canary.seenIn(result.stdout), "on stdout").toBeUndefined();
      expect(canary.seenIn(result.stderr), "on stderr").toBeUndefined();
      for (const [path, { text }] of Object.entries(result.files)) {
        if (given[path] !== text) expect(canary.seenIn(text), `in the file ${path}`).toBeUndefined();
      }
      for (const { path, content } of temporary.leftovers()) expect(canary.seenIn(content), path).toBeUndefined();
    }
    return result;
  } finally {
    temporary.restore();
  }
}

describe("a command that succeeds shows no value unless it is asked to", () => {
  test.each([
    { name: "set on the command line", words: ["set", "s.json", `token=${typed.text}`, "--cert", "cert.pem"] },
    { name: "set from stdin", words: ["set", "s.json", "password=-", "--cert", "new.pem"], stdin: typed.text },
    {
      name: "set from a file",
      words: ["set", "s.json", "password=@value", "--cert", "cert.pem"],
      files: { value: typed.text },
    },
    { name: "inspect", words: ["inspect", "s.json"] },
    { name: "inspect with keys", words: ["inspect", "s.json", "-k", "key.pem"] },
    { name: "inspect with keys, for machines", words: ["inspect", "s.json", "-k", "key.pem", "-o", "json"] },
    { name: "cert", words: ["cert", "cert.pem"] },
    { name: "seal", words: ["seal", "--cert", "cert.pem"], stdin: SECRET },
    {
      name: "seal of a folder",
      words: ["seal", "d", "--in-place", "--cert", "cert.pem"],
      files: { "d/m.json": SECRET },
    },
    { name: "seal of a folder, tried", words: ["seal", "d", "--dry-run"], files: { "d/m.json": SECRET } },
    { name: "check", words: ["seal", "--check", "d", "-k", "key.pem"], isCheck: true },
    {
      name: "edit with keys",
      words: ["edit", "s.json", "-k", "key.pem", "--cert", "cert.pem", "--editor", `sed -i s/admin/${typed.text}/`],
    },
    {
      name: "edit without keys",
      words: ["edit", "s.json", "--cert", "cert.pem", "--editor", `sed -i "s/user: #.*/user: ${typed.text}/"`],
    },
  ] as readonly { name: string; words: string[]; stdin?: string; files?: Record<string, string>; isCheck?: boolean }[])(
    "$name",
    async ({ words, stdin = "", files: more = {}, isCheck = false }) => {
      await quiet(words, { stdin, files: isCheck ? { ...more, "d/s.json": files["s.json"] ?? "" } : more });
    },
  );

  test("the search finds a value where one is asked for", async () => {
    const { stdout } = await runCli("unseal s.json -k key.pem", { files });
    expect(sealed.seenIn(stdout)).toBeDefined();
  });
});

describe("a template that fails tells nothing of the values, but to the command that stands in for the original", () => {
  const object = (source: string, more: Record<string, string> = {}) =>
    JSON.stringify({
      apiVersion: "bitnami.com/v1alpha1",
      kind: "SealedSecret",
      metadata: { name: "db", namespace: "apps" },
      spec: {
        encryptedData: { password: item, ...more },
        template: { metadata: { name: "db", namespace: "apps" }, data: { out: source } },
      },
    });

  test.each([
    "{{ fail .password }}",
    "{{ fail (b64enc .password) }}",
    '{{ fail (printf "%x" .password) }}',
    "{{ semver .password }}",
    "{{ template .password }}",
    "{{ index . `a` `b` .password }}",
    "{{ mustToDate `2006` .password }}",
    "{{ repeat 1000000000 .password }}",
  ])("unseal: %s", async (source) => {
    const broken = { "s.json": object(source) };
    await expectRefused(sealed, { words: ["unseal", "s.json", "-k", "key.pem"], files: { ...files, ...broken } });
    await quiet(["inspect", "s.json", "-k", "key.pem"], { files: broken });
  });

  test("unseal: with an item that does not open", async () => {
    const broken = { "s.json": object("{{ fail .password }}", { other: sealed.text }) };
    await expectRefused(sealed, { words: ["unseal", "s.json", "-k", "key.pem"], files: { ...files, ...broken } });
  });
});
