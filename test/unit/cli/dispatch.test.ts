import { Readable, Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { dispatch } from "../../../cli/dispatch.ts";
import { runCli } from "../../helpers/run-cli.ts";

describe("sealkit", () => {
  test("alone shows the commands by purpose and succeeds", async () => {
    const { code, stdout, stderr } = await runCli("");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("More\n  version");
  });

  test.each([
    {
      name: "a mistyped command",
      line: "verzion",
      code: 2,
      stderr: /Cannot run "verzion".*\nhint: did you mean: sealkit version\n$/,
    },
    { name: "a word like no command", line: "qqqqqqq", code: 2, stderr: /hint: sealkit --help shows all commands\n$/ },
    {
      name: "a flag before the command",
      line: "--verbose version",
      code: 2,
      stderr: /a flag stands where a command is wanted/,
    },
    {
      name: "a mistyped flag",
      line: "version --ouput json",
      code: 2,
      stderr: /there is no flag --ouput\nhint: did you mean: --output\n$/,
    },
    { name: "a flag without its value", line: "version --output", code: 2, stderr: /the flag --output wants a value/ },
    {
      name: "a choice that does not exist",
      line: "version --output=xml",
      code: 2,
      stderr: /Cannot use "xml" for --output: it is none of text, json/,
    },
    { name: "too many words", line: "version a", code: 2, stderr: /it takes no arguments/ },
    { name: "a missing word", line: "completion", code: 2, stderr: /bash\|zsh\|fish is missing/ },
    { name: "an unknown shell", line: "completion tcsh", code: 2, stderr: /Cannot print completion for "tcsh"/ },
  ])("$name is refused with its remedy", async ({ line, code, stderr }) => {
    const result = await runCli(line);
    expect(result.stderr).toMatch(stderr);
    expect([result.code, result.stdout]).toEqual([code, ""]);
  });

  test.each(["version", "completion"])("help for %s is the same three ways", async (name) => {
    const [a, b, c] = [await runCli(`${name} --help`), await runCli(`${name} -h`), await runCli(`help ${name}`)];
    expect(a.code).toBe(0);
    expect(a.stdout).toMatch(/^.+\.\n\nUsage: sealkit .+\n\nExamples:\n {2}# /);
    expect([b.stdout, c.stdout]).toEqual([a.stdout, a.stdout]);
  });

  test("colours only on a terminal that wants them", async () => {
    expect((await runCli("nope", { tty: true })).stderr).toContain("\u001b[1;31merror:");
    expect((await runCli("nope", { tty: true, env: { NO_COLOR: "1" } })).stderr).toMatch(/^error:/);
    expect((await runCli("nope", { tty: true, env: { TERM: "dumb" } })).stderr).toMatch(/^error:/);
  });

  test.each(["/usr/local/bin/kubeseal", "kubeseal.exe"])("called %s it is kubeseal", async (argv0) => {
    const { code, stdout, stderr } = await runCli("--certt", { argv0 });
    expect([code, stderr]).toEqual([2, `Usage of ${argv0}:\nhint: did you mean: --cert\n`]);
    expect(stdout).toMatch(/\nunknown flag: --certt\n$/);
  });
});

describe("an error that nobody foresaw", () => {
  const failing = (error: unknown) => ({
    name: "x",
    summary: "",
    group: "More" as const,
    load: async () => ({ run: () => Promise.reject(error) }),
  });
  const told = async (error: unknown, env: Record<string, string> = {}) => {
    let text = "";
    const stderr = new Writable({
      write: (chunk, _encoding, done) => {
        text += String(chunk);
        done();
      },
    });
    const { signal } = new AbortController();
    const io = {
      env,
      cwd: "/",
      argv0: "sealkit",
      stdin: Readable.from([]),
      stdout: stderr,
      stderr,
      signal,
      now: Date.now,
    };
    const code = await dispatch(["x"], io, [failing(error)]);
    return { code, text };
  };

  test.each([
    { name: "an error", error: new TypeError("canary-77"), kind: "TypeError" },
    {
      name: "an error of the system",
      error: Object.assign(new Error("canary-77"), { code: "EWHATEVER" }),
      kind: "Error, EWHATEVER",
    },
    { name: "no error at all", error: "canary-77", kind: "string" },
    { name: "an error with a secret cause", error: new Error("x", { cause: new Error("canary-77") }), kind: "Error" },
  ])("is one honest line for $name, without its message", async ({ error, kind }) => {
    const { code, text } = await told(error);
    expect([code, text]).toEqual([
      1,
      `error: sealkit made a mistake (${kind}): please report it; run again with SEALKIT_DEBUG=1 for the place in the code\n`,
    ]);
    expect((await told(error, { SEALKIT_DEBUG: "1" })).text).not.toContain("canary-77");
  });

  test("with SEALKIT_DEBUG=1 the place in the code is shown", async () => {
    expect((await told(new Error("x"), { SEALKIT_DEBUG: "1" })).text).toMatch(/\n {4}at /);
  });
});
