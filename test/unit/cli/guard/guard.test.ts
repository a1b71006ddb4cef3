import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type CliRun, runCli } from "../../../helpers/run-cli.ts";

const CLEAR = "kind: Secret\nmetadata: {name: db}\nstringData:\n  password: h7Kq-canary-29x\n";
const ALLOW = (path: string, more = "") =>
  `audit:\n  allow:\n  - {rule: clear-secret, path: "${path}", reason: made up${more}}\n`;
const ZERO = "0".repeat(40);

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

interface Repository {
  readonly cwd: string;
  git(...args: string[]): string;
  write(files: Record<string, string | Uint8Array>): void;
  /** Runs the guard there. */
  guard(line?: string, more?: CliRun): ReturnType<typeof runCli>;
}

function repository(files: Record<string, string> = {}): Repository {
  const cwd = mkdtempSync(join(tmpdir(), "sealkit-guard-"));
  folders.push(cwd);
  const settings = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "core.hooksPath=/dev/null"];
  const made: Repository = {
    cwd,
    git: (...args) =>
      execFileSync("git", [...settings, ...args], { cwd, stdio: "pipe" })
        .toString()
        .trim(),
    write: (more) => {
      for (const [path, content] of Object.entries(more)) {
        mkdirSync(dirname(join(cwd, path)), { recursive: true });
        writeFileSync(join(cwd, path), content);
      }
    },
    guard: async (line = "", more = {}) => {
      const env = { PATH: process.env["PATH"] ?? "", GIT_CONFIG_NOSYSTEM: "1" };
      const result = await runCli(`guard ${line}`, { cwd, env, ...more });
      expect(result.stdout + result.stderr).not.toContain("canary");
      return result;
    },
  };
  made.git("init", "-q", "-b", "main", "--template=");
  made.write(files);
  if (Object.keys(files).length > 0) {
    made.git("add", ".");
    made.git("commit", "-qm", "first");
  }
  return made;
}

describe("what is staged", () => {
  test("a clear Secret is refused, with place, kind and a way on; also in the first commit", async () => {
    const { write, git, guard } = repository();
    write({ "a/db.yaml": CLEAR });
    expect(await guard()).toMatchObject({ code: 0, stderr: "" });
    git("add", ".");
    const { code, stderr } = await guard();
    expect(code).toBe(1);
    expect(stderr).toContain("error: Cannot commit this: a file holds secrets in clear\n");
    expect(stderr).toContain("  a/db.yaml:4: Secret db: password (clear-secret)\n");
    expect(stderr).toContain("hint: seal it: sealkit seal a/db.yaml\n");
    expect(stderr).toContain("git commit --no-verify");
  });

  test("the index counts, not the work tree", async () => {
    const { write, git, guard } = repository({ "a.yaml": "a: 1\n" });
    write({ "a.yaml": CLEAR });
    expect((await guard()).code).toBe(0);
    git("add", ".");
    write({ "a.yaml": "a: 1\n" });
    expect((await guard()).code).toBe(1);
  });

  test("another index, as git names it for a commit of some files", async () => {
    const { write, git, guard, cwd } = repository({ "a.yaml": "a: 1\n" });
    write({ "a.yaml": CLEAR });
    git("add", ".");
    const env = { PATH: process.env["PATH"] ?? "", GIT_INDEX_FILE: join(cwd, ".git/other") };
    execFileSync("git", ["read-tree", "HEAD"], { cwd, env });
    expect((await guard("", { env })).code).toBe(0);
  });

  test("only what changes: a Secret that is committed already, and its deletion, stop nobody", async () => {
    const { write, git, guard } = repository({ "a.yaml": CLEAR, "b.yaml": CLEAR });
    write({ "c.yaml": "c: 1\n" });
    git("rm", "-q", "b.yaml");
    git("add", ".");
    expect(await guard()).toMatchObject({ code: 0, stderr: "" });
  });

  test("a rename that brings clear text into a file that counts", async () => {
    const { git, guard } = repository({ "notes.txt": CLEAR });
    git("mv", "notes.txt", "s.yaml");
    expect((await guard()).stderr).toContain("s.yaml:4");
  });

  test("links, submodules, other kinds of files, and names that are no UTF-8", async () => {
    const { write, git, guard, cwd } = repository({ "x.yaml": "a: 1\n" });
    symlinkSync("x.yaml", join(cwd, "link.yaml"));
    git("add", ".");
    git("update-index", "--add", "--cacheinfo", `160000,${git("rev-parse", "HEAD")},module`);
    write({ "README.md": CLEAR, "bin.yaml": Buffer.concat([Buffer.from(CLEAR), Buffer.from([0])]) });
    git("add", "README.md", "bin.yaml");
    expect(await guard()).toMatchObject({ code: 0, stderr: "" });
    const odd = Buffer.concat([Buffer.from(`${cwd}/`), Buffer.from([0xe4, 0xff]), Buffer.from("\n.yaml")]);
    writeFileSync(odd, CLEAR);
    git("add", ".");
    rmSync(odd);
    expect((await guard()).stderr).toMatch(/\ufffd\ufffd\s.yaml:4: Secret db/);
  });

  test("the result of a merge", async () => {
    const { write, git, guard } = repository({ "a.yaml": "a: 1\n" });
    git("checkout", "-qb", "other");
    write({ "s.yaml": CLEAR });
    git("add", ".");
    git("commit", "-qm", "other");
    git("checkout", "-q", "main");
    git("merge", "--no-ff", "--no-commit", "-q", "other");
    expect((await guard("--hook pre-merge-commit")).stderr).toContain("s.yaml:4");
  });

  test("many findings: twenty lines, and how many more", async () => {
    const { write, git, guard } = repository();
    write(Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`${at}.yaml`, CLEAR])));
    git("add", ".");
    const { stderr } = await guard();
    expect(stderr).toContain("25 files hold secrets in clear");
    expect(stderr).toContain("\n  and 5 more\n");
    expect(stderr.match(/clear-secret\)/g)).toHaveLength(20);
  });

  test("likely credentials in values of charts: named, and refused only with --strict", async () => {
    const { write, git, guard } = repository();
    write({ "values.yaml": "db:\n  password: h7Kq-canary-29x\n" });
    git("add", ".");
    expect(await guard()).toMatchObject({
      code: 0,
      stderr: 'warning: "values.yaml", line 2: "db.password" looks like a credential in clear\n',
    });
    expect((await guard("--strict")).code).toBe(1);
  });

  test("no repository: one error, and no commit", async () => {
    const { code, stderr } = await runCli("guard", { env: { PATH: process.env["PATH"] ?? "" } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: Cannot look at what is committed: this folder is in no Git repository\nhint: /);
  });
});

describe("the allow list", () => {
  let shared: Repository | undefined;

  test.each([
    { name: "a path that is allowed", policy: ALLOW("test/**"), code: 0 },
    { name: "another path", policy: ALLOW("src/**"), code: 1 },
    { name: "another rule", policy: ALLOW("test/**").replace("clear-secret", "private-key"), code: 1 },
    { name: "every rule", policy: ALLOW("test/**").replace("clear-secret", '"*"'), code: 0 },
    { name: "a day that has passed", policy: ALLOW("test/**", ", until: 2026-01-31"), code: 1 },
    { name: "the last day itself", policy: ALLOW("test/**", ", until: 2026-02-01"), code: 0 },
    { name: "a policy that is broken", policy: "audit: {alow: []}\n", code: 1 },
  ])("$name: exit status $code", async ({ policy, code }) => {
    shared ??= repository();
    const { write, git, guard } = shared;
    write({ "test/s.yaml": CLEAR, ".sealkit/policy.yaml": policy });
    git("add", "-f", ".");
    expect((await guard("", { now: Date.parse("2026-02-01T23:00:00Z") })).code).toBe(code);
  });

  test("as it is staged, not as it is on disk; --policy goes before it", async () => {
    const { write, git, guard } = repository();
    write({ "s.yaml": CLEAR });
    git("add", ".");
    write({ ".sealkit/policy.yaml": ALLOW("**") });
    expect((await guard()).code).toBe(1);
    expect((await guard("--policy .sealkit/policy.yaml")).code).toBe(0);
  });
});

describe("what is pushed", () => {
  let shared: Repository | undefined;

  /** A repository with commits that no ref leads to, as objects in quarantine are. */
  function pushed(...states: Record<string, string>[]) {
    const made = repository({ "a.yaml": "a: 1\n" });
    const old = made.git("rev-parse", "HEAD");
    for (const state of states) {
      made.git("rm", "-rq", "--ignore-unmatch", ".");
      made.write(state);
      made.git("add", "-f", "-A", ".");
      made.git("commit", "-qm", "more", "--allow-empty");
    }
    const end = made.git("rev-parse", "HEAD");
    made.git("reset", "-q", "--hard", old);
    return { ...made, old, end };
  }

  test("a Secret in a commit between is refused, with the commit", async () => {
    const { guard, old, end, git } = pushed({ "s.yaml": CLEAR }, { "b.yaml": "b: 1\n" });
    const { code, stderr } = await guard("--hook pre-receive", { stdin: `${old} ${end} refs/heads/main\n` });
    expect(code).toBe(1);
    expect(stderr).toContain("error: Cannot take this push: a file holds secrets in clear\n");
    expect(stderr).toContain(`  s.yaml:4 in ${git("rev-parse", `${end}^`).slice(0, 12)}: Secret db: password`);
    const update = await guard(`--hook update refs/heads/main ${old} ${end}`);
    expect([update.code, update.stderr]).toEqual([1, stderr]);
  });

  test("clean commits, several refs, a deletion, a tag, a blob", async () => {
    const { guard, old, end, git } = pushed({ "b.yaml": "b: 1\n" });
    git("tag", "-am", "x", "v1", end);
    const tag = git("rev-parse", "v1");
    git("tag", "-d", "v1");
    const blob = git("rev-parse", `${end}:b.yaml`);
    const lines = [
      `${ZERO} ${end} refs/heads/new`,
      `${old} ${ZERO} refs/heads/gone`,
      `${ZERO} ${tag} refs/tags/v1`,
      `${ZERO} ${blob} refs/tags/blob`,
    ];
    const result = await guard("--hook pre-receive", { stdin: `${lines.join("\n")}\n` });
    expect(result).toMatchObject({ code: 0, stderr: "" });
  });

  test("only deletions, and nothing at all", async () => {
    const { guard, old } = pushed({});
    expect((await guard("--hook pre-receive", { stdin: `${old} ${ZERO} refs/heads/x\n` })).code).toBe(0);
    expect((await guard("--hook pre-receive", { stdin: "" })).code).toBe(0);
  });

  test("an evil merge: what only the merge itself brings", async () => {
    const { guard, git, write } = repository({ "a.yaml": "a: 1\n" });
    const old = git("rev-parse", "HEAD");
    for (const name of ["x", "y"]) {
      git("checkout", "-q", "--detach", old);
      write({ [`${name}.yaml`]: "a: 1\n" });
      git("add", ".");
      git("commit", "-qm", name);
      git("update-ref", `refs/made/${name}`, "HEAD");
    }
    git("merge", "--no-commit", "-q", "refs/made/x");
    write({ "s.yaml": CLEAR });
    git("add", ".");
    git("commit", "-qm", "merge");
    const end = git("rev-parse", "HEAD");
    git("checkout", "-q", "main");
    for (const name of ["x", "y"]) git("update-ref", "-d", `refs/made/${name}`);
    const { stderr } = await guard("--hook pre-receive", { stdin: `${old} ${end} refs/heads/main\n` });
    expect(stderr).toContain(`s.yaml:4 in ${end.slice(0, 12)}: Secret db`);
  });

  test("the allow list of the default branch counts, not the one that is pushed", async () => {
    const bringing = pushed({ "s.yaml": CLEAR, ".sealkit/policy.yaml": ALLOW("**") });
    const line = { stdin: `${bringing.old} ${bringing.end} refs/heads/main\n` };
    expect((await bringing.guard("--hook pre-receive", line)).code).toBe(1);
    bringing.write({ ".sealkit/policy.yaml": ALLOW("**") });
    bringing.git("add", "-f", ".");
    bringing.git("commit", "-qm", "policy");
    expect((await bringing.guard("--hook pre-receive", line)).code).toBe(0);
  });

  test.each([
    { line: "--hook pre-receive", stdin: "x\n" },
    { line: "--hook pre-receive", stdin: `${ZERO} --all refs/heads/x\n` },
    { line: "--hook update refs/heads/x", stdin: "" },
    { line: `--hook update refs/heads/x ${ZERO} HEAD`, stdin: "" },
    { line: "--hook pre-receive", stdin: `${ZERO} ${"1".repeat(40)} refs/heads/x\n` },
  ])("refuses what no git says: $line $stdin", async ({ line, stdin }) => {
    shared ??= repository({ "a.yaml": "a: 1\n" });
    const { guard } = shared;
    const { code, stderr } = await guard(line, { stdin });
    expect([code, stderr.startsWith("error: Cannot ")]).toEqual([1, true]);
  });
});

describe("guard install", () => {
  const program = (cwd: string) => {
    const path = join(cwd, ".git/fake sealkit");
    writeFileSync(path, "#!/bin/sh\necho guarded $* >&2\nexit 1\n", { mode: 0o755 });
    return `--program '${path}'`;
  };
  const FOREIGN = "#!/bin/sh\necho foreign >&2\n";

  test("writes a hook that git runs; a second time it is the same; --uninstall removes it", async () => {
    const { cwd, guard } = repository({ "a.yaml": "a: 1\n" });
    const hook = join(cwd, ".git/hooks/pre-commit");
    const line = `install ${program(cwd)}`;
    expect((await guard(`${line} --dry-run`)).stdout).toBe(`would write the hook "${hook}"\n`);
    expect(existsSync(hook)).toBe(false);
    expect(await guard(line)).toMatchObject({ code: 0, stdout: `write the hook "${hook}"\n` });
    const before = readFileSync(hook, "utf8");
    expect((await guard(line)).code).toBe(0);
    expect(readFileSync(hook, "utf8")).toBe(before);
    expect(commit(cwd)).toBe("guarded guard --hook=pre-commit\n");
    expect((await guard("install --uninstall")).code).toBe(0);
    expect(existsSync(hook)).toBe(false);
    expect(commit(cwd)).toBe("");
    expect((await guard("install --uninstall")).stderr).toContain("it is not there, or not ours");
  });

  test("leaves another hook alone; --chain runs it first, and --uninstall brings it back", async () => {
    const { cwd, guard } = repository({ "a.yaml": "a: 1\n" });
    const hook = join(cwd, ".git/hooks/pre-commit");
    mkdirSync(dirname(hook), { recursive: true });
    writeFileSync(hook, FOREIGN, { mode: 0o755 });
    const refused = await guard(`install ${program(cwd)}`);
    expect(refused.stderr).toContain("Cannot set up the pre-commit hook: there is one already");
    expect(readFileSync(hook, "utf8")).toBe(FOREIGN);
    expect((await guard(`install --chain ${program(cwd)}`)).code).toBe(0);
    expect(commit(cwd)).toBe("foreign\nguarded guard --hook=pre-commit\n");
    expect((await guard(`install ${program(cwd)} --strict`)).code).toBe(0);
    expect(commit(cwd)).toBe("foreign\nguarded guard --hook=pre-commit --strict\n");
    chmodSync(`${hook}.before-sealkit`, 0o644);
    expect(commit(cwd)).toBe("guarded guard --hook=pre-commit --strict\n");
    expect((await guard("install --uninstall")).code).toBe(0);
    expect(readFileSync(hook, "utf8")).toBe(FOREIGN);
  });

  test("core.hooksPath counts, and is named", async () => {
    const { cwd, guard, git } = repository({ "a.yaml": "a: 1\n" });
    git("config", "core.hooksPath", "hooks here");
    const { stdout, stderr } = await guard(`install ${program(cwd)}`);
    expect(stdout).toBe(`write the hook "${join(cwd, "hooks here/pre-commit")}"\n`);
    expect(stderr).toContain("core.hooksPath is set");
    expect(commit(cwd)).toContain("guarded");
  });

  test("in a bare repository it is the one that takes pushes", async () => {
    const { cwd, guard } = repository();
    execFileSync("git", ["config", "core.bare", "true"], { cwd });
    const { stdout } = await guard(`install ${program(cwd)}`);
    expect(stdout).toContain("hooks/pre-receive");
  });

  test.each([
    { line: "install --program none-such", says: "it is not in PATH" },
    { line: "install x", says: "it takes no arguments" },
    { line: "install --hook post-commit", says: "post-commit" },
  ])("refuses $line", async ({ line, says }) => {
    const { guard } = repository({ "a.yaml": "a: 1\n" });
    const { code, stderr } = await guard(line);
    expect([code === 0, stderr.includes(says)]).toEqual([false, true]);
  });

  /** What the hooks say when somebody commits. */
  function commit(cwd: string): string {
    const args = ["-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "x"];
    try {
      execFileSync("git", args, { cwd, stdio: "pipe" });
      return "";
    } catch (error) {
      return String(error instanceof Error && "stderr" in error ? error.stderr : error);
    }
  }
});
