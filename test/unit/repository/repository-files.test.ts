import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import {
  branchFiles,
  filesAtHand,
  historyFiles,
  type RepositoryFiles,
  workTreeFiles,
} from "../../../src/repository/index.ts";

const base = mkdtempSync(join(tmpdir(), "sealkit-repository-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

let folder = "";
let made = 0;
beforeEach(() => {
  folder = join(base, `r${made++}`);
  mkdirSync(folder);
});

const env = { PATH: process.env["PATH"], HOME: base, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" };
const who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
const git = (...args: string[]) => execFileSync("git", [...who, ...args], { cwd: folder, env, stdio: "pipe" });

function write(path: string, text = path): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

async function read(files: RepositoryFiles) {
  const found: Record<string, string> = {};
  const branches: Record<string, string> = {};
  for await (const file of files.files()) {
    found[file.path] = Buffer.from(file.bytes).toString();
    branches[`${file.path}: ${Buffer.from(file.bytes).toString()}`] = file.branches.join(" ");
  }
  return { found, branches, skipped: files.skipped.map(({ path, why }) => `${path}: ${why}`) };
}

describe("workTreeFiles()", () => {
  test("a folder that is no repository: all files, no links, nothing of .git", async () => {
    write("b/c.yaml");
    write("a.yaml");
    write("sub/.git", "gitdir: elsewhere");
    symlinkSync("/etc/passwd", join(folder, "link"));
    const { found, skipped } = await read(await workTreeFiles(folder, { env }));
    expect(Object.keys(found)).toEqual(["a.yaml", "b/c.yaml", "sub/.git"]);
    expect(skipped).toEqual(["link: symbolic link"]);
  });

  test("a work tree: tracked files and new ones, not what is ignored, deleted, or another repository", async () => {
    git("init", "-q");
    write(".gitignore", "out/\n*.log\n!kept.log\n");
    write("tracked.yaml");
    write("gone.yaml");
    write("kept.log");
    write("x.log");
    write("out/secret.yaml");
    write("module/file.yaml");
    execFileSync("git", ["init", "-q"], { cwd: join(folder, "module"), env });
    execFileSync("git", [...who, "add", "."], { cwd: join(folder, "module"), env });
    execFileSync("git", [...who, "commit", "-qm", "m"], { cwd: join(folder, "module"), env });
    git("-c", "advice.addEmbeddedRepo=false", "add", ".");
    git("commit", "-qm", "x");
    rmSync(join(folder, "gone.yaml"));
    write("new.yaml");
    const files = await workTreeFiles(folder, { env });
    expect(files.count).toBe(6);
    const { found, skipped } = await read(files);
    expect(Object.keys(found)).toEqual([".gitignore", "kept.log", "new.yaml", "tracked.yaml"]);
    expect(skipped).toEqual(["module: submodule"]);
  });

  test("a folder below the top: only what is below it, by paths relative to it", async () => {
    git("init", "-q");
    write("a.yaml");
    write("apps/b.yaml");
    const { found } = await read(await workTreeFiles(join(folder, "apps"), { env }));
    expect(Object.keys(found)).toEqual(["b.yaml"]);
  });

  test("a name that is no UTF-8 is read and shown", async () => {
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9]), Buffer.from(".yaml")]), "x");
    expect((await read(await workTreeFiles(folder, { env }))).found).toEqual({ "caf\ufffd.yaml": "x" });
  });

  test("what is too large is skipped, and said to be", async () => {
    write("big.yaml", "x".repeat(100));
    write("small.yaml", "x");
    const { found, skipped } = await read(await workTreeFiles(folder, { env, limits: { maxFileBytes: 99 } }));
    expect(Object.keys(found)).toEqual(["small.yaml"]);
    expect(skipped).toEqual(["big.yaml: too large"]);
  });

  test("nothing that the repository's configuration names is started", async () => {
    git("init", "-q");
    write("a.yaml");
    const started = join(base, `started${made}`);
    write("monitor.sh", `#!/bin/sh\ntouch ${started}\n`);
    chmodSync(join(folder, "monitor.sh"), 0o755);
    git("add", ".");
    git("config", "core.fsmonitor", join(folder, "monitor.sh"));
    await read(await workTreeFiles(folder, { env }));
    expect(existsSync(started)).toBe(false);
    git("ls-files", "--others");
    expect(existsSync(started)).toBe(true);
  });

  test.each([
    { name: "a folder that is not there", at: "nope", code: "REPOSITORY_UNREADABLE", says: "there is no such folder" },
    { name: "a file in its place", at: "f", code: "REPOSITORY_UNREADABLE", says: "it is no folder" },
    { name: "too many files", at: ".", code: "REPOSITORY_TOO_LARGE", says: "it holds too many files" },
  ])("$name is refused", async ({ at, code, says }) => {
    write("f");
    write("g");
    const opening = workTreeFiles(join(folder, at), { env, limits: { maxFiles: 1 } });
    await expect(opening).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
  });
});

test("what a sparse checkout leaves out is said to be so; what was deleted is not, and a conflict is one file", async () => {
  git("init", "-q", "-b", "main");
  for (const path of ["a/kept.yaml", "b/left.yaml", "b/there.yaml", "gone.yaml"]) write(path);
  git("add", ".");
  git("commit", "-qm", "1");
  git("checkout", "-qb", "other");
  write("a/kept.yaml", "theirs");
  git("commit", "-qam", "2");
  git("checkout", "-q", "main");
  write("a/kept.yaml", "ours");
  git("commit", "-qam", "3");
  git("sparse-checkout", "set", "a");
  write("b/there.yaml", "here again");
  rmSync(join(folder, "gone.yaml"));
  expect(() => git("merge", "-q", "other")).toThrow();
  const files = await workTreeFiles(folder, { env });
  const { found, skipped } = await read(files);
  expect([Object.keys(found), files.count]).toEqual([["a/kept.yaml", "b/there.yaml"], 4]);
  expect(skipped).toEqual(["b/left.yaml: not checked out"]);
});

describe("a bare repository", () => {
  beforeEach(() => {
    git("init", "-q", "-b", "main");
    write("a.yaml");
    git("add", ".");
    git("commit", "-qm", "1");
    git("clone", "-q", "--bare", ".", "bare.git");
  });

  test("what git keeps in it does not pass for files", async () => {
    const opening = workTreeFiles(join(folder, "bare.git"), { env });
    await expect(opening).rejects.toMatchObject({
      code: "REPOSITORY_BARE",
      hints: [expect.stringContaining("git clone ")],
    });
  });

  test("filesAtHand() gives its branches, and of others the files on disk", async () => {
    write("b.yaml");
    const ofBare = await read(await filesAtHand(join(folder, "bare.git"), { env }));
    const ofClone = await read(await filesAtHand(folder, { env }));
    expect([ofBare.branches, Object.keys(ofClone.branches)]).toEqual([
      { "a.yaml: a.yaml": "main" },
      expect.arrayContaining(["a.yaml: a.yaml", "b.yaml: b.yaml"]),
    ]);
    await expect(filesAtHand(join(folder, "none"), { env })).rejects.toMatchObject({ code: "REPOSITORY_UNREADABLE" });
  });
});

describe("branchFiles()", () => {
  test("every content of a path once, with the branches that hold it", async () => {
    git("init", "-q", "-b", "main");
    write("same.yaml");
    write("other.yaml", "one");
    symlinkSync("same.yaml", join(folder, "link"));
    git("add", ".");
    git("commit", "-qm", "1");
    git("checkout", "-q", "-b", "feature/x");
    write("other.yaml", "two");
    git("commit", "-qam", "2");
    write("other.yaml", "not committed");
    const { branches, skipped } = await read(await branchFiles(folder, { env }));
    expect(branches).toEqual({
      "same.yaml: same.yaml": "feature/x main",
      "other.yaml: one": "main",
      "other.yaml: two": "feature/x",
    });
    expect(skipped).toEqual(["link: symbolic link"]);
    const chosen = await read(await branchFiles(folder, { env, branches: ["main"] }));
    expect(chosen.found).toEqual({ "same.yaml": "same.yaml", "other.yaml": "one" });
  });

  test.each([
    { name: "no repository", init: false, branches: undefined },
    { name: "a branch that is not there", init: true, branches: ["nope"] },
  ])("$name is refused", async ({ init, branches }) => {
    if (init) git("init", "-q");
    await expect(branchFiles(folder, { env, branches })).rejects.toMatchObject({ code: "REPOSITORY_NOT_GIT" });
  });
});

describe("historyFiles()", () => {
  test("every manifest that any commit of any ref holds, once, with the commit that brought it; what is too large is said", async () => {
    git("init", "-q", "-b", "main");
    write("a.yaml", "one");
    write("page.md", "no manifest");
    git("add", ".");
    git("commit", "-qm", "1");
    write("a.yaml", "two");
    write("big.json", "x".repeat(100));
    git("add", ".");
    git("commit", "-qm", "2");
    git("tag", "kept");
    git("reset", "-q", "--hard", "HEAD^");
    const files = await historyFiles(folder, { env, limits: { maxFileBytes: 99 } });
    const found: string[] = [];
    for await (const { path, bytes, commit, branches } of files.files()) {
      expect(branches).toEqual([]);
      const of = git("log", "-1", "--format=%s", commit ?? "")
        .toString()
        .trim();
      found.push(`${path}: ${Buffer.from(bytes).toString()} (commit ${of})`);
    }
    expect(found).toEqual(["a.yaml: one (commit 1)", "a.yaml: two (commit 2)"]);
    expect(files.skipped).toEqual([{ path: "big.json", why: "too large" }]);
    expect(files.isShallow).toBe(false);
  });

  test.each([
    { name: "no repository", init: false, limits: {}, code: "REPOSITORY_NOT_GIT" },
    { name: "more than is gone through", init: true, limits: { maxFiles: 0 }, code: "REPOSITORY_TOO_LARGE" },
  ])("$name is refused", async ({ init, limits, code }) => {
    write("a.yaml");
    if (init) {
      git("init", "-q");
      git("add", ".");
      git("commit", "-qm", "x");
    }
    await expect(historyFiles(folder, { env, limits })).rejects.toMatchObject({ code });
  });
});
