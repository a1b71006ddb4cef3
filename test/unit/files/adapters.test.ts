import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { beginReplacing, endUnfinished } from "../../../src/files/index.ts";
import { nodeFiles } from "../../../src/files/node-files-adapter.ts";
import { findPlace } from "../../../src/files/place-adapter.ts";
import { thisWorker } from "../../../src/files/worker-adapter.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sealkit-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (text: string) => Buffer.from(text);
const names = () => readdirSync(folder, { recursive: true }).map(String).sort();

describe("on a real file system", () => {
  test("files are replaced, modes kept, a new one has its own, and nothing else is left", async () => {
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "sub/a"), "old");
    chmodSync(join(folder, "sub/a"), 0o640);
    const place = await findPlace(folder);
    const run = await beginReplacing(nodeFiles, thisWorker(), place, {
      run: "0123456789ab",
      label: "a test",
      paths: ["sub/a", "sub/b", "sub/c"],
    });
    await run.stage("sub/a", bytes("new"));
    await run.stage("sub/b", bytes("b"), { mode: 0o600 });
    expect(statSync(join(folder, "sub/.sealkit-0123456789ab-0.new")).mode & 0o777).toBe(0o640);
    expect(statSync(join(folder, ".sealkit/replace-files.journal")).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, ".sealkit")).mode & 0o777).toBe(0o700);
    await run.commit();
    expect(readFileSync(join(folder, "sub/a"), "utf8")).toBe("new");
    expect(statSync(join(folder, "sub/a")).mode & 0o777).toBe(0o640);
    expect(statSync(join(folder, "sub/b")).mode & 0o777).toBe(0o600);
    expect(names()).toEqual(["sub", "sub/a", "sub/b"]);
  });

  test("a symbolic link is no file to replace", async () => {
    writeFileSync(join(folder, "a"), "old");
    symlinkSync("a", join(folder, "link"));
    const place = await findPlace(folder);
    const run = await beginReplacing(nodeFiles, thisWorker(), place, {
      run: "0123456789ab",
      label: "x",
      paths: ["link"],
    });
    await expect(run.stage("link", bytes("new"))).rejects.toMatchObject({ code: "FILES_CANNOT_WRITE" });
    await run.abandon();
    expect(names()).toEqual(["a", "link"]);
  });

  test("the journal is in .git of a work tree, and where a .git file points", async () => {
    mkdirSync(join(folder, ".git"));
    mkdirSync(join(folder, "sub/deep"), { recursive: true });
    expect(await findPlace(join(folder, "sub/deep/not-yet"))).toEqual({
      base: folder,
      state: join(folder, ".git/sealkit"),
      isWorkTree: true,
    });
    mkdirSync(join(folder, ".git/worktrees/two"), { recursive: true });
    writeFileSync(join(folder, "sub/.git"), "gitdir: ../.git/worktrees/two\n");
    expect(await findPlace(join(folder, "sub/deep"))).toMatchObject({
      base: join(folder, "sub"),
      state: join(folder, ".git/worktrees/two/sealkit"),
    });
  });

  test.each([
    { name: "a link", make: (path: string) => symlinkSync("/dev/zero", path), state: "ELOOP" },
    { name: "a pipe that nobody writes to", make: (path: string) => execFileSync("mkfifo", [path]), state: "EINVAL" },
    { name: "a folder", make: (path: string) => mkdirSync(path), state: "EINVAL" },
    {
      name: "a gigabyte of nothing",
      make: (path: string) => {
        writeFileSync(path, "");
        truncateSync(path, 2 ** 30);
      },
      state: "EFBIG",
    },
  ])("$name in place of the journal is told, and not waited for", async ({ make, state }) => {
    mkdirSync(join(folder, ".sealkit"));
    make(join(folder, ".sealkit/replace-files.journal"));
    const place = await findPlace(folder);
    await expect(endUnfinished(nodeFiles, thisWorker(), place, "finish")).rejects.toMatchObject({
      code: "FILES_JOURNAL_UNREADABLE",
      message: expect.stringContaining(`it cannot be read: ${state}`),
    });
  });

  test("a process that is killed while it renames leaves what the next one finishes, or undoes", async () => {
    const count = 20;
    for (const wanted of ["finish", "undo"] as const) {
      const repository = join(folder, wanted);
      mkdirSync(join(repository, ".git"), { recursive: true });
      for (let at = 0; at < count; at++) writeFileSync(join(repository, `f${at}`), "old");
      await killedInCommit(repository, count);
      const place = await findPlace(repository);
      expect(existsSync(join(place.state, "replace-files.journal"))).toBe(true);
      const texts = () =>
        new Set(Array.from({ length: count }, (_, at) => readFileSync(join(repository, `f${at}`), "utf8")));
      expect([...texts()].sort()).toEqual(["new", "old"]);
      const recovered = await endUnfinished(nodeFiles, thisWorker(), place, wanted);
      expect(recovered).toMatchObject({ label: "a killed run", files: count, leftAlone: [] });
      expect([...texts()]).toEqual([wanted === "finish" ? "new" : "old"]);
      expect(readdirSync(repository).filter((name) => name.startsWith(".sealkit"))).toEqual([]);
      expect(readdirSync(join(repository, ".git"))).toEqual([]);
    }
  });
});

/** Runs a commit in a process of its own that kills itself, without any chance to clean up, after the first renames. */
async function killedInCommit(repository: string, count: number): Promise<void> {
  const { outputFiles } = await build({
    stdin: { contents: KILLED, resolveDir: join(import.meta.dirname, "../../../src/files"), loader: "ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    write: false,
    logLevel: "error",
  });
  const script = join(folder, "killed.mjs");
  writeFileSync(script, outputFiles[0]?.contents ?? "");
  const child = spawn(process.execPath, [script, repository, String(count)], { stdio: "inherit" });
  const signal = await new Promise((done) => child.once("close", (_code, by) => done(by)));
  expect(signal).toBe("SIGKILL");
}

const KILLED = `
import { beginReplacing } from "./index.ts";
import { nodeFiles } from "./node-files-adapter.ts";
import { findPlace } from "./place-adapter.ts";
import { thisWorker } from "./worker-adapter.ts";
const [repository, count] = process.argv.slice(2);
let renames = 0;
const files = { ...nodeFiles, async rename(from, to) {
  await nodeFiles.rename(from, to);
  if (++renames === 2) process.kill(process.pid, "SIGKILL");
} };
const paths = Array.from({ length: Number(count) }, (_, at) => "f" + at);
const run = await beginReplacing(files, thisWorker(), await findPlace(repository), { run: "0123456789ab", label: "a killed run", paths });
for (const path of paths) await run.stage(path, Buffer.from("new"));
await run.commit();
`;
