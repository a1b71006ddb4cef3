import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { withPrivateFile } from "../../../../cli/editing/private-file-adapter.ts";
import { othersWith, removeLeftovers } from "../../../../cli/editing/private-folders-adapter.ts";

function place(): string {
  const path = mkdtempSync(join(tmpdir(), "sealkit-places-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** The name of a private folder of this process. */
async function ownName(subject: string): Promise<string> {
  return await withPrivateFile({ name: "x", temporary: undefined, subject }, async ({ folder }) => basename(folder));
}

test("folders of dead processes go, all others stay", async () => {
  const own = await ownName("/f");
  const [, pid = "", started = "", ns = "", mark = ""] = /^sealkit-(\d+)-(\d+)-(\d+)-([0-9a-f]+)-/.exec(own) ?? [];
  const dead = String(spawnSync("true").pid);
  const path = place();
  const make = (name: string, mode = 0o700) => {
    mkdirSync(join(path, name), { mode });
    writeFileSync(join(path, name, "values.yaml"), "clear", { mode: 0o600 });
    return name;
  };
  const gone = [
    make(`sealkit-${dead}-${started}-${ns}-${mark}-AbCdEf`),
    make(`sealkit-${pid}-${Number(started) + 1}-${ns}-${mark}-reused`),
    make(`sealkit-${dead}-${started}-${ns}-${mark}-open11`, 0o711),
  ];
  const kept = [
    make(`sealkit-${pid}-${started}-${ns}-${mark}-living`),
    make(`sealkit-${dead}-${started}-${Number(ns) + 1}-${mark}-otherPidSpace`),
    make(`sealkit-${dead}-${started}-${ns}-${mark}-readable`, 0o755),
    make(`sealkit-${dead}-x-${ns}-${mark}-AbCdEf`),
    make("sealkit-edit-notes"),
    make("mine"),
  ];
  const link = `sealkit-${dead}-${started}-${ns}-${mark}-link`;
  symlinkSync(join(path, "mine"), join(path, link));
  writeFileSync(join(path, `sealkit-${dead}-${started}-${ns}-${mark}-file`), "");
  await removeLeftovers([path, join(path, "no-such-place")]);
  expect(gone.filter((name) => existsSync(join(path, name)))).toEqual([]);
  expect(kept.filter((name) => existsSync(join(path, name, "values.yaml")))).toEqual(kept);
  expect(readdirSync(path)).toContain(link);
});

test("who works on the same subject is known, oneself is not", async () => {
  await withPrivateFile({ name: "x", temporary: undefined, subject: "/a" }, async ({ folder }) => {
    const places = ["/dev/shm", tmpdir()];
    expect(await othersWith("/a", "", places)).toEqual([process.pid]);
    expect(await othersWith("/a", folder, places)).toEqual([]);
    expect(await othersWith("/b", "", places)).toEqual([]);
  });
});
