import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { generateX25519Identity, parseIdentity } from "../../../src/age/index.ts";
import { pluginPrograms } from "../../../src/age/plugin/plugin-programs-adapter.ts";
import { encodeBech32 } from "../../../src/bytes/bech32.ts";
import { runCli } from "../../helpers/run-cli.ts";

const RECIPIENT = encodeBech32("age1tester", Uint8Array.of(1, 2, 3));
const IDENTITY = encodeBech32("age-plugin-tester-", Uint8Array.of(4, 5)).toUpperCase();
const NATIVE = parseIdentity(generateX25519Identity()).name;

let folder: string;
let PATH: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sealkit-plugins-"));
  PATH = `relative:${folder}`;
  const program = join(folder, "age-plugin-tester");
  const source = fileURLToPath(new URL("../../helpers/age-plugin.mjs", import.meta.url));
  writeFileSync(program, `#!${process.execPath}\nimport(${JSON.stringify(source)});\n`);
  chmodSync(program, 0o755);
  writeFileSync(join(folder, "age-plugin-unusable"), "not executable");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const age = (args: readonly string[], more: Parameters<typeof runCli>[1] = {}) =>
  runCli(["age", ...args], { ...more, env: { PATH, ...more.env } });

describe("a plugin as a program", () => {
  test("recipient, identity file and -j", async () => {
    const made = await age(["-r", RECIPIENT], { stdin: "hello\n" });
    expect([made.code, made.stderr]).toEqual([0, ""]);
    const files = { "k.txt": `${IDENTITY}\n`, "x.age": made.stdoutBytes };
    const [byFile, byName] = await Promise.all([
      age(["-d", "-i", "k.txt", "x.age"], { files }),
      age(["-d", "-j", "tester", "x.age"], { files, env: { PLUGIN_DOES: "message" } }),
    ]);
    expect([byFile.stdout, byName.stdout]).toEqual(["hello\n", "hello\n"]);
    // What commands a terminal is taken out.
    expect(byName.stderr).toBe("age: tester plugin: Hello \ufffd[31mred\ufffd[0m\n");
  });

  test.each([
    { does: "error", says: "tester plugin: bad recipient" },
    { does: "crash", says: "tester plugin: failed to read line: EOF" },
    { does: "nonsense", says: "tester plugin: what it says is no stanza" },
    { does: "gigabyte", says: "tester plugin: it says too much" },
    { does: "label postquantum", args: ["-r", NATIVE], says: "incompatible recipients: can't mix post-quantum" },
  ])("that does: $does", async ({ does, says, args = [] }) => {
    const run = await age([...args, "-r", RECIPIENT, "-o", "out"], { stdin: "x", env: { PLUGIN_DOES: does } });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(says);
    expect(run.files).toEqual({});
  });

  test("that hangs is killed when the person interrupts", async () => {
    const interrupt = new AbortController();
    setTimeout(() => interrupt.abort(), 200);
    const run = await age(["-r", RECIPIENT], { stdin: "x", env: { PLUGIN_DOES: "hang" }, signal: interrupt.signal });
    expect(run.code).not.toBe(0);
  });

  test.each(["missing", "unusable"])("that is %s", async (name) => {
    const run = await age(["-e", "-j", name], { stdin: "x" });
    expect([run.code, run.stderr.split("\n")[0]]).toEqual([
      1,
      `age: error: failed to wrap key for recipient #0: ${name} plugin: couldn't start plugin: "${name}" plugin not found: ` +
        `exec: "age-plugin-${name}": executable file not found in $PATH`,
    ]);
  });

  test.each(["a/b", "../x"])("no program outside PATH is named: %s", async (name) => {
    const run = await age(["-d", "-j", name], { stdin: "x" });
    expect(run.stderr).toBe(`age: error: initializing "${name}": invalid plugin name: "${name}"\n`);
  });

  test("a relative folder of PATH is not searched", async () => {
    const { start } = pluginPrograms({ env: { PATH: "." } });
    await expect(start("tester", "identity-v1")).rejects.toThrow(/not in PATH/);
  });
});

describe("-j batchpass", () => {
  const env = { AGE_PASSPHRASE: "pw", AGE_PASSPHRASE_WORK_FACTOR: "2" };

  test("encrypts and decrypts with what the environment says", async () => {
    const made = await age(["-e", "-j", "batchpass"], { stdin: "hello\n", env });
    const files = { "x.age": made.stdoutBytes };
    const back = await age(["-d", "-j", "batchpass", "x.age"], { files, env });
    expect([made.code, back.stdout, back.stderr]).toEqual([0, "hello\n", ""]);
    const wrong = await age(["-d", "-j", "batchpass", "x.age"], { files, env: { AGE_PASSPHRASE: "no" } });
    expect(wrong.stderr).toBe("age: error: batchpass plugin: incorrect passphrase\n");
    const low = await age(["-d", "-j", "batchpass", "x.age"], {
      files,
      env: { ...env, AGE_PASSPHRASE_MAX_WORK_FACTOR: "1" },
    });
    expect(low.stderr).toBe("age: error: batchpass plugin: scrypt work factor too large: 2\n");
  });

  const NOT_SET = "either AGE_PASSPHRASE or AGE_PASSPHRASE_FD must be set";
  test.each([
    { env: {}, says: NOT_SET },
    { env: { AGE_PASSPHRASE: "" }, says: NOT_SET },
    {
      env: { AGE_PASSPHRASE: "x", AGE_PASSPHRASE_FD: "3" },
      says: "AGE_PASSPHRASE and AGE_PASSPHRASE_FD are mutually exclusive",
    },
    { env: { AGE_PASSPHRASE_FD: "x" }, says: 'invalid AGE_PASSPHRASE_FD: strconv.Atoi: parsing "x": invalid syntax' },
    { env: { AGE_PASSPHRASE_FD: "-1" }, says: "failed to open file descriptor -1" },
    {
      env: { AGE_PASSPHRASE_FD: "9999" },
      says: "failed to read passphrase from fd 9999: read AGE_PASSPHRASE_FD: bad file descriptor",
    },
    { env: { ...env, AGE_PASSPHRASE_WORK_FACTOR: "99" }, says: "AGE_PASSPHRASE_WORK_FACTOR must be between 1 and 30" },
    {
      env: { ...env, AGE_PASSPHRASE_WORK_FACTOR: "x" },
      says: 'invalid AGE_PASSPHRASE_WORK_FACTOR: strconv.Atoi: parsing "x": invalid syntax',
    },
  ])("is refused: $says", async ({ env: given, says }) => {
    const run = await age(["-e", "-j", "batchpass"], { stdin: "x", env: given });
    const start = "age: error: failed to wrap key for recipient #0: batchpass plugin: ";
    expect([run.code, run.stderr]).toEqual([1, `${start}${says}\n`]);
  });

  test("beside another recipient", async () => {
    const run = await age(["-e", "-j", "batchpass", "-r", NATIVE], { stdin: "x", env });
    expect(run.stderr).toMatch(/^age: error: incompatible recipients: \[\] and \["[0-9a-f]{32}"\] can't be mixed\n/);
  });

  test("a file without a passphrase, and key files that fit all the same", async () => {
    const made = await age(["-r", NATIVE], { stdin: "x" });
    const run = await age(["-d", "-j", "batchpass"], { stdin: made.stdoutBytes, env });
    expect(run.stderr).toBe("age: error: batchpass plugin: file is not passphrase-encrypted\n");
  });
});

test("age-keygen -y names the line of a plugin's identity", async () => {
  const run = await runCli("age-keygen -y", { stdin: `# c\n${IDENTITY}\n` });
  expect(run.stderr).toMatch(
    /^age-keygen: error: failed to parse input: error at line 2: unknown identity type\n.*hint: only/,
  );
});
