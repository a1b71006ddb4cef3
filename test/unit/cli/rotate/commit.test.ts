import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  openSealed,
  type RepositoryKeys,
  repositoryKeys,
  sealedYaml,
  sopsYaml,
} from "../../../helpers/encrypted-repository.ts";
import { runCli } from "../../../helpers/run-cli.ts";
import { IDENTITY_A, RECIPIENT_B } from "../../../helpers/sops.ts";

let keys: RepositoryKeys;
let sealed: string;
let sops: string;
beforeAll(async () => {
  keys = await repositoryKeys();
  sealed = await sealedYaml(keys.old, { password: "hunter2" });
  sops = await sopsYaml("password: hunter2\n");
});

const USER = {
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.com",
  GIT_COMMITTER_NAME: "A",
  GIT_COMMITTER_EMAIL: "a@example.com",
};
let base: string;
let repo: string;
const git = (...args: string[]) =>
  execFileSync("git", args, { cwd: repo, stdio: "pipe", env: { ...USER, PATH: process.env["PATH"] } }).toString();
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "sealkit-commit-"));
  repo = join(base, "repo");
  execFileSync("git", ["init", "-q", "-b", "main", repo]);
  writeFileSync(join(base, "keys.yaml"), keys.backup);
  writeFileSync(join(repo, "db.yaml"), sealed);
  writeFileSync(join(repo, "s.yaml"), sops);
  writeFileSync(join(repo, "notes.txt"), "one\n");
  chmodSync(join(repo, "s.yaml"), 0o755);
  git("add", ".");
  git("commit", "-qm", "first");
});
afterEach(() => rmSync(base, { recursive: true }));

const rotate = (more: string) =>
  runCli(`rotate --repo repo --backup keys.yaml ${more}`, {
    cwd: base,
    env: { ...USER, SOPS_AGE_KEY: IDENTITY_A, PATH: process.env["PATH"] ?? "", HOME: base },
  });

test("a submodule is left out, and said to be", async () => {
  git("update-index", "--add", "--cacheinfo", `160000,${git("rev-parse", "HEAD").trim()},module`);
  mkdirSync(join(repo, "module"));
  const { code, stderr } = await rotate("--dry-run");
  expect([code, stderr]).toEqual([0, expect.stringContaining("Left out: 1 submodule; rotate each by itself\n")]);
});

describe("rotate --commit", () => {
  test("exactly the changed files; what else is staged or changed stays so", async () => {
    writeFileSync(join(repo, "notes.txt"), "two\n");
    writeFileSync(join(repo, "staged.txt"), "x\n");
    git("add", "staged.txt");
    const { code, stderr } = await rotate("--commit -m 'new keys'");
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^Committed as [0-9a-f]{40} on main$/m)]);
    expect(git("show", "--stat=200", "--format=%s%n%b", "HEAD")).toMatch(
      /^new keys\n+ db\.yaml .*\n s\.yaml .*\n 2 files changed/,
    );
    expect(git("status", "--porcelain")).toBe(" M notes.txt\nA  staged.txt\n");
    expect(git("ls-files", "-s", "s.yaml")).toMatch(/^100755 /);
    expect(existsSync(join(repo, ".git/sealkit/rotated"))).toBe(false);
    const again = await rotate("--commit");
    expect(again.stderr).toContain("SOPS file");
    expect(git("rev-list", "--count", "HEAD")).toBe("3\n");
  });

  test("hooks of the person run, and one that refuses leaves changed files that the next run commits", async () => {
    const hook = join(repo, ".git/hooks/pre-commit");
    writeFileSync(hook, "#!/bin/sh\necho no such commit >&2\nexit 1\n", { mode: 0o755 });
    const refused = await rotate("--commit");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("no such commit")]);
    expect(git("rev-list", "--count", "HEAD")).toBe("1\n");
    rmSync(hook);
    const rotated = readFileSync(join(repo, "s.yaml"), "utf8");
    expect((await rotate("--commit")).code).toBe(0);
    expect(git("status", "--porcelain")).toBe("");
    expect(git("show", "--name-only", "--format=", "HEAD")).toBe("db.yaml\ns.yaml\n");
    expect(readFileSync(join(repo, "s.yaml"), "utf8")).toBe(rotated);
  });

  test("onto a new branch: checkout, index and files stay, the branch has it all", async () => {
    const before = git("rev-parse", "HEAD");
    const { code, stderr } = await rotate("--branch keys/new");
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^Committed as [0-9a-f]{40} on keys\/new$/m)]);
    expect([git("rev-parse", "HEAD"), git("status", "--porcelain")]).toEqual([before, ""]);
    expect(readFileSync(join(repo, "db.yaml"), "utf8")).toBe(sealed);
    expect(git("diff", "--stat=200", "main", "keys/new")).toMatch(/db\.yaml.*\n s\.yaml.*\n 2 files/);
    expect(git("ls-tree", "keys/new", "s.yaml")).toMatch(/^100755 /);
    expect((await openSealed(git("show", "keys/new:db.yaml"), keys.newest)).values).toEqual({ password: "hunter2" });
    expect(git("fsck", "--strict")).toBe("");
  });

  test("--push sends the branch to the remote", async () => {
    execFileSync("git", ["init", "-q", "--bare", join(base, "remote")]);
    git("remote", "add", "origin", join(base, "remote"));
    const { code, stderr } = await rotate("--branch new --push origin");
    expect([code, stderr]).toEqual([0, expect.stringContaining("Pushed new to origin")]);
    expect(execFileSync("git", ["-C", join(base, "remote"), "rev-parse", "new"]).toString()).toBe(
      git("rev-parse", "new"),
    );
  });

  test("a file that does not open is not part of it, and the exit status is 1", async () => {
    writeFileSync(join(repo, "other.yaml"), await sopsYaml("a: 1\n", [RECIPIENT_B]));
    git("add", ".");
    git("commit", "-qm", "second");
    const { code } = await rotate("--commit");
    expect(code).toBe(1);
    expect(git("show", "--name-only", "--format=", "HEAD")).toBe("db.yaml\ns.yaml\n");
  });

  test.each([
    {
      name: "a changed encrypted file",
      before: () => writeFileSync(join(repo, "db.yaml"), `${sealed}# mine\n`),
      more: "--commit",
      says: "an encrypted file differs",
    },
    {
      name: "a staged one",
      before: () => {
        writeFileSync(join(repo, "s.yaml"), `${sops}# mine\n`);
        git("add", ".");
      },
      more: "--branch b",
      says: "an encrypted file differs",
    },
    {
      name: "one that git does not know",
      before: () => writeFileSync(join(repo, "new.yaml"), sealed),
      more: "--commit",
      says: "new.yaml",
    },
    {
      name: "a branch that is there",
      before: () => git("branch", "b"),
      more: "--branch b",
      says: 'the branch "b" exists already',
    },
    { name: "no name for a branch", before: () => undefined, more: "--branch a..b", says: "is no name for a branch" },
    {
      name: "a remote that is not there",
      before: () => undefined,
      more: "--commit --push nowhere",
      says: 'there is no remote "nowhere"',
    },
    {
      name: "a push of nothing",
      before: () => undefined,
      more: "--push origin",
      says: "--push wants --commit or --branch",
    },
    {
      name: "a merge that is under way",
      before: () => writeFileSync(join(repo, ".git/MERGE_HEAD"), git("rev-parse", "HEAD")),
      more: "--commit",
      says: "in the middle of something (MERGE_HEAD)",
    },
    {
      name: "a detached HEAD that is to be pushed",
      before: () => {
        git("checkout", "-q", "--detach");
        git("remote", "add", "origin", base);
      },
      more: "--commit --push origin",
      says: "no branch is checked out",
    },
    {
      name: "no repository",
      before: () => rmSync(join(repo, ".git"), { recursive: true }),
      more: "--commit",
      says: "in no work tree of git",
    },
  ])("$name: refused before anything is changed", async ({ before, more, says }) => {
    before();
    const state = () =>
      readdirSync(repo)
        .filter((name) => name !== ".git")
        .map((name) => [name, readFileSync(join(repo, name), "utf8")]);
    const was = state();
    const { code, stderr } = await rotate(more);
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining(says)]);
    expect(state()).toEqual(was);
  });
});
