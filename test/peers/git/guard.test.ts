import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ownProgram } from "../../helpers/own-program.ts";

const CLEAR = "kind: Secret\nmetadata: {name: db}\nstringData:\n  password: canary-7f3a-x\n";

let base = "";
let env: Record<string, string> = {};
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "sealkit guard "));
  mkdirSync(join(base, "bin"));
  symlinkSync(await ownProgram(), join(base, "bin/sealkit"));
  env = {
    HOME: base,
    PATH: `${join(base, "bin")}:${process.env["PATH"] ?? ""}`,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "a",
    GIT_AUTHOR_EMAIL: "a@example.com",
    GIT_COMMITTER_NAME: "a",
    GIT_COMMITTER_EMAIL: "a@example.com",
  };
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Runs a program in a folder below the base; what it says must never hold the value. */
function run(folder: string, command: string, ...args: string[]): Promise<{ code: number; said: string }> {
  return new Promise((done) => {
    execFile(command, args, { cwd: join(base, folder), env }, (error, stdout, stderr) => {
      const said = stdout + stderr;
      expect(said).not.toContain("canary");
      done({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, said });
    });
  });
}

test("the hooks in real commits and pushes", async () => {
  await run(".", "git", "init", "-q", "--bare", "-b", "main", "server.git");
  await run(".", "git", "clone", "-q", "server.git", "clone");
  expect((await run("server.git", "sealkit", "guard", "install")).said).toContain("hooks/pre-receive");
  expect((await run("clone", "sealkit", "guard", "install")).said).toContain("hooks/pre-commit");
  const write = (name: string, text: string) => writeFileSync(join(base, "clone", name), text);
  const git = (...args: string[]) => run("clone", "git", ...args);

  // Nothing to object to, in the first commit.
  write("a.yaml", "a: 1\n");
  await git("add", ".");
  expect(await git("commit", "-qm", "first")).toEqual({ code: 0, said: "" });
  expect((await git("push", "-q", "origin", "HEAD:main")).code).toBe(0);

  // Refused: what is staged, what `commit -a` and `commit FILE` bring.
  write("a.yaml", CLEAR);
  for (const args of [["-a"], ["a.yaml"]]) {
    const refused = await git("commit", "-qm", "clear", ...args);
    expect(refused.code).not.toBe(0);
    expect(refused.said).toContain("a.yaml:4: Secret db: password (clear-secret)");
  }
  // A commit of another file is not held up by what is only staged.
  write("b.yaml", "b: 1\n");
  await git("add", ".");
  expect((await git("commit", "-qm", "other", "b.yaml")).code).toBe(0);

  // Round the hook of the clone, and taken out again: the server looks at every commit.
  expect((await git("commit", "-qam", "clear", "--no-verify")).code).toBe(0);
  await git("rm", "-qf", "a.yaml");
  expect((await git("commit", "-qm", "removed")).code).toBe(0);
  const pushed = await git("push", "origin", "HEAD:main");
  expect(pushed.code).not.toBe(0);
  expect(pushed.said).toMatch(/remote: +a\.yaml:4 in [0-9a-f]{12}: Secret db: password \(clear-secret\)/);
  expect((await git("push", "origin", "HEAD:refs/heads/new", "HEAD~2:refs/heads/good")).code).not.toBe(0);

  // What the default branch allows is taken.
  await git("branch", "clear");
  await git("reset", "-q", "--hard", "origin/main");
  mkdirSync(join(base, "clone/.sealkit"));
  write(".sealkit/policy.yaml", "audit: {allow: [{rule: clear-secret, path: a.yaml, reason: made up}]}\n");
  await git("add", "-f", ".");
  await git("commit", "-qm", "policy");
  expect((await git("push", "-q", "origin", "HEAD:main")).code).toBe(0);
  expect((await git("push", "-q", "origin", "clear")).code).toBe(0);
  expect((await git("push", "-q", "origin", "--delete", "clear")).code).toBe(0);
  expect((await run("server.git", "git", "fsck", "--strict")).code).toBe(0);
}, 120_000);
