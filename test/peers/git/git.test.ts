import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownProgram } from "../../helpers/own-program.ts";
import { IDENTITY_A, RECIPIENT_A } from "../../helpers/sops.ts";
import { original } from "../sops/original.ts";

/** Clear text that may be seen nowhere. */
const CANARY = "canary-7f3a";
const PASSWORD = `${CANARY}-password`;

let base = "";
let program = "";
let env: Record<string, string> = {};
beforeAll(async () => {
  program = await ownProgram();
  base = mkdtempSync(join(tmpdir(), "sealkit git "));
  writeFileSync(join(base, "keys.txt"), IDENTITY_A);
  env = {
    HOME: base,
    PATH: process.env["PATH"] ?? "",
    SOPS_AGE_KEY_FILE: join(base, "keys.txt"),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "a",
    GIT_AUTHOR_EMAIL: "a@example.com",
    GIT_COMMITTER_NAME: "a",
    GIT_COMMITTER_EMAIL: "a@example.com",
    GIT_EDITOR: "true",
    GIT_PAGER: "cat",
  };
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A repository with one encrypted file in a folder whose name has a blank, set up for sealkit. */
class Repository {
  readonly path: string;
  readonly file = "a b/db.enc.yaml";

  constructor(name: string) {
    this.path = join(base, name);
    mkdirSync(this.path);
  }

  run(command: string, args: readonly string[]): Promise<Ended> {
    return new Promise((done) => {
      execFile(command, [...args], { cwd: this.path, env }, (error, stdout, stderr) => {
        const code = typeof error?.code === "number" ? error.code : error === null ? 0 : -1;
        done({ code, stdout, stderr });
      });
    });
  }

  async git(...args: string[]): Promise<Ended> {
    const ended = await this.run("git", args);
    expect(ended.stdout + ended.stderr, args.join(" ")).not.toContain(CANARY);
    return ended;
  }

  async good(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.git(...args);
    expect([code, code === 0 ? "" : stderr], args.join(" ")).toEqual([0, ""]);
    return stdout;
  }

  sealkit(...args: string[]): Promise<Ended> {
    return this.run(program, args);
  }

  async set(path: string, json: string, message: string): Promise<void> {
    expect(await this.sealkit("sops", "set", this.file, path, json)).toMatchObject({ code: 0 });
    await this.good("commit", "-qam", message);
  }

  read(): string {
    return readFileSync(join(this.path, this.file), "utf8");
  }

  async clear(): Promise<string> {
    // The judge is the original: it opens what we merged.
    const { code, stdout, stderr } = await original(["decrypt", join(this.path, this.file)], { cwd: this.path, env });
    expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
    return stdout;
  }

  async start(): Promise<this> {
    await this.good("init", "-q", "-b", "main");
    writeFileSync(
      join(this.path, ".sops.yaml"),
      `creation_rules:\n  - path_regex: \\.enc\\.yaml$\n    age: ${RECIPIENT_A}\n`,
    );
    mkdirSync(join(this.path, "a b"));
    writeFileSync(
      join(this.path, this.file),
      `# note ${CANARY}\ndb:\n    user: ${CANARY}\n    password: ${PASSWORD}\n    port: 1\n`,
    );
    expect(await this.sealkit("sops", "encrypt", "-i", this.file)).toMatchObject({ code: 0 });
    const installed = await this.sealkit("git", "install", "--program", program);
    expect([installed.code, installed.stderr]).toEqual([0, ""]);
    await this.good("add", "-A");
    await this.good("commit", "-qm", "first");
    return this;
  }

  /** Every file below the folder that is not the identity, and the content of every object of git. */
  everything(): string {
    const found: string[] = [];
    for (const entry of readdirSync(this.path, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      found.push(bytes.toString("latin1"));
      if (/objects[/\\][0-9a-f]{2}$/.test(entry.parentPath)) found.push(inflateSync(bytes).toString("latin1"));
    }
    return found.join("\n");
  }
}

describe.concurrent("git with sealkit", () => {
  test("diff and log -p show what changed, and never a value", async () => {
    const repository = await new Repository("diff").start();
    await repository.set('["db"]["password"]', `"${CANARY}-new"`, "second");
    const log = await repository.good("log", "-p", "--format=%s");
    expect(log).toMatch(/^-\s+password: <str [0-9a-f]{16}>\n\+\s+password: <str [0-9a-f]{16}>$/m);
    expect(log).not.toContain("ENC[");
    expect(await repository.good("diff", "HEAD~1")).toMatch(/password/);
    const { code, stdout } = await repository.sealkit("sops", "diff", `HEAD~1:${repository.file}`, repository.file);
    expect([code, stdout]).toEqual([1, expect.stringContaining("~ db.password: changed (str)")]);
    expect(stdout).not.toContain(CANARY);
    expect(repository.everything()).not.toContain(CANARY);
  });

  test("a merge of different values is done, and the original opens it", async () => {
    const repository = await new Repository("merge").start();
    await repository.good("switch", "-qc", "side");
    await repository.set('["db"]["port"]', "2", "port");
    await repository.good("switch", "-q", "main");
    await repository.set('["db"]["user"]', '"bob"', "user");
    await repository.good("merge", "-q", "side", "-m", "merged");
    expect(await repository.clear()).toBe(
      `# note ${CANARY}\ndb:\n    user: bob\n    password: ${PASSWORD}\n    port: 2\n`,
    );
    await repository.good("switch", "-qc", "other", "main~1");
    await repository.set('["db"]["new"]', '"x"', "new");
    await repository.good("rebase", "-q", "main");
    expect(await repository.clear()).toContain("new: x");
    expect(repository.everything()).not.toContain(CANARY);
  });

  test.each(["merge", "rebase", "cherry-pick"])(
    "a conflict of %s stays encrypted until it is settled",
    async (command) => {
      const repository = await new Repository(`conflict ${command}`).start();
      await repository.good("switch", "-qc", "side");
      await repository.set('["db"]["password"]', `"${CANARY}-side"`, "side");
      await repository.good("switch", "-q", "main");
      await repository.set('["db"]["password"]', `"${CANARY}-main"`, "main");
      await repository.set('["db"]["port"]', "2", "port");
      const { code, stderr } = await repository.git(command, "side");
      expect(code).toBe(1);
      expect(stderr).toContain("  db.password");
      expect(repository.read()).toMatch(/^<{7} ours$[\s\S]*^>{7} theirs$/m);
      expect((await repository.git("diff")).code).toBe(0);
      expect(repository.everything()).not.toContain(CANARY);
      const stages = [":2", ":3"].map((stage) => `${stage}:${repository.file}`);
      const difference = await repository.sealkit("sops", "diff", ...stages);
      expect(difference).toMatchObject({ code: 1, stdout: expect.stringContaining("~ db.password: changed (str)") });
      const settled = await repository.sealkit(
        "sops",
        "merge",
        "--resolve",
        "theirs",
        repository.file,
        '["db"]["password"]',
      );
      expect([settled.code, settled.stderr]).toEqual([0, expect.stringContaining("git add 'a b/db.enc.yaml'")]);
      await repository.good("add", "-A");
      if (command === "merge") await repository.good("commit", "-qm", "settled");
      else await repository.good(command, "--continue");
      const theirs = command === "rebase" ? "main" : "side";
      expect(await repository.clear()).toContain(`password: ${CANARY}-${theirs}`);
      expect(repository.everything()).not.toContain(CANARY);
    },
  );

  test("a version whose MAC does not fit is refused: a conflict, and our file as it was", async () => {
    const repository = await new Repository("forged").start();
    await repository.good("switch", "-qc", "side");
    const lines = repository.read().split("\n");
    const forged = lines.filter((line) => !/^ {4}port:/.test(line)).join("\n");
    writeFileSync(join(repository.path, repository.file), forged);
    await repository.good("commit", "-qam", "a value taken out without sops");
    await repository.good("switch", "-q", "main");
    await repository.set('["db"]["user"]', '"bob"', "user");
    const before = repository.read();
    const { code, stderr } = await repository.git("merge", "side");
    expect(code).not.toBe(0);
    expect(stderr).toContain("(theirs)");
    expect(repository.read()).toBe(before);
    expect(await repository.good("ls-files", "-u")).toContain("db.enc.yaml");
  });

  test("files in clear that a pattern takes in are merged as text", async () => {
    const repository = await new Repository("clear").start();
    const write = (text: string) => writeFileSync(join(repository.path, "plain.enc.yaml"), text);
    write("a: 1\n\n\nb: 1\n");
    await repository.good("add", "-A");
    await repository.good("commit", "-qm", "plain");
    await repository.good("switch", "-qc", "side");
    write("a: 2\n\n\nb: 1\n");
    await repository.good("commit", "-qam", "a");
    await repository.good("switch", "-q", "main");
    write("a: 1\n\n\nb: 2\n");
    await repository.good("commit", "-qam", "b");
    await repository.good("merge", "-q", "side", "-m", "merged");
    expect(readFileSync(join(repository.path, "plain.enc.yaml"), "utf8")).toBe("a: 2\n\n\nb: 2\n");
    expect(await repository.good("log", "-1", "-p", "-m")).toMatch(
      /^\+# not encrypted with SOPS: .*\n a: <int, not shown>$/m,
    );
  });
});
