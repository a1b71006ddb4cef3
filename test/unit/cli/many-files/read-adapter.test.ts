import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTarget } from "../../../../cli/many-files/read-adapter.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sealkit-read-target-"));
  writeFileSync(join(folder, "file"), "text");
  symlinkSync("file", join(folder, "link"));
  execFileSync("mkfifo", [join(folder, "pipe")]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("readTarget(), of what was listed as a file", () => {
  test("reads what still is one", () => {
    const { bytes, seen } = readTarget("file", join(folder, "file"));
    expect([Buffer.from(bytes).toString(), seen.size]).toEqual(["text", 4]);
  });

  test.each(["link", "pipe", "."])("waits for nothing and follows nothing when it has become a %s", (name) => {
    expect(() => readTarget(name, join(folder, name))).toThrow(`Cannot read "${name}"`);
  });
});
