import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCli } from "../../../helpers/run-cli.ts";

let base = "";
let env: Record<string, string> = {};
const git = (...args: string[]) =>
  execFileSync("git", args, { cwd: join(base, "work"), env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
const install = (words: readonly string[], below = "") =>
  runCli(["git", "install", ...words], { cwd: join(base, "work"), below, env });
const attributes = (path = ".gitattributes") => readFileSync(join(base, "work", path), "utf8");

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "sealkit git-"));
  for (const folder of ["work", "work/sub", "my programs"]) mkdirSync(join(base, folder));
  const program = join(base, "my programs", "sealkit");
  writeFileSync(program, "#!/bin/sh\n");
  chmodSync(program, 0o755);
  env = { HOME: base, PATH: `${join(base, "my programs")}:${process.env["PATH"]}`, GIT_CONFIG_NOSYSTEM: "1" };
  git("init", "-q");
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe("sealkit git install", () => {
  test("writes settings and patterns, once, and takes them out again", async () => {
    const first = await install(["--pattern", "*.enc.yaml", "--pattern", "my secrets/**"]);
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(git("config", "diff.sealkit.textconv")).toBe("sealkit sops textconv\n");
    expect(git("config", "merge.sealkit.driver")).toBe("sealkit sops merge --marker-size=%L --path=%P %O %A %B\n");
    expect(git("check-attr", "diff", "merge", "--", "my secrets/x")).toMatch(/diff: sealkit\n.*merge: sealkit/);
    const before = attributes();
    const second = await install(["--pattern", "*.enc.yaml", "--pattern", "my secrets/**"]);
    expect([second.code, second.stdout, second.stderr]).toEqual([0, "", expect.stringContaining("Nothing to do")]);
    expect(attributes()).toBe(before);
    expect((await install(["--uninstall"])).code).toBe(0);
    expect(attributes()).toBe("");
    expect(git("config", "--list")).not.toContain("sealkit");
    expect((await install(["--uninstall"])).stderr).toContain("Nothing to do");
  });

  test("takes the patterns from the rules, beside whose file they are written", async () => {
    writeFileSync(
      join(base, "work/sub/.sops.yaml"),
      "creation_rules:\n  - path_regex: ^secrets/.*\\.yaml$\n  - path_regex: '[ab].yaml'\n  - age: age1x\n",
    );
    const { code, stderr } = await install([], "sub");
    expect(code).toBe(0);
    expect(stderr).toContain('"[ab].yaml" of .sops.yaml is left out');
    expect(stderr).toContain("it matches all files");
    expect(attributes("sub/.gitattributes")).toContain("/secrets/**/*.yaml diff=sealkit merge=sealkit\n");
    expect(git("check-attr", "merge", "--", "sub/secrets/a/b.yaml", "secrets/a.yaml")).toBe(
      "sub/secrets/a/b.yaml: merge: sealkit\nsecrets/a.yaml: merge: unspecified\n",
    );
  });

  test("a program with a blank in its path is quoted for the shell of git, and made absolute", async () => {
    const { code } = await install(["--pattern", "*.x", "--program", "../my programs/sealkit"]);
    expect(code).toBe(0);
    expect(git("config", "diff.sealkit.textconv")).toBe(`'${base}/my programs/sealkit' sops textconv\n`);
  });

  test("--global writes for the person, --show-values says so in the setting", async () => {
    expect((await install(["--global", "--pattern", "*.x", "--show-values"])).code).toBe(0);
    expect(git("config", "--global", "diff.sealkit.textconv")).toContain("--show-values");
    expect(readFileSync(join(base, ".config/git/attributes"), "utf8")).toContain("*.x diff=sealkit");
    expect(git("check-attr", "diff", "--", "a.x")).toContain("sealkit");
  });

  test("--dry-run writes nothing", async () => {
    const { code, stdout } = await install(["--pattern", "*.x", "--dry-run"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("would set diff.sealkit.textconv")]);
    expect(() => attributes()).toThrow(/ENOENT/);
    expect(git("config", "--list")).not.toContain("sealkit");
  });

  test("never sets cachetextconv, and warns of it", async () => {
    expect((await install(["--pattern", "*.x"])).stderr).toBe("");
    expect(git("config", "--list")).not.toContain("cachetextconv");
    git("config", "diff.sealkit.cachetextconv", "true");
    const { code, stderr } = await install(["--pattern", "*.x"]);
    expect([code, stderr]).toEqual([0, expect.stringContaining("diff.sealkit.cachetextconv is set")]);
  });

  test.each([
    { name: "--global without a pattern", words: ["--global"], want: "--global needs a --pattern", code: 2 },
    { name: "--global with --local", words: ["--global", "--local"], want: "exclude each other", code: 2 },
    { name: "no rules", words: [], want: "there is no .sops.yaml", code: 1 },
    { name: "a negative pattern", words: ["--pattern", "!a"], want: "is no pattern", code: 2 },
    { name: "a pattern of two lines", words: ["--pattern", "a\nb"], want: "is no pattern", code: 2 },
    {
      name: "a program that is not there",
      words: ["--pattern", "a", "--program", "nope"],
      want: "not in PATH",
      code: 1,
    },
    {
      name: "a path that is no program",
      words: ["--pattern", "a", "--program", "./x"],
      want: "no such program",
      code: 1,
    },
  ])("refuses $name, and writes nothing", async ({ words, want, code }) => {
    const result = await install(words);
    expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(want)]);
    expect(git("config", "--list")).not.toContain("sealkit");
  });

  test("outside of a repository, and without git, it says so", async () => {
    rmSync(join(base, "work/.git"), { recursive: true });
    const outside = await install(["--pattern", "a"]);
    expect([outside.code, outside.stderr]).toEqual([1, expect.stringContaining("not a git repository")]);
    env = { ...env, PATH: join(base, "my programs") };
    const without = await install(["--pattern", "a"]);
    expect([without.code, without.stderr]).toEqual([1, expect.stringContaining("not installed")]);
  });
});
