import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readUserCache, userCacheFile, writeUserCache } from "../../../cli/code-cache-adapter.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "sealkit-cache-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const origin = (build: string, command = "keys") => ({ build, flavour: "v20", command });

describe("userCacheFile()", () => {
  test("what is no command gets no file of its own", () => {
    const path = userCacheFile({ HOME: home }, origin("id", "../../evil"));
    expect(path).toBe(join(home, ".cache/sealkit/code-id-v20-other"));
  });

  test("makes a folder that only this user may enter", () => {
    expect(userCacheFile({ HOME: home }, origin("id"))).toBe(join(home, ".cache/sealkit/code-id-v20-keys"));
    expect(statSync(join(home, ".cache/sealkit")).mode & 0o777).toBe(0o700);
  });

  test("prefers XDG_CACHE_HOME", () => {
    expect(userCacheFile({ HOME: "/nonexistent", XDG_CACHE_HOME: home }, origin("id"))).toBe(
      join(home, "sealkit/code-id-v20-keys"),
    );
  });

  test.each([
    { name: "no home", env: {} },
    { name: "a relative folder", env: { XDG_CACHE_HOME: "cache" } },
    { name: "the user's wish", env: { HOME: "/tmp", SEALKIT_NO_CODE_CACHE: "1" } },
    { name: "a home that cannot be written", env: { HOME: "/proc/nowhere" } },
  ])("gives none for $name", ({ env }) => {
    expect(userCacheFile(env, origin("id"))).toBeUndefined();
  });

  test.each([
    {
      name: "a folder that others may enter",
      prepare: (path: string) => {
        mkdirSync(path);
        chmodSync(path, 0o755);
      },
    },
    {
      name: "a link to a folder",
      prepare: (path: string) => {
        mkdirSync(`${path}-real`, { mode: 0o700 });
        symlinkSync(`${path}-real`, path);
      },
    },
    { name: "a file", prepare: (path: string) => writeFileSync(path, "") },
  ])("gives none for $name", ({ prepare }) => {
    prepare(join(home, "sealkit"));
    expect(userCacheFile({ XDG_CACHE_HOME: home }, origin("id"))).toBeUndefined();
  });
});

describe("readUserCache() and writeUserCache()", () => {
  test("what was written is read, mode 0600, and older versions go", () => {
    const old = userCacheFile({ HOME: home }, origin("old")) ?? "";
    writeUserCache(old, "old", Buffer.from("old"));
    const path = userCacheFile({ HOME: home }, origin("new")) ?? "";
    writeUserCache(path, "new", Buffer.from("code"));
    expect(readUserCache(path)?.toString()).toBe("code");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(home, ".cache/sealkit"))).toEqual(["code-new-v20-keys"]);
  });

  test("a file that others may write, a link, and nothing are not read", () => {
    const path = userCacheFile({ HOME: home }, origin("id")) ?? "";
    expect(readUserCache(path)).toBeUndefined();
    writeFileSync(path, "code");
    chmodSync(path, 0o666);
    expect(readUserCache(path)).toBeUndefined();
    writeFileSync(join(home, "elsewhere"), "code", { mode: 0o600 });
    rmSync(path);
    symlinkSync(join(home, "elsewhere"), path);
    expect(readUserCache(path)).toBeUndefined();
  });

  test("a folder that went away is no harm", () => {
    writeUserCache(join(home, "none", "code-x"), "x", Buffer.from("code"));
    expect(existsSync(join(home, "none"))).toBe(false);
  });
});
