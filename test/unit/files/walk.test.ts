import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { manifestFiles } from "../../../cli/files-below/walk-adapter.ts";
import { FolderWalk, MAX_FOLDER_DEPTH, pathBelow } from "../../../src/files/walk-adapter.ts";
import { workTreeFiles } from "../../../src/repository/index.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sealkit-test-walk-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** All paths, going into every folder; what cannot be read ends in a question mark. */
async function everything(walk: FolderWalk): Promise<string[]> {
  const found: string[] = [];
  for await (const { path, entries } of walk) {
    if (entries === undefined) found.push(`${path.toString("latin1")}?`);
    for (const entry of entries ?? []) {
      const below = pathBelow(path, entry.name);
      if (entry.isDirectory()) walk.enter(below);
      else found.push(below.toString("latin1"));
    }
  }
  return found.sort();
}

test("folders are gone into, links are not, and a name need not be text", async () => {
  mkdirSync(join(root, "a/b"), { recursive: true });
  mkdirSync(Buffer.concat([Buffer.from(`${root}/n`), Buffer.of(0xff)]));
  writeFileSync(join(root, "a/b/file"), "");
  writeFileSync(Buffer.concat([Buffer.from(`${root}/n`), Buffer.of(0xff), Buffer.from("/x")]), "");
  symlinkSync("..", join(root, "a/up"));
  expect(await everything(new FolderWalk(root))).toEqual(["a/b/file", "a/up", "n\xff/x"]);
  expect(await everything(new FolderWalk(root, "a"))).toEqual(["a/b/file", "a/up"]);
  expect(await everything(new FolderWalk(root, "gone"))).toEqual(["gone?"]);
});

test.each([
  { depth: MAX_FOLDER_DEPTH, ends: undefined },
  { depth: MAX_FOLDER_DEPTH + 1, ends: /nest deeper than 64 levels|is too deep/ },
])("folders $depth deep: $ends, for sealing and for repositories", async ({ depth, ends }) => {
  const deep = join(root, ...Array<string>(depth).fill("d"));
  mkdirSync(deep, { recursive: true });
  writeFileSync(join(deep, "a.yaml"), "");
  const found = await Promise.allSettled([
    manifestFiles({ cwd: root }, ".").then(({ paths }) => paths.length),
    workTreeFiles(root, { env: { PATH: process.env["PATH"] ?? "" } }).then(({ count }) => count),
  ]);
  for (const one of found) {
    if (ends === undefined) expect(one).toEqual({ status: "fulfilled", value: 1 });
    else
      expect(one).toEqual({
        status: "rejected",
        reason: expect.objectContaining({ message: expect.stringMatching(ends) }),
      });
  }
});
