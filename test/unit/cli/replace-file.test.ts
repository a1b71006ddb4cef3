import {
  chmodSync,
  lchownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { fileOutput } from "../../../cli/age/output-adapter.ts";
import { replaceFile } from "../../../cli/files-adapter.ts";
import { writeOver } from "../../../cli/write-over-adapter.ts";

test("a program that ends while a disk is slow leaves the file as it was, and nothing beside it", {
  retry: 10,
}, async () => {
  // Tried again where the disk is so quick that the file is in its place before anybody can look.
  const cwd = mkdtempSync(join(tmpdir(), "sealkit-replace-file-"));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  writeFileSync(join(cwd, "f"), "before");
  const io = { cwd } as Parameters<typeof replaceFile>[0];
  let isOver = false;
  const replaced = replaceFile(io, "f", "clear text")
    .catch((error: unknown) => error)
    .finally(() => {
      isOver = true;
    });
  const beside = () => readdirSync(cwd).filter((name) => name !== "f");
  // It stands there for as long as the disk takes to flush it, and that is at least one turn.
  while (!isOver && beside().length === 0) await turn();
  expect(beside()).toHaveLength(1);
  // Another test of this process may have brought it here already.
  for (const listener of process.listeners("exit")) if (listener.name === "removeUnfinished") listener(0);
  expect(beside()).toEqual([]);
  expect(await replaced).toMatchObject({ code: "CLI_FILE_MISSING" });
  expect(readFileSync(join(cwd, "f"), "utf8")).toBe("before");
});

test("a file whose name has no room for more is replaced too", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "sealkit-replace-file-"));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  const io = { cwd } as Parameters<typeof replaceFile>[0];
  for (const name of ["n".repeat(255), "é".repeat(127)]) {
    await replaceFile(io, name, "before");
    await replaceFile(io, name, "after");
    expect(readFileSync(join(cwd, name), "utf8")).toBe("after");
  }
  expect(readdirSync(cwd)).toHaveLength(2);
});

describe("where no file can take the place of another", () => {
  const inFolder = () => {
    const cwd = mkdtempSync(join(tmpdir(), "sealkit-replace-file-"));
    onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
    return { cwd, path: join(cwd, "f") };
  };

  test.each([
    ["before", "longer than before"],
    ["longer than after", "after"],
    ["x", ""],
  ])("%j becomes %j in the same file", async (before, after) => {
    const { path } = inFolder();
    writeFileSync(path, before, { mode: 0o640 });
    const { ino } = statSync(path);
    await writeOver(path, Buffer.from(after));
    expect([readFileSync(path, "utf8"), statSync(path).ino, statSync(path).mode & 0o777]).toEqual([after, ino, 0o640]);
  });

  test("what is secret is for its owner alone before it is there, and after", async () => {
    const { path } = inFolder();
    writeFileSync(path, "for all", { mode: 0o644 });
    await writeOver(path, Buffer.from("secret"), { mode: 0o600 });
    expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["secret", 0o600]);
  });

  test("a link that has taken the place of the file is not followed", async () => {
    const { cwd, path } = inFolder();
    writeFileSync(join(cwd, "other"), "kept");
    symlinkSync("other", path);
    await expect(writeOver(path, Buffer.from("new"))).rejects.toMatchObject({ code: "ELOOP" });
    expect(readFileSync(join(cwd, "other"), "utf8")).toBe("kept");
  });

  // Only root can lay a link for somebody else.
  test.runIf(process.geteuid?.() === 0).each(["nothing", "a file"])(
    "a link to %s that somebody else laid where everybody may is not followed",
    async (what) => {
      const { cwd, path } = inFolder();
      chmodSync(cwd, 0o1777);
      if (what === "a file") writeFileSync(join(cwd, "target"), "kept");
      symlinkSync("target", path);
      lchownSync(path, 65534, 65534);
      const io = { cwd } as Parameters<typeof fileOutput>[0];
      await expect(replaceFile(io, "f", "new")).rejects.toMatchObject({ code: "CLI_FILE_DENIED" });
      await expect(fileOutput(io, "f").write(Buffer.from("new"))).rejects.toThrow("permission denied");
      expect(readdirSync(cwd)).toEqual(what === "a file" ? ["f", "target"] : ["f"]);
      // One's own is.
      lchownSync(path, 0, 0);
      await replaceFile(io, "f", "new");
      expect(readFileSync(join(cwd, "target"), "utf8")).toBe("new");
    },
  );

  test("a link to nothing becomes a link to the new file", async () => {
    const { cwd, path } = inFolder();
    symlinkSync("g", path);
    symlinkSync("f", join(cwd, "link"));
    await replaceFile({ cwd } as Parameters<typeof replaceFile>[0], "link", "new");
    expect([readlinkSync(path), readFileSync(join(cwd, "g"), "utf8"), readFileSync(path, "utf8")]).toEqual([
      "g",
      "new",
      "new",
    ]);
  });
});

test.runIf(process.geteuid?.() !== 0)("age writes over a file whose folder takes no other", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "sealkit-replace-"));
  onTestFinished(() => {
    chmodSync(cwd, 0o700);
    rmSync(cwd, { recursive: true, force: true });
  });
  writeFileSync(join(cwd, "f"), "something longer");
  chmodSync(cwd, 0o500);
  const io = { cwd } as Parameters<typeof fileOutput>[0];
  const output = fileOutput(io, "f");
  await output.write(Buffer.from("new"));
  await output.finish();
  expect(readFileSync(join(cwd, "f"), "utf8")).toBe("new");
});
