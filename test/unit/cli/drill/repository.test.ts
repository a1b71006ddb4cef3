import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { askedKeyServices } from "../../../../cli/drill/key-services.ts";
import { isSameRepository, openSource } from "../../../../cli/drill/repository.ts";
import type { Io } from "../../../../cli/io.ts";
import { openLocalRepository } from "../../../../src/git/index.ts";

describe("isSameRepository()", () => {
  const ssh = "ssh://git@git.example.com/org/fleet";
  test.each([
    { one: ssh, other: "https://git.example.com/org/fleet.git", want: true },
    { one: ssh, other: "git@git.example.com:org/fleet.git", want: true },
    { one: ssh, other: "https://user:password@GIT.example.com:8443/org/fleet/", want: true },
    { one: ssh, other: "https://git.example.com/org/fleet2", want: false },
    { one: ssh, other: "https://example.com/org/fleet", want: false },
    { one: ssh, other: "https://git.example.com/ORG/fleet", want: false },
    { one: "/srv/fleet", other: "/srv/fleet", want: false },
    { one: "", other: "", want: false },
  ])("$one and $other: $want", ({ one, other, want }) => {
    expect(isSameRepository(one, other)).toBe(want);
  });
});

test("openLocalRepository() tells what is checked out and where it came from, without users and passwords", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sealkit-head-"));
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.com", ...args]).toString();
  try {
    git("init", "-q");
    const env = { PATH: process.env["PATH"], HOME: folder, GIT_CONFIG_NOSYSTEM: "1" };
    const empty = await openLocalRepository(folder, { env });
    expect([await empty?.head(), await empty?.remotes()]).toEqual([undefined, []]);
    writeFileSync(join(folder, "a"), "");
    git("add", "a");
    git("commit", "-qm", "x");
    git("remote", "add", "origin", "https://user:canary-51c0ffee@example.com/a.git");
    git("remote", "add", "other", "git@example.com:b.git");
    expect(await empty?.head()).toBe(git("rev-parse", "HEAD").trim());
    expect(await empty?.remotes()).toEqual(["https://example.com/a.git", "git@example.com:b.git"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("openSource(): links inside are followed, what leads out and submodules are listed, ignored files are left out", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sealkit-source-"));
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.com", ...args]).toString();
  const io = { env: { PATH: process.env["PATH"], HOME: folder }, cwd: folder, signal: new AbortController().signal };
  try {
    git("init", "-q");
    mkdirSync(join(folder, "apps"));
    writeFileSync(join(folder, "apps/a.yaml"), "a: 1\n");
    writeFileSync(join(folder, ".sourceignore"), "*.md\n");
    writeFileSync(join(folder, "README.md"), "x\n");
    symlinkSync("apps/a.yaml", join(folder, "inside.yaml"));
    symlinkSync("/etc/passwd", join(folder, "outside.yaml"));
    git("add", "--all");
    git("update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},module`);
    git("commit", "-qm", "x");
    writeFileSync(join(folder, "apps/later.yaml"), "b: 1\n");
    const source = await openSource("apps", io as never);
    expect([source.below, source.commit]).toEqual(["apps", git("rev-parse", "HEAD").trim()]);
    const { tree, leftOut } = await source.tree(undefined);
    expect(tree.paths()).toEqual([".sourceignore", "apps/a.yaml", "inside.yaml"]);
    expect(leftOut).toEqual([
      { path: "outside.yaml", why: "symbolic link: leads out of the tree" },
      { path: "module", why: "submodule" },
    ]);
    await expect(openSource("none", io as never)).rejects.toMatchObject({ code: "REPOSITORY_UNREADABLE" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("openSource() outside of Git: the files as they are, less what an artifact of them would not hold", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sealkit-source-"));
  const io = { env: { PATH: process.env["PATH"], HOME: folder }, cwd: folder, signal: new AbortController().signal };
  const paths = async (ignore: string | undefined) => {
    const { tree, leftOut } = await (await openSource(".", io as never)).tree(ignore);
    return [tree.paths(), leftOut.map(({ path }) => path)];
  };
  try {
    mkdirSync(join(folder, "apps"));
    for (const path of [".sops.yaml", "apps/.sops.yaml", "apps/a.yaml", "apps/b.yaml", "logo.png"]) {
      writeFileSync(join(folder, path), "a: 1\n");
    }
    symlinkSync("a.yaml", join(folder, "apps/link.yaml"));
    expect(await paths(undefined)).toEqual([["apps/a.yaml", "apps/b.yaml"], ["apps/link.yaml"]]);
    expect(await paths("b.yaml")).toEqual([
      [".sops.yaml", "apps/.sops.yaml", "apps/a.yaml", "logo.png"],
      ["apps/link.yaml"],
    ]);
    writeFileSync(join(folder, "apps/.sourceignore"), "/link.yaml\n/a.yaml\n.sops.yaml\n");
    expect(await paths(undefined)).toEqual([[".sops.yaml", "apps/.sourceignore", "apps/b.yaml", "logo.png"], []]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("askedKeyServices() are those of clouds and Vault: no PGP keyring of this machine, and no age identity", () => {
  const io = { env: {}, signal: new AbortController().signal } as Io;
  expect([...askedKeyServices(io).keys()].sort()).toEqual(["azure_kv", "gcp_kms", "hc_vault", "hckms", "kms"]);
});

test.each([
  { name: "nothing set", env: {}, code: "KEY_SERVICE_NOT_ALLOWED" },
  { name: "a server of one's own", env: { VAULT_ADDR: "https://vault.example" }, code: "KEY_SERVICE_NOT_ALLOWED" },
  { name: "that server as one's own", env: { VAULT_ADDR: "http://127.0.0.1:2" }, code: "KEY_SERVICE_UNREACHABLE" },
  { name: "a list of all", env: { SOPS_HC_VAULT_ALLOWLIST: "all" }, code: "KEY_SERVICE_UNREACHABLE" },
])("with $name a file of somebody's repository has Vault's token go where it may", async ({ env, code }) => {
  const outer: Io["env"] = { VAULT_TOKEN: "canary", VAULT_MAX_RETRIES: "0", ...env };
  const io = { env: outer, signal: new AbortController().signal } as Io;
  const place = { vault_address: "http://127.0.0.1:2", engine_path: "transit", key_name: "k", enc: "vault:v1:x" };
  const asked = askedKeyServices(io).get("hc_vault");
  await expect(asked?.decrypt({ type: "hc_vault", fields: new Map(Object.entries(place)) })).rejects.toMatchObject({
    code,
  });
});
