import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli } from "../../../helpers/run-cli.ts";
import { sopsFixture } from "../../../helpers/sops.ts";

const fixture = (name: string) => readFileSync(new URL(`../../../../fixtures/keys/${name}`, import.meta.url), "utf8");
const SEALED = fixture("sealed-v1.yaml");
const SOPS = fixture("sops-v1.yaml");
const KEYS = { "keys.age": fixture("backup-v1.age"), "id.txt": fixture("identity.txt") };

const verify = (files: Record<string, string>, line = "") =>
  runCli(`keys verify -i id.txt keys.age --repo repo ${line}`, { files: { "repo/x": "", ...files, ...KEYS } });

describe("keys verify", () => {
  test("a repository that the backup opens: counts, and exit status 0", async () => {
    const result = await verify({ "repo/a/db.yaml": SEALED, "repo/b.yaml": SOPS, "repo/clear.yaml": "a: 1\n" });
    expect([result.code, result.stderr]).toEqual([0, "The backup opens all 3 values\n"]);
    expect(result.stdout).toMatch(/^PLACE +SEALEDSECRETS +SOPS FILES +VALUES OPENED +NOT OPENED\nrepo +1 +1 +3 +0\n$/);
  });

  test("an empty repository: nothing to open", async () => {
    expect(await verify({})).toMatchObject({ code: 0, stderr: "The backup opens all 0 values\n" });
  });

  test.each([
    {
      name: "a SealedSecret for another key",
      path: "repo/db.yaml",
      text: SEALED.replace("AQBCBSp", "AQBCBSq"),
      says: /^db\.yaml:2 +SealedSecret\/apps\/db, 1 item +item "password": no key could decrypt secret/m,
    },
    {
      name: "one that was moved to another namespace",
      path: "repo/db.yaml",
      text: SEALED.replaceAll("namespace: apps", "namespace: other"),
      says: /^db\.yaml:2 +SealedSecret\/other\/db, 1 item +/m,
    },
    {
      name: "a SOPS file for somebody else",
      path: "repo/s.yaml",
      text: sopsFixture("encrypted/values.yaml"),
      says: /^s\.yaml +SOPS file +Cannot decrypt "s\.yaml": no identity opens its data key/m,
    },
    {
      name: "a SOPS file that was altered",
      path: "repo/s.yaml",
      text: SOPS.replace(/user: .*/, "user: root"),
      says: /^s\.yaml +SOPS file +Cannot decrypt db\.user of "s\.yaml"/m,
    },
    {
      name: "conflict markers",
      path: "repo/c.yaml",
      text: `<<<<<<< HEAD\n${SEALED}=======\n>>>>>>> other\n`,
      says: /^c\.yaml +file +it has conflict markers of a merge/m,
    },
  ])("$name: named with its place, exit status 1, and no value shown", async ({ path, text, says }) => {
    const { code, stdout, stderr } = await verify({ "repo/good.yaml": SEALED, [path]: text });
    expect(stdout).toMatch(says);
    expect(code).toBe(1);
    expect(stderr).toBe("Not proven: 1 place does not open from this backup alone\n");
    expect(stdout).not.toContain("not a secret");
    const json = await verify({ "repo/good.yaml": SEALED, [path]: text }, "-o json");
    const [report] = JSON.parse(json.stdout);
    expect(report.unopened).toHaveLength(1);
    expect(report.unopened[0].path).toBe(path.slice("repo/".length));
  });

  test("all branches: what is committed counts, not what is on disk", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "sealkit-verify-"));
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], { cwd, stdio: "pipe" });
    git("init", "-q", "-b", "main");
    writeFileSync(join(cwd, "db.yaml"), SEALED);
    git("add", ".");
    git("commit", "-qm", "x");
    git("rm", "-q", "db.yaml");
    const { code, stdout } = await runCli("keys verify -i id.txt keys.age --all-branches -o json", {
      cwd,
      files: KEYS,
    });
    git("clone", "-q", "--bare", ".", "bare.git");
    const bare = await runCli("keys verify -i id.txt keys.age --repo bare.git -o json", { cwd, files: KEYS });
    const rotated = await runCli("rotate --backup keys.age -i id.txt --repo bare.git", { cwd, files: KEYS });
    git("checkout", "-q", "HEAD", "db.yaml");
    git("sparse-checkout", "set", "--no-cone", "/none/");
    const sparse = await runCli("keys verify -i id.txt keys.age", { cwd, files: KEYS });
    const rotatedSparse = await runCli("rotate --backup keys.age -i id.txt", { cwd, files: KEYS });
    rmSync(cwd, { recursive: true });
    expect([sparse.code, sparse.stderr]).toEqual([
      1,
      'Could not look at "db.yaml": not checked out\nNot proven: 1 file could not be looked at\n',
    ]);
    expect([rotatedSparse.code, rotatedSparse.stderr]).toEqual([
      0,
      expect.stringContaining("Left out: 1 file that a sparse checkout leaves in the repository\n"),
    ]);
    for (const result of [{ code, stdout }, bare]) {
      expect(result.code).toBe(0);
      expect(JSON.parse(result.stdout)).toMatchObject([{ sealedSecrets: 1, values: 1, unopened: [] }]);
    }
    // Nothing to rotate would be taken for everything rotated.
    expect([rotated.code, rotated.stderr]).toEqual([1, expect.stringContaining("it is a bare repository")]);
  });

  test.each([
    {
      name: "a folder that is not there",
      line: "keys verify -i id.txt keys.age --repo none",
      says: "there is no such folder",
    },
    {
      name: "no identity",
      line: "keys verify keys.age --repo repo",
      says: "hint: sealkit keys verify -i IDENTITY keys.age",
    },
    {
      name: "branches of no repository",
      line: "keys verify -i id.txt keys.age --repo repo --all-branches",
      says: "it is in no Git repository",
    },
    { name: "a missing backup", line: "keys verify -i id.txt none.age", says: "no such file" },
    { name: "no backup named", line: "keys verify", says: "BACKUP" },
  ])("$name: one error", async ({ line, says }) => {
    const { code, stdout, stderr } = await runCli(line, { files: { ...KEYS, "repo/x": "" } });
    expect([code === 0, stdout]).toEqual([false, ""]);
    expect(stderr).toContain(says);
  });
});
