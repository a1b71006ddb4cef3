import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gpgKeyService, openPgpKeys, privateGpgHome, systemPgpPorts } from "../../../src/pgp/index.ts";
import {
  ageKey,
  decrypt,
  encrypt,
  type Format,
  formatOfName,
  type KeyGroup,
  type KeyService,
  keyOfText,
  loadKeyring,
} from "../../../src/sops/index.ts";
import { peer } from "../../helpers/peers.ts";
import { runCli } from "../../helpers/run-cli.ts";
import { IDENTITY_A, IDENTITY_B, KEYS_A, KEYS_B, RECIPIENT_A, RECIPIENT_B, skeleton } from "../../helpers/sops.ts";
import { original, workspace } from "./original.ts";

const folder = workspace();
const home = join(folder.path, "g");
const emptyHome = join(folder.path, "e");
const env = { GNUPGHOME: home, PATH: process.env["PATH"] ?? "", SOPS_GPG_EXEC: "" };

interface Fingerprints {
  /** A main key and its subkey for encryption. */
  readonly one: readonly [string, string];
  readonly two: readonly [string, string];
}

let keys: Fingerprints;
let secret = "";
/** One for each way to do it, all with the same keys. */
let ways: readonly (readonly [name: string, service: KeyService])[] = [];
let endPrivateHome = async () => {};

beforeAll(async () => {
  for (const path of [home, emptyHome]) mkdirSync(path, { mode: 0o700 });
  env.SOPS_GPG_EXEC = peer("gpg");
  // The first run in a home makes files, and says so.
  await run(peer("gpg"), ["--homedir", emptyHome, "--batch", "--list-keys"]);
  const make = async (name: string) => {
    await gpg("--passphrase", "", "--quick-gen-key", name, "ed25519", "sign", "never");
    const [main = ""] = await fingerprintsOf(name);
    await gpg("--passphrase", "", "--pinentry-mode", "loopback", "--quick-add-key", main, "cv25519", "encr", "never");
    const [, sub = ""] = await fingerprintsOf(name);
    return [main, sub] as const;
  };
  keys = { one: await make("One <one@example.invalid>"), two: await make("Two <two@example.invalid>") };
  secret = await gpg("--armor", "--export-secret-keys");
  const privateHome = await privateGpgHome([secret], { env, folder: folder.path });
  endPrivateHome = privateHome.end;
  ways = [
    ["gpg", gpgKeyService(systemPgpPorts({ env }))],
    ["a private home", privateHome.service],
    ["openpgp", await openPgpKeys([secret])],
  ];
});

afterAll(async () => {
  await endPrivateHome();
  for (const path of [home, emptyHome]) await run("gpgconf", ["--homedir", path, "--kill", "all"]);
  folder.end();
});

async function gpg(...args: readonly string[]): Promise<string> {
  return await run(peer("gpg"), ["--homedir", home, "--batch", "--quiet", ...args]);
}

async function run(program: string, args: readonly string[]): Promise<string> {
  return await new Promise((done, failed) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    child.stdout.on("data", (text) => (out += text));
    child.stderr.on("data", (text) => (err += text));
    child.on("error", failed);
    child.on("close", (code) => (code === 0 ? done(out) : failed(new Error(`${program} ${args.join(" ")}: ${err}`))));
  });
}

async function fingerprintsOf(name: string): Promise<string[]> {
  const listing = await gpg("--with-colons", "--list-keys", name);
  return [...listing.matchAll(/^fpr:+([0-9A-F]+):/gm)].map(([, fingerprint = ""]) => fingerprint);
}

/** PGP messages are shorter or longer by what compression makes of them. */
function layout(text: string): string {
  return skeleton(text).replace(/-----BEGIN PGP MESSAGE-----[\s\S]*?-----END PGP MESSAGE-----/g, "PGP");
}

const pgpKey = (fingerprint: string) => keyOfText("pgp", fingerprint);

async function seal(
  text: string,
  format: Format,
  keyGroups: readonly KeyGroup[],
  service: KeyService,
): Promise<string> {
  const keyring = loadKeyring([], { services: new Map([["pgp", service]]) });
  return (await encrypt(text, format, { keyGroups, keyring, now: 0, shamirThreshold: keyGroups.length > 1 ? 2 : 0 }))
    .text;
}

describe("PGP and the original", () => {
  const files = [
    ["f.yaml", "a: 1\n"],
    ["f.json", '{\n\t"a": 1\n}\n'],
    ["f.env", "A=1\n"],
    ["f.ini", "[s]\na = 1\n"],
    ["f.bin", "any\n"],
  ] as const;
  test.each(files)("%s: what either wrote, the other opens", async (name, text) => {
    const path = join(folder.path, name);
    const format = formatOfName(name);
    writeFileSync(path, text);
    const theirs = await original(["encrypt", "--pgp", keys.one[0], path], { cwd: folder.path, env });
    expect(theirs.code).toBe(0);
    for (const [, service] of ways) {
      const keyring = loadKeyring([], { services: new Map([["pgp", service]]) });
      expect((await decrypt(theirs.stdout, format, keyring)).clearText.revealText()).toBe(text);
      const ours = await seal(text, format, [[pgpKey(keys.one[0])]], service);
      expect(layout(ours)).toBe(layout(theirs.stdout));
      writeFileSync(path, ours);
      const byThem = await original(["decrypt", path], { cwd: folder.path, env });
      expect([byThem.code, byThem.stdout]).toEqual([0, text]);
    }
  });

  test("every name of a key that they take: lower case, 0x, key ID, subkey, this subkey", async () => {
    const [main, sub] = keys.one;
    const path = join(folder.path, "n.yaml");
    for (const name of [main.toLowerCase(), `0x${main}`, main.slice(-16), sub, `${sub}!`]) {
      writeFileSync(path, "a: 1\n");
      const theirs = await original(["encrypt", "--pgp", name, path], { cwd: folder.path, env });
      const ours = await runCli(["sops", "encrypt", "--pgp", name, path], { env });
      expect([ours.code, layout(ours.stdout)]).toEqual([theirs.code, layout(theirs.stdout)]);
    }
  });

  test("of age and PGP either opens a file, also on the command line", async () => {
    const path = join(folder.path, "mixed.yaml");
    writeFileSync(path, "a: 1\n");
    const theirs = await original(["encrypt", "--pgp", keys.one[0], "--age", RECIPIENT_A, path], {
      cwd: folder.path,
      env,
    });
    writeFileSync(path, theirs.stdout);
    const byPgp = await runCli(["sops", "decrypt", path], { env });
    const byAge = await runCli(["sops", "decrypt", path], {
      env: { SOPS_AGE_KEY: IDENTITY_A, SOPS_GPG_EXEC: "/nope" },
    });
    expect([byPgp.stdout, byAge.stdout]).toEqual(["a: 1\n", "a: 1\n"]);
    const rotated = await runCli(["sops", "rotate", "--rm-age", RECIPIENT_A, "--add-pgp", keys.two[0], path], { env });
    expect(rotated.code).toBe(0);
    writeFileSync(path, rotated.stdout);
    expect((await original(["decrypt", path], { cwd: folder.path, env })).stdout).toBe("a: 1\n");
  });

  test("of three groups, one of them PGP, two open a file", async () => {
    const path = join(folder.path, "groups.yaml");
    const groups = [[pgpKey(keys.one[0])], [ageKey(RECIPIENT_A)], [ageKey(RECIPIENT_B)]];
    const rule = `creation_rules:\n  - {shamir_threshold: 2, key_groups: [{pgp: [${keys.one[0]}]}, {age: [${RECIPIENT_A}]}, {age: [${RECIPIENT_B}]}]}\n`;
    writeFileSync(path, "a: 1\n");
    writeFileSync(join(folder.path, ".sops.yaml"), rule);
    const theirs = await original(["encrypt", path], { cwd: folder.path, env });
    for (const [, service] of ways) {
      const services = new Map([["pgp", service]] as const);
      expect(layout(await seal("a: 1\n", "yaml", groups, service))).toBe(layout(theirs.stdout));
      const holders = [
        { keyring: loadKeyring(KEYS_A, { services }), opens: true },
        { keyring: loadKeyring(KEYS_B, { services }), opens: true },
        { keyring: loadKeyring([...KEYS_A, ...KEYS_B]), opens: true },
        { keyring: loadKeyring([], { services }), opens: false },
        { keyring: loadKeyring(KEYS_A), opens: false },
      ];
      for (const { keyring, opens } of holders) {
        const opened = decrypt(theirs.stdout, "yaml", keyring).then(
          () => true,
          () => false,
        );
        expect(await opened).toBe(opens);
      }
    }
    writeFileSync(path, await seal("a: 1\n", "yaml", groups, ways[2]?.[1] ?? gpgKeyService(systemPgpPorts({ env }))));
    const held = { ...env, SOPS_AGE_KEY: IDENTITY_B };
    expect((await original(["decrypt", path], { cwd: folder.path, env: held })).stdout).toBe("a: 1\n");
    expect((await original(["decrypt", path], { cwd: folder.path, env })).code).toBe(128);
  });
});

describe("what both say", () => {
  /** Our text begins with theirs; behind it is ours. */
  async function expectSameReport(args: readonly string[], text: string, more: Readonly<Record<string, string>>) {
    const path = join(folder.path, "r.yaml");
    writeFileSync(path, text);
    const here = { ...env, HOME: join(folder.path, "h"), ...more };
    const theirs = await original([...args, path], { cwd: folder.path, env: here });
    const ours = await runCli(["sops", ...args, path], { env: here, cwd: folder.path });
    expect(ours.code).toBe(theirs.code);
    expect(ours.stderr.slice(0, theirs.stderr.length)).toBe(theirs.stderr);
  }

  const both = () =>
    seal(
      "a: 1\n",
      "yaml",
      [[pgpKey(keys.one[0]), ageKey(RECIPIENT_A), ageKey(RECIPIENT_B)]],
      ways[0]?.[1] as KeyService,
    );

  const places: readonly { name: string; env: Readonly<Record<string, string>> }[] = [
    { name: "no private key, no identity", env: {} },
    { name: "no gpg", env: { SOPS_GPG_EXEC: "/nope" } },
    { name: "a text that is no identity", env: { SOPS_AGE_KEY: "bad" } },
    { name: "files that are not there", env: { SOPS_AGE_KEY_FILE: "no", SOPS_AGE_SSH_PRIVATE_KEY_FILE: "no" } },
    { name: "commands that fail", env: { SOPS_AGE_KEY_CMD: "false", SOPS_AGE_SSH_PRIVATE_KEY_CMD: "false" } },
    { name: "a command that gives no SSH key", env: { SOPS_AGE_SSH_PRIVATE_KEY_CMD: "echo x" } },
    { name: "a file without keys", env: { SOPS_AGE_KEY_FILE: "/dev/null" } },
    { name: "another order", env: { SOPS_DECRYPTION_ORDER: "pgp,age" } },
  ];
  test.each(places)("$name", async (place) => {
    await expectSameReport(["decrypt"], await both(), { GNUPGHOME: emptyHome, ...place.env });
  });

  test("an order of the file", async () => {
    await expectSameReport(["decrypt", "--decryption-order", "hc_vault,nonsense,pgp"], await both(), {
      GNUPGHOME: emptyHome,
    });
  });

  test("no local key service", async () => {
    await expectSameReport(["decrypt", "--enable-local-keyservice=false"], await both(), {});
  });

  test.each(["0".repeat(40), "94866D97", "one@example.invalid"])("no key %s to encrypt to", async (name) => {
    await expectSameReport(["encrypt", "--pgp", name], "a: 1\n", {});
  });
});
