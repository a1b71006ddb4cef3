import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { encrypt } from "../../../../src/sops/index.ts";
import { leftBehind } from "../../../helpers/private-folders.ts";
import { type CliRun, runCli } from "../../../helpers/run-cli.ts";
import { IDENTITY_A, RECIPIENT_A } from "../../../helpers/sops.ts";

const CANARY = "canary-71c3";
const PLAIN = `A: ${CANARY}\nHOME: of-the-file\n`;
const BIG = Buffer.alloc(300_000, `${CANARY}\n`);
let enc: string;
let big: string;
beforeAll(async () => {
  const options = { recipients: [RECIPIENT_A], now: Date.UTC(2026, 10, 20) };
  enc = (await encrypt(PLAIN, "yaml", options)).text;
  big = (await encrypt(BIG, "binary", options)).text;
});

async function run(words: readonly string[], more: CliRun = {}) {
  const cwd = mkdtempSync(join(tmpdir(), "sealkit-exec-"));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  const result = await runCli(["sops", ...words], {
    cwd,
    ...more,
    files: { "f.yaml": enc, "big.bin": big, ...more.files },
    env: { PATH: process.env["PATH"] ?? "", SOPS_AGE_KEY: IDENTITY_A, ...more.env },
  });
  expect(leftBehind(cwd, ["f.yaml", "big.bin"])).toEqual([]);
  return result;
}

describe("sealkit sops exec-file", () => {
  test.each([
    { name: "once", line: "cat {}", out: PLAIN },
    { name: "twice in a row", line: "cat {}; cat {} {}", out: PLAIN.repeat(3) },
    {
      name: "by one program that opens it twice",
      line: "paste -d+ {} {}",
      out: PLAIN.replace(/^(.*)$/gm, "$1+$1").replace(/\+\+?$/, ""),
    },
    {
      name: "twenty times",
      line: "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do head -c 1 {}; done",
      out: "A".repeat(20),
    },
    { name: "not at all", line: "echo hi", out: "hi\n" },
  ])("a pipe is read $name", async ({ line, out }) => {
    const { code, stdout, stderr } = await run(["exec-file", "f.yaml", line]);
    expect([code, stdout, stderr]).toEqual([0, out, ""]);
  });

  test.each([
    { name: "a reader that stops early", line: "head -c 9 {}; exit 3", code: 3 },
    { name: "a reader that never reads", line: "exec 3<{}; exit 4", code: 4 },
    { name: "a reader that outlives the command", line: "sleep 5 <{} & exit 5", code: 5 },
    { name: "a command that is killed", line: "kill -9 $$", code: 255 },
    { name: "a command that removes the pipe", line: "rm {}; exit 6", code: 6 },
  ])("$name holds nothing up, and leaves nothing behind", async ({ line, code }) => {
    const result = await run(["exec-file", "big.bin", line.replace("sleep 5 <", "exec >/dev/null 2>&1; sleep 0.3 <")]);
    expect(result.code).toBe(code);
  });

  test("a text larger than a pipe arrives whole", async () => {
    const { stdoutBytes } = await run(["exec-file", "big.bin", "cat {}"]);
    expect(Buffer.compare(stdoutBytes, BIG)).toBe(0);
  });

  test("--no-fifo: a file of one's own, in memory, that goes with the command", async () => {
    const line = 'stat -c "%F %a" {} "$(dirname {})"; cat {} {}; echo {} > path; echo x > {}.more';
    const { stdout, files } = await run(["exec-file", "--no-fifo", "--filename", "x.yaml", "f.yaml", line]);
    expect(stdout).toBe(`regular file 600\ndirectory 700\n${PLAIN}${PLAIN}`);
    const path = files["path"]?.text.trim() ?? "";
    expect(path).toMatch(existsSync("/dev/shm") ? /^\/dev\/shm\/sealkit-[-\w]+\/x\.yaml$/ : /\/x\.yaml$/);
    expect(existsSync(path)).toBe(false);
  });

  test("an interrupt ends the command and leaves nothing behind", async () => {
    for (const flags of [[], ["--no-fifo"]]) {
      const interrupt = new AbortController();
      const line = "trap 'echo ended; exit 8' TERM; echo up; while :; do sleep 0.01; done";
      const { code, stdout } = await run(["exec-file", ...flags, "f.yaml", line], {
        signal: interrupt.signal,
        onOutput: (text) => (text.includes("up") ? interrupt.abort() : undefined),
      });
      expect([code, stdout]).toEqual([8, "up\nended\n"]);
    }
  });

  test.each([
    {
      name: "a name with a folder",
      words: ["--filename", "a/b"],
      code: 1,
      says: "The provided filename is not a local path.\n",
    },
    { name: "the name .", words: ["--filename", "."], code: 1, says: "The provided filename is not a local path.\n" },
    { name: "the background with --strict", words: ["--background", "--strict"], code: 8, says: "refused by --strict" },
    { name: "an unknown user", words: ["--user", "no-such-user-x"], code: 1, says: '[EXEC]\t time="' },
    { name: "a user by number", words: ["--user", "0"], code: 1, says: "user: unknown user 0" },
    {
      name: "no mkfifo",
      words: [],
      code: 1,
      says: "there is no program mkfifo here\nhint: use a file",
      env: { PATH: "/none" },
    },
    { name: "a format that cannot hold it", words: ["--output-type", "ini"], code: 4, says: "Error dumping file: " },
  ])("refuses $name, and runs nothing", async ({ words, code, says, env }) => {
    const result = await run(["exec-file", ...words, "f.yaml", "/bin/echo ran"], env === undefined ? {} : { env });
    expect([result.code, result.stdout, result.stderr.includes(says)]).toEqual([code, "", true]);
    expect(result.stderr).not.toContain(CANARY);
  });

  test.each([
    { name: "", flags: [] },
    { name: ", as a file of its own name", flags: ["--no-fifo", "--filename", "app.conf"] },
    ...(process.getuid?.() === 0 ? [{ name: ", as somebody else", flags: ["--user", "nobody"] }] : []),
  ])("--background: does not wait; the file is there as long as the command$name", async ({ flags }) => {
    const cwd = mkdtempSync(join(tmpdir(), "sealkit-exec-"));
    chmodSync(cwd, 0o777);
    onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
    // A child that outlives the shell still has the file.
    const line = "(until [ -e go ]; do sleep 0.01; done; cp {} made; echo {} >> made; mv made result) & exit 3";
    const { code, stdout, stderr } = await run(["exec-file", "--background", ...flags, "f.yaml", line], { cwd });
    expect([code, stdout, existsSync(join(cwd, "result"))]).toEqual([0, "", false]);
    expect(stderr).toContain("exec-file's --background option is deprecated");
    // Another sealkit, which removes what killed ones left, leaves it alone.
    await run(["exec-file", "f.yaml", "touch go; until [ -e result ]; do sleep 0.01; done"], { cwd });
    const result = readFileSync(join(cwd, "result"), "utf8");
    expect(result.slice(0, PLAIN.length)).toBe(PLAIN);
    const path = result.slice(PLAIN.length).trim();
    expect(path).toMatch(flags.includes("app.conf") ? /\/app\.conf$/ : /\/tmp-file$/);
    await vi.waitFor(() => expect(existsSync(dirname(path))).toBe(false), { timeout: 60_000, interval: 5 });
  });

  test.runIf(process.getuid?.() === 0)("--user: the command and nobody else may read", async () => {
    const line =
      "id -un; stat -c '%U %a' {} $(dirname {}); cat {}; echo $HOME $USER $LOGNAME; rm {} 2>/dev/null || echo kept";
    for (const [flags, kept] of [
      [[], "kept\n"],
      [["--no-fifo"], "kept\n"],
    ] as const) {
      const { stdout } = await run(["exec-file", ...flags, "--user", "nobody", "f.yaml", line], { env: { HOME: "/" } });
      expect(stdout).toBe(`nobody\nnobody 600\nroot 711\n${PLAIN}/nonexistent nobody nobody\n${kept}`);
    }
  });
});

describe("sealkit sops exec-env", () => {
  test.runIf(process.getuid?.() === 0)("--user: variables of the user, and those of the file win", async () => {
    const line = 'echo $HOME $USER $LOGNAME "$OTHER" $(id -un)';
    const words = ["exec-env", "--user", "nobody", "f.yaml", line];
    const { stdout } = await run(words, { env: { OTHER: "other", USER: "me" } });
    expect(stdout).toBe("of-the-file nobody nobody other nobody\n");
  });

  test("a value that is no text is refused: it would arrive as another", async () => {
    const clear = Buffer.from("A=\xff\n", "latin1");
    const { text } = await encrypt(clear, "dotenv", { recipients: [RECIPIENT_A], now: 0 });
    const { code, stderr } = await runCli(["sops", "exec-env", "f.env", "true"], {
      files: { "f.env": text },
      env: { SOPS_AGE_KEY: IDENTITY_A },
    });
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('Cannot make "A" an environment variable: it is not UTF-8 text'),
    ]);
  });

  test("--background: does not wait, and warns", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "sealkit-exec-"));
    onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
    const line = 'echo lost; cat; until [ -e go ]; do sleep 0.01; done; echo "$A" > made; mv made result';
    const { code, stdout, stderr } = await run(["exec-env", "--background", "f.yaml", line], { cwd });
    expect([code, stdout, existsSync(join(cwd, "result"))]).toEqual([0, "", false]);
    expect(stderr).toContain("exec-env's --background option is deprecated");
    await runCli(["sops", "exec-env", "f.yaml", "touch go; until [ -e result ]; do sleep 0.01; done"], {
      cwd,
      env: { PATH: process.env["PATH"] ?? "", SOPS_AGE_KEY: IDENTITY_A },
    });
    expect(readFileSync(join(cwd, "result"), "utf8")).toBe(`${CANARY}\n`);
  });

  test.each([
    {
      name: "--background with --same-process",
      words: ["--background", "--same-process"],
      code: 8,
      says: "cannot be used with --background",
    },
    { name: "--background with --strict", words: ["--background", "--strict"], code: 8, says: "refused by --strict" },
    {
      name: "an unknown user",
      words: ["--user", "no-such-user-x"],
      code: 1,
      says: "user: unknown user no-such-user-x",
    },
  ])("refuses $name", async ({ words, code, says }) => {
    const result = await run(["exec-env", ...words, "f.yaml", "echo ran"]);
    expect([result.code, result.stdout, result.stderr.includes(says)]).toEqual([code, "", true]);
  });
});

test("a value that is too long for a variable is no mistake of ours", async () => {
  const long = (await encrypt(`A: ${"x".repeat(200_000)}\n`, "yaml", { recipients: [RECIPIENT_A], now: 0 })).text;
  for (const flag of [[], ["--background"]]) {
    const { code, stderr } = await run(["exec-env", ...flag, "long.yaml", "true"], { files: { "long.yaml": long } });
    expect([code, stderr.includes("fork/exec /bin/sh: argument list too long")]).toEqual([1, true]);
    expect(stderr).not.toContain("xxx");
  }
});

test("whoever is at the pipe when the command has ended is let go", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "sealkit-exec-"));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  const count = 20;
  const line = `exec >/dev/null 2>&1; i=0; while [ $i -lt ${count} ]; do (cat {}; echo $i >> ended) & i=$((i+1)); done`;
  expect((await run(["exec-file", "f.yaml", line], { cwd, files: {} })).code).toBe(0);
  await vi.waitFor(() => expect(readFileSync(join(cwd, "ended"), "utf8").split("\n")).toHaveLength(count + 1), 5_000);
});
