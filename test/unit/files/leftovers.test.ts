import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { expect, onTestFinished, test } from "vitest";
import { replaceFile } from "../../../cli/files-adapter.ts";
import { besideName, type FileSystem, removeLeftovers, type Worker } from "../../../src/files/index.ts";
import { nodeFiles } from "../../../src/files/node-files-adapter.ts";
import { thisWorker } from "../../../src/files/worker-adapter.ts";

const OWNER = process.geteuid?.();

/** The name that a process that is gone had as a worker. */
function goneWorker(): string {
  const { pid } = spawnSync("true");
  return thisWorker().name.replace(/-\d+-\d+-[0-9a-f]+$/, `-${pid}-1-0123abcd`);
}

function inFolder() {
  const cwd = mkdtempSync(join(tmpdir(), "sealkit-leftovers-"));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  return { cwd, io: { cwd } as Parameters<typeof replaceFile>[0] };
}

const GONE = goneWorker();
const LONG = "n".repeat(250);

test.each([
  { what: "of a worker that is gone", name: "keys.age", beside: `.keys.age.${GONE}` },
  {
    what: "of the machine before its last start",
    name: "k",
    beside: besideName("k", GONE.replace(/\.\w+-/, ".0123-")),
  },
  { what: "of a file with a long name", name: LONG, beside: `.sealkit-${GONE}` },
])("removes what was left $what", async ({ name, beside }) => {
  const { cwd, io } = inFolder();
  writeFileSync(join(cwd, beside), "secret", { mode: 0o600 });
  await replaceFile(io, name, "new", { mode: 0o600, clearsLeftovers: true });
  expect(readdirSync(cwd)).toEqual([name]);
});

test.each([
  { what: "of a worker that runs", beside: `.keys.age.${thisWorker().name}` },
  { what: "of a worker on another machine", beside: `.keys.age.other${GONE}` },
  { what: "of another file", beside: `.other.age.${GONE}` },
  { what: "of a file whose name goes on", beside: `.keys.age.x.${GONE}` },
  { what: "of a file with a long name, beside one with a short name", beside: `.sealkit-${GONE}` },
  { what: "with a mark that no worker has", beside: ".keys.age.0123456789ab" },
  { what: "with more behind the mark", beside: `.keys.age.${GONE}x` },
  { what: "without a point in front", beside: `keys.age.${GONE}` },
])("leaves alone what is $what", async ({ beside }) => {
  const { cwd, io } = inFolder();
  writeFileSync(join(cwd, beside), "somebody's");
  await replaceFile(io, "keys.age", "new", { clearsLeftovers: true });
  expect(readdirSync(cwd).sort()).toEqual([beside, "keys.age"].sort());
});

test("leaves alone what is no regular file, and writes all the same", async () => {
  const { cwd, io } = inFolder();
  const beside = (end: string) => `.keys.age.${GONE.slice(0, -1)}${end}`;
  mkdirSync(join(cwd, beside("0")));
  symlinkSync("nowhere", join(cwd, beside("1")));
  await replaceFile(io, "keys.age", "new", { clearsLeftovers: true });
  expect(readdirSync(cwd).sort()).toEqual([beside("0"), beside("1"), "keys.age"].sort());
});

test("leaves alone what belongs to somebody else, and what it was not told to clear", async () => {
  const { cwd, io } = inFolder();
  const beside = `.keys.age.${GONE}`;
  writeFileSync(join(cwd, beside), "somebody's");
  const of = { folder: cwd, name: "keys.age" };
  await removeLeftovers(nodeFiles, { ...of, owner: (OWNER ?? 0) + 1 }, thisWorker());
  await replaceFile(io, "keys.age", "new");
  expect(readdirSync(cwd).sort()).toEqual([beside, "keys.age"].sort());
  await removeLeftovers(nodeFiles, { ...of, owner: undefined }, thisWorker());
  expect(readdirSync(cwd)).toEqual(["keys.age"]);
});

test("a folder that cannot be listed, and a file that cannot be removed, stop nobody", async () => {
  const refuse = () => Promise.reject(Object.assign(new Error("no"), { code: "EACCES" }));
  const worker: Worker = { name: "me", isRunning: () => false, pause: async () => undefined };
  const of = { folder: "/f", name: "a", owner: undefined };
  const files = (list: FileSystem["list"]) => ({ ...nodeFiles, list, find: refuse, remove: refuse });
  await removeLeftovers(files(refuse), of, worker);
  await removeLeftovers(
    files(async () => [".a.m"]),
    of,
    worker,
  );
});
