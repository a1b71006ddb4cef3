import { beforeAll, describe, expect, test } from "vitest";
import { type CliRun, runCli } from "../../helpers/run-cli.ts";
import { IDENTITY_A, IDENTITY_B, RECIPIENT_A, RECIPIENT_B } from "../../helpers/sops.ts";

const CLEAR = "db:\n    user: canary-1\n    port: 1\n";
const PATH = process.env["PATH"] ?? "";
const files: Record<string, string> = { "keys.txt": IDENTITY_A, "other.txt": IDENTITY_B, "plain.yaml": CLEAR };

const env = { SOPS_AGE_KEY_FILE: "keys.txt", PATH };
const sops = (words: readonly string[], run: CliRun = {}) =>
  runCli(["sops", ...words], { ...run, files: { ...files, ...run.files }, env: { ...env, ...run.env } });

beforeAll(async () => {
  const made = await sops(["encrypt", "--age", RECIPIENT_A, "plain.yaml"]);
  files["base.yaml"] = made.stdout;
  for (const [name, path, value] of [
    ["ours.yaml", '["db"]["user"]', '"canary-2"'],
    ["theirs.yaml", '["db"]["port"]', "2"],
    ["clash.yaml", '["db"]["user"]', '"canary-3"'],
  ] as const) {
    const { files: after } = await sops(["set", "base.yaml", path, value]);
    files[name] = after["base.yaml"]?.text ?? "";
  }
});

describe("sealkit sops diff", () => {
  test.each([
    { name: "nothing differs", words: ["base.yaml", "base.yaml"], code: 0, out: /^$/ },
    {
      name: "a value does",
      words: ["base.yaml", "ours.yaml"],
      code: 1,
      out: /^--- base.yaml\n\+\+\+ ours.yaml\n~ db.user: changed \(str\)\n$/,
    },
    {
      name: "a type does",
      words: ["base.yaml", "theirs.yaml"],
      code: 1,
      out: /~ db.port: type changed \(int to float\)/,
    },
    {
      name: "with values",
      words: ["--show-values", "base.yaml", "ours.yaml"],
      code: 1,
      out: /"canary-1" -> "canary-2"/,
    },
    {
      name: "without keys",
      words: ["base.yaml", "ours.yaml", "--without-keys"],
      code: 1,
      out: /\? db.user: unknown \(str\)/,
    },
    { name: "a file in clear", words: ["plain.yaml", "base.yaml"], code: 1, out: /~ encryption: none -> SOPS/ },
    {
      name: "as JSON",
      words: ["--format", "json", "base.yaml", "ours.yaml"],
      code: 1,
      out: /"path": \[\n\s+"db",\n\s+"user"\n/,
    },
  ])("$name", async ({ words, code, out }) => {
    const result = await sops(["diff", ...words]);
    expect([result.code, result.stdout]).toEqual([code, expect.stringMatching(out)]);
    if (!words.includes("--show-values")) expect(result.stdout + result.stderr).not.toContain("canary");
  });

  test("standard input has the format of the other file", async () => {
    const { code } = await sops(["diff", "-", "ours.yaml"], { stdin: files["ours.yaml"] ?? "" });
    expect(code).toBe(0);
  });

  test("without an identity that fits, ciphertexts are compared and that is said", async () => {
    const run = { env: { SOPS_AGE_KEY_FILE: "other.txt" } };
    const { code, stdout, stderr } = await sops(["diff", "base.yaml", "ours.yaml"], run);
    expect([code, stdout]).toEqual([1, expect.stringContaining("unknown")]);
    expect(stderr).toMatch(/compared as ciphertexts[\s\S]*only encrypted anew/);
  });

  test.each([
    { name: "one file", words: ["base.yaml"], want: "it compares two files" },
    { name: "three files", words: ["base.yaml", "ours.yaml", "theirs.yaml"], want: "it compares two files" },
    { name: "standard input twice", words: ["-", "-"], want: "only one of the files" },
    { name: "a format that is none", words: ["--format", "xml", "base.yaml", "ours.yaml"], want: "text or json" },
    { name: "a file that is not there", words: ["base.yaml", "nope.yaml"], want: "no such file" },
    {
      name: "a revision outside of a repository",
      words: ["HEAD:base.yaml", "base.yaml"],
      want: "not a git repository",
    },
    { name: "a revision that is a flag", words: ["--", "--batch:x", "base.yaml"], want: "begins with no" },
    { name: "a flag that is none", words: ["--nope", "base.yaml", "ours.yaml"], want: "nope" },
  ])("$name ends with 2", async ({ words, want }) => {
    const result = await sops(["diff", ...words]);
    expect([result.code, result.stderr]).toEqual([2, expect.stringContaining(want)]);
  });
});

describe("sealkit sops textconv", () => {
  test.each([
    { name: "an encrypted file", file: "base.yaml", out: /^db:\n {2}user: <str [0-9a-f]{16}>/ },
    { name: "a file in clear", file: "plain.yaml", out: /^# not encrypted.*\ndb:\n {2}user: <str, not shown>/ },
    { name: "a list at the top", file: "list.yaml", out: /^# cannot be shown: .*a list/ },
    { name: "a conflict", file: "conflict.yaml", out: /^# in conflict/ },
  ])("$name is shown without clear text, and git goes on", async ({ file, out }) => {
    const more = { "list.yaml": "- canary\n", "conflict.yaml": "<<<<<<< a\nx: canary\n=======\n>>>>>>> b\n" };
    const result = await sops(["textconv", file], { files: more });
    expect([result.code, result.stdout]).toEqual([0, expect.stringMatching(out)]);
    expect(result.stdout + result.stderr).not.toContain("canary");
  });

  test("with --show-values it is the clear text", async () => {
    expect((await sops(["textconv", "--show-values", "base.yaml"])).stdout).toBe(CLEAR);
    expect((await sops(["textconv", "plain.yaml", "--show-values"])).stdout).toBe(CLEAR);
  });

  test.each([{ words: [] }, { words: ["a", "b"] }, { words: ["nope.yaml"] }])("refuses $words", async ({ words }) => {
    expect((await sops(["textconv", ...words])).code).toBe(2);
  });
});

describe("sealkit sops merge", () => {
  test("writes the merge into OURS", async () => {
    const { code, files: after, stderr } = await sops(["merge", "base.yaml", "ours.yaml", "theirs.yaml"]);
    expect([code, stderr]).toEqual([0, ""]);
    const merged = after["ours.yaml"]?.text ?? "";
    expect(merged).not.toContain("canary");
    const { stdout } = await sops(["decrypt", "merged.yaml"], { files: { "merged.yaml": merged } });
    expect(stdout).toBe("db:\n    user: canary-2\n    port: 2\n");
  });

  test("a conflict names the paths and how to settle it; --resolve does", async () => {
    const clash = await sops(["merge", "--path=a b/x.yaml", "base.yaml", "ours.yaml", "clash.yaml"]);
    expect(clash.code).toBe(1);
    expect(clash.stderr).toMatch(/ {2}db\.user\n[\s\S]*--resolve ours 'a b\/x\.yaml'/);
    const text = clash.files["ours.yaml"]?.text ?? "";
    expect(text + clash.stderr).not.toContain("canary");
    const given = { files: { "f.yaml": text } };
    const { code, files: after } = await sops(["merge", "--resolve", "theirs", "f.yaml", '["db"]["user"]'], given);
    expect(code).toBe(0);
    const settled = { files: { "s.yaml": after["f.yaml"]?.text ?? "" } };
    expect((await sops(["decrypt", "s.yaml"], settled)).stdout).toContain("canary-3");
  });

  test("tells whom theirs added, which nothing authenticates", async () => {
    const entry = `        - recipient: ${RECIPIENT_B}\n          enc: x\n`;
    const theirs = files["theirs.yaml"]?.replace("    age:\n", (line) => line + entry);
    const merged = await sops(["merge", "base.yaml", "ours.yaml", "t.yaml"], { files: { "t.yaml": theirs ?? "" } });
    expect([merged.code, merged.stderr]).toEqual([0, `Recipient of "ours.yaml" added by theirs: ${RECIPIENT_B}\n`]);
  });

  test("files in clear are merged as text", async () => {
    const three = { "b.yaml": "a: 1\n\n\nb: 1\n", "o.yaml": "a: 2\n\n\nb: 1\n", "t.yaml": "a: 1\n\n\nb: 2\n" };
    const { code, files: after } = await sops(["merge", "b.yaml", "o.yaml", "t.yaml"], { files: three });
    expect([code, after["o.yaml"]?.text]).toEqual([0, "a: 2\n\n\nb: 2\n"]);
  });

  test.each([
    { name: "two files", words: ["base.yaml", "ours.yaml"], want: "it takes three files" },
    { name: "a side that is none", words: ["--resolve", "mine", "ours.yaml"], want: "takes ours or theirs" },
    {
      name: "a marker that is too short",
      words: ["--marker-size", "3", "base.yaml", "ours.yaml", "clash.yaml"],
      want: "7 to 1000",
    },
    { name: "a file without markers", words: ["--resolve", "ours", "ours.yaml"], want: "no conflict markers" },
    { name: "a version in clear", words: ["base.yaml", "plain.yaml", "ours.yaml"], want: "not encrypted" },
    { name: "nobody's key", words: ["base.yaml", "ours.yaml", "theirs.yaml"], want: "(ours)", key: "other.txt" },
    { name: "a flag that is none", words: ["--nope"], want: "nope" },
  ])("$name is refused with 128, and OURS is as it was", async ({ words, want, key = "keys.txt" }) => {
    const result = await sops(["merge", ...words], { env: { SOPS_AGE_KEY_FILE: key } });
    expect([result.code, result.stderr]).toEqual([128, expect.stringContaining(want)]);
    expect(result.files["ours.yaml"]?.text).toBe(files["ours.yaml"]);
    expect(result.stderr).not.toContain("canary");
  });
});
