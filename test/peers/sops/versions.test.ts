import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encrypt } from "../../../src/sops/index.ts";
import { peer } from "../../helpers/peers.ts";
import { runCli } from "../../helpers/run-cli.ts";
import { IDENTITY_A, RECIPIENT_A } from "../../helpers/sops.ts";
import { original, workspace } from "./original.ts";

const folder = workspace();
const home = join(folder.path, "gnupg");
let fingerprint = "";

beforeAll(() => {
  mkdirSync(home, { mode: 0o700 });
  gpg("--passphrase", "", "--quick-gen-key", "old <old@example.com>", "rsa2048", "default", "never");
  fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(gpg("--list-keys", "--with-colons"))?.[1] ?? "";
  gpg("--passphrase", "", "--quick-add-key", fingerprint, "rsa2048", "encr", "never");
});

afterAll(() => {
  spawnSync("gpgconf", ["--homedir", home, "--kill", "gpg-agent"]);
  folder.end();
});

function gpg(...args: readonly string[]): string {
  const done = spawnSync(peer("gpg"), ["--homedir", home, "--batch", "--quiet", ...args], { encoding: "utf8" });
  if (done.status !== 0) throw new Error(done.stderr);
  return done.stdout;
}

/** Version 1 asks for functions that its YAML package no longer has. */
const SHIM = `
import io, sys
import ruamel.yaml as package
yaml = package.YAML(typ="rt")
yaml.indent = 4
package.load = lambda stream, loader=None: yaml.load(stream)
def dump(tree, stream=None, Dumper=None, **rest):
    out = io.StringIO()
    yaml.dump(tree, out)
    return out.getvalue()
package.dump = dump
import sops
sys.exit(sops.main())
`;

function oldSops(...args: readonly string[]): string {
  const done = spawnSync(join(dirname(peer("sops-1")), "python"), ["-c", SHIM, ...args], {
    cwd: folder.path,
    encoding: "utf8",
    env: { HOME: folder.path, GNUPGHOME: home, PATH: process.env["PATH"] ?? "" },
  });
  if (done.status !== 0) throw new Error(done.stderr);
  return done.stdout;
}

describe("files that version 1 writes today", () => {
  test.each([
    ["f.json", '{"b": 1, "a": {"x": "päss", "t": true, "f": 2.5, "n": null}, "l": [1, "two"], "c_unencrypted": 3}'],
    ["f.yaml", "# note\na:\n  b: 8080\n  c: [x, 1.5, true]\n  d: null\ne: |\n  two\n  lines\nf_unencrypted: seen\n"],
  ])("%s opens here as with the original", async (name, text) => {
    const path = join(folder.path, name);
    writeFileSync(path, text);
    const made = oldSops("-e", "-p", fingerprint, path);
    writeFileSync(path, made);
    const env = { GNUPGHOME: home };
    const theirs = await original(["decrypt", path], { cwd: folder.path, env });
    const ours = await runCli(["sops", "decrypt", path], {
      cwd: folder.path,
      env: { ...env, PATH: process.env["PATH"] ?? "" },
    });
    expect([theirs.code, theirs.code === 0 ? "" : theirs.stderr]).toEqual([0, ""]);
    expect([ours.code, ours.stdout]).toEqual([theirs.code, theirs.stdout]);
  });

  test("a text opens here, where the original panics", async () => {
    const path = join(folder.path, "f.txt");
    writeFileSync(path, "any text\n");
    writeFileSync(path, oldSops("-e", "-p", fingerprint, path));
    const env = { GNUPGHOME: home, PATH: process.env["PATH"] ?? "" };
    expect((await original(["decrypt", path], { cwd: folder.path, env })).stderr).toMatch(/^panic: /);
    const ours = await runCli(["sops", "decrypt", path], { cwd: folder.path, env });
    expect([ours.code, ours.stdout]).toEqual([0, "any text\n"]);
  });
});

describe("layouts of versions 2 and 3", async () => {
  const made = (await encrypt("a: 1\nb: [x, 2.5]\n", "yaml", { recipients: [RECIPIENT_A], now: 0 })).text;
  const age = / {4}age:\n( {8}.*\n)+/.exec(made)?.[0] ?? "";
  const grouped = age
    .replace(/^/gm, "        ")
    .replace(/ +$/, "")
    .replace(/^ {12}age/, "        - age");
  const json = (await encrypt('{"a": 1}', "json", { recipients: [RECIPIENT_A], now: 0 })).text;
  const ini = (await encrypt("[s]\nk = v\n", "ini", { recipients: [RECIPIENT_A], now: 0 })).text;
  const broken = ini.replace(
    /(age__list_0__map_enc\s+= )(.*)/,
    (_, name: string, enc: string) => `${name}"""${enc.replaceAll("\\n", "\n")}"""`,
  );
  const version = (text: string) => made.replace("version: 3.13.3", `version: "${text}"`);

  test.each<[string, string, string]>([
    [
      "empty lists",
      "yaml",
      made.replace("sops:\n", "sops:\n    kms: []\n    gcp_kms: []\n    hc_vault: []\n    pgp: []\n"),
    ],
    ["null lists", "yaml", made.replace("sops:\n", "sops:\n    kms: null\n    pgp: ~\n    key_groups:\n")],
    ["metadata first", "yaml", made.replace(/^([\s\S]*?)(sops:\n[\s\S]*)$/, "$2$1")],
    ["names in other case", "yaml", made.replace("lastmodified:", "LastModified:").replace("    mac:", "    MAC:")],
    ["no selector", "yaml", made.replace("    unencrypted_suffix: _unencrypted\n", "")],
    ["one key group", "yaml", made.replace(age, `    key_groups:\n${grouped}`)],
    ["direct keys and key groups", "yaml", made.replace("sops:\n", "sops:\n    key_groups:\n        - age: []\n")],
    ["floats in JSON", "json", json.replace("type:int", "type:float")],
    ["null lists in JSON", "json", json.replace('"sops": {', '"sops": {"kms": null, "pgp": null,')],
    ["line breaks in INI", "ini", broken],
    ...["1.18", "2.0", "x", "3.13", "3.0.0", "99.0.1"].map((text): [string, string, string] => [
      `version ${text}`,
      "yaml",
      version(text),
    ]),
  ])("%s", async (name, format, text) => {
    const path = join(folder.path, `${name.replace(/[^a-z0-9]/gi, "-")}.${format}`);
    writeFileSync(path, text);
    const env = { SOPS_AGE_KEY: IDENTITY_A };
    const theirs = await original(["decrypt", path], { cwd: folder.path, env });
    const ours = await runCli(["sops", "decrypt", path], { cwd: folder.path, env });
    expect([ours.code, ours.stdout]).toEqual([theirs.code, theirs.stdout]);
  });

  test.each(["1.x", "1."])("a version %s, which nobody wrote, is taken by the original alone", async (text) => {
    const path = join(folder.path, "no-version.yaml");
    writeFileSync(path, version(text));
    const env = { SOPS_AGE_KEY: IDENTITY_A };
    expect((await original(["decrypt", path], { cwd: folder.path, env })).code).toBe(0);
    const ours = await runCli(["sops", "decrypt", path], { cwd: folder.path, env });
    expect([ours.code, ours.stderr.includes("is not of the form 1.2.3")]).toEqual([1, true]);
  });
});
