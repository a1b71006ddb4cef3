import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { AgeError, armor, encryptBytes, passphraseRecipient } from "../../../src/age/index.ts";
import { encodeBech32 } from "../../../src/bytes/bech32.ts";
import { ClearText } from "../../../src/clear-text.ts";
import { decrypt, encrypt, type IdentitySource, type OriginalPlace, SopsError } from "../../../src/sops/index.ts";
import { runCli } from "../../helpers/run-cli.ts";
import { IDENTITY_A, IDENTITY_B, RECIPIENT_A, source } from "../../helpers/sops.ts";

const sshFixture = (name: string) =>
  readFileSync(new URL(`../../../fixtures/age/ssh/${name}`, import.meta.url), "utf8");
const SSH_KEY = sshFixture("ed25519");
const SSH_RECIPIENT = sshFixture("ed25519.pub").trim();
const LOCKED_SSH_KEY = sshFixture("ed25519-ctr");
const LOCKED_SSH_RECIPIENT = sshFixture("ed25519-ctr.pub").trim();
const PLUGIN_RECIPIENT = encodeBech32("age1yubikey", Uint8Array.of(1, 2, 3));
const PLUGIN_IDENTITY = encodeBech32("age-plugin-yubikey-", Uint8Array.of(4, 5)).toUpperCase();
const path = { PATH: process.env["PATH"] ?? "" };

async function seal(...recipients: readonly string[]): Promise<string> {
  return (await encrypt("a: 1\n", "yaml", { recipients, now: 0 })).text;
}

async function locked(identities: string): Promise<string> {
  return Buffer.from(await armored(await lockedBytes(Buffer.from(identities)))).toString("latin1");
}

async function lockedBytes(identities: Uint8Array): Promise<Uint8Array> {
  return await encryptBytes(identities, [passphraseRecipient("open sesame", { logN: 2 })]);
}

async function armored(file: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of armor([file])) parts.push(part);
  return Buffer.concat(parts);
}

async function errorOf(work: Promise<unknown>): Promise<SopsError> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (error instanceof SopsError) return error;
  throw new Error("no SopsError was thrown");
}

describe("identities behind a passphrase", () => {
  test("the passphrase is asked for once, and only when nothing else opens a file", async () => {
    let asked = 0;
    const lockedSource: IdentitySource = {
      where: "keys.age",
      identities: ClearText.fromText(await locked(`# mine\n${IDENTITY_A}`)),
      askPassphrase: async () => {
        asked++;
        return "open sesame";
      },
    };
    const text = await seal(RECIPIENT_A);
    await decrypt(text, "yaml", [lockedSource, source("key-a", IDENTITY_A)]);
    expect(asked).toBe(0);
    expect((await decrypt(text, "yaml", [lockedSource])).clearText.revealText()).toBe("a: 1\n");
    expect(asked).toBe(1);
  });

  test("the file may be one without armor; what is no text inside it is no identity", async () => {
    const sealed = await seal(RECIPIENT_A);
    const keys = async (identities: Uint8Array) => [
      {
        where: "keys.age",
        identities: new ClearText(await lockedBytes(identities)),
        askPassphrase: async () => "open sesame",
      },
    ];
    const opened = await decrypt(sealed, "yaml", await keys(Buffer.from(IDENTITY_A)));
    expect(opened.clearText.revealText()).toBe("a: 1\n");
    const error = await errorOf(decrypt(sealed, "yaml", await keys(Uint8Array.of(0xff, 0x41))));
    expect(error.code).toBe("SOPS_NO_DATA_KEY");
  });

  test.each(["SOPS_AGE_KEY_FILE", "SOPS_AGE_KEY_CMD"])(
    "bytes that are no text in %s are no crash",
    async (variable) => {
      const run = await runCli("sops decrypt f.yaml", {
        files: { "f.yaml": await seal(RECIPIENT_A), "k.txt": Buffer.from("AGE-SECRET-KEY-\xff\n", "latin1") },
        env: { ...path, [variable]: variable === "SOPS_AGE_KEY_FILE" ? "k.txt" : "cat k.txt" },
      });
      expect(run.code).toBe(128);
      expect(run.stderr.replace(/\s*\|\s*/g, " ")).toContain(
        `failed to parse '${variable}' age identities: unknown identity type`,
      );
      expect(run.stderr).toContain("not UTF-8 text");
    },
  );

  const rows: readonly { name: string; ask: IdentitySource["askPassphrase"]; says: string }[] = [
    {
      name: "a wrong one",
      ask: async () => "x",
      says: "Cannot use the identities of keys.age: the passphrase is not the right one",
    },
    {
      name: "nobody to ask",
      ask: async () => {
        throw new AgeError("AGE_IDENTITY_LOCKED", "Cannot ask", { original: "no terminal", details: ["no terminal"] });
      },
      says: "  no terminal",
    },
    { name: "no way to ask", ask: undefined, says: "which cannot be asked for here" },
  ];
  test.each(rows)("$name: the error says so", async ({ ask, says }) => {
    const identities = ClearText.fromText(await locked(IDENTITY_A));
    const error = await errorOf(
      decrypt(await seal(RECIPIENT_A), "yaml", [{ where: "keys.age", identities, askPassphrase: ask }]),
    );
    expect(error.details.join("\n")).toContain(says);
    expect(JSON.stringify(error)).not.toContain("SECRET");
  });
});

describe("SSH keys", () => {
  test("open what is encrypted to them, with and without passphrase", async () => {
    const text = await seal(SSH_RECIPIENT, LOCKED_SSH_RECIPIENT);
    const plain = { where: "id", identities: ClearText.fromText(SSH_KEY), isSshKey: true };
    expect((await decrypt(text, "yaml", [plain])).clearText.revealText()).toBe("a: 1\n");
    const asking = {
      ...plain,
      identities: ClearText.fromText(LOCKED_SSH_KEY),
      askPassphrase: async () => "pass word",
    };
    expect((await decrypt(text, "yaml", [asking])).clearText.revealText()).toBe("a: 1\n");
    const error = await errorOf(decrypt(text, "yaml", [{ ...asking, askPassphrase: async () => "x" }]));
    expect(error.details.join("\n")).toContain("the passphrase is not the right one");
    // Comments do not hide which key is meant.
    const shown = LOCKED_SSH_RECIPIENT.split(" ")[1]?.slice(-4);
    expect(error.details.join("\n").split(`ssh-ed25519 …${shown}`)).toHaveLength(4);
  });

  test("an identity is no SSH key", async () => {
    const error = await errorOf(
      decrypt(await seal(RECIPIENT_A), "yaml", [{ ...source("id", IDENTITY_A), isSshKey: true }]),
    );
    expect(error.details.join("\n")).toContain("no identity in id: ");
  });

  const places = [
    { name: "the variable", env: { SOPS_AGE_SSH_PRIVATE_KEY_FILE: "key" }, files: { key: SSH_KEY } },
    { name: "a command", env: { ...path, SOPS_AGE_SSH_PRIVATE_KEY_CMD: "cat key" }, files: { key: SSH_KEY } },
    { name: "the first usual file", env: { HOME: "." }, files: { ".ssh/id_ed25519": SSH_KEY } },
    { name: "the second usual file", env: { HOME: "." }, files: { ".ssh/id_rsa": SSH_KEY } },
  ];
  test.each(places)("are found by $name", async ({ env, files }) => {
    const run = await runCli("sops decrypt f.yaml", { env, files: { ...files, "f.yaml": await seal(SSH_RECIPIENT) } });
    expect([run.code, run.stdout]).toEqual([0, "a: 1\n"]);
  });

  test("their command is run once for a file of many recipients, and not when another key opens it", async () => {
    const command = { ...path, SOPS_AGE_SSH_PRIVATE_KEY_CMD: "sh -c 'echo run >>log; cat key'" };
    const files = { key: SSH_KEY, "f.yaml": await seal(RECIPIENT_A, SSH_RECIPIENT) };
    const run = await runCli("sops decrypt f.yaml", { env: command, files });
    expect([run.code, run.files["log"]?.text]).toEqual([0, "run\n"]);
    const other = await runCli("sops decrypt f.yaml", { env: { ...command, SOPS_AGE_KEY: IDENTITY_A }, files });
    expect([other.code, other.files["log"]]).toEqual([0, undefined]);
  });
});

describe("what the original does not take", () => {
  test.each(["SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE"])("a private key of SSH in %s", async (variable) => {
    const files = { "f.yaml": await seal(SSH_RECIPIENT), key: SSH_KEY };
    const env = { [variable]: variable === "SOPS_AGE_KEY" ? SSH_KEY : "key" };
    const run = await runCli("sops decrypt f.yaml", { files, env });
    expect([run.code, run.stdout]).toEqual([0, "a: 1\n"]);
  });

  test("a tagged recipient needs no program", async () => {
    const tagged = "age1tag1qwe0kafsjrar4txm6heqnhpfuggzr0gvznz7fvygxrlq90u5mq2pysxtw6h";
    const run = await runCli(["sops", "encrypt", "--age", tagged, "f.yaml"], {
      files: { "f.yaml": "a: 1\n" },
      env: {},
    });
    expect([run.code, run.stderr]).toEqual([0, ""]);
  });
});

describe("plugins", () => {
  test("of an identity that names one are run, and of a recipient", async () => {
    const env = { PATH: "/nowhere" };
    const identity = await runCli("sops decrypt f.yaml", {
      env: { ...env, SOPS_AGE_KEY: PLUGIN_IDENTITY },
      files: { "f.yaml": await seal(RECIPIENT_A) },
    });
    expect(identity.stderr).toContain('Cannot start age plugin "yubikey": age-plugin-yubikey is not in PATH');
    expect([identity.code, identity.stderr.includes(PLUGIN_IDENTITY)]).toEqual([128, false]);
    const recipient = await runCli(["sops", "encrypt", "--age", PLUGIN_RECIPIENT, "f.yaml"], {
      env,
      files: { "f.yaml": "a: 1\n" },
    });
    expect([recipient.code, recipient.stdout]).toEqual([1, ""]);
    expect(recipient.stderr).toContain("age-plugin-yubikey");
  });
});

describe("the original's report of places", () => {
  const place = (location: string, more: Partial<OriginalPlace> = {}): OriginalPlace => ({
    location,
    malformed: (reason) => `failed to parse '${location}' age identities: ${reason}`,
    ...more,
  });
  const unset = (location: string, more: Partial<OriginalPlace> = {}): IdentitySource => ({
    where: location,
    identities: undefined,
    isUnset: true,
    original: place(location, more),
  });
  const text = (location: string, identities: string): IdentitySource => ({
    ...source(location, identities),
    original: place(location),
  });
  const file = unset("keys.txt", { isDefaultFile: true });
  const unreadable: IdentitySource = {
    where: "F",
    identities: undefined,
    problem: "no such file",
    original: place("F", { unreadable: "failed to open F file: open nope: no such file or directory" }),
  };
  const LOADING = "failed to load age identities";
  const READING = "failed to create reader for decrypting sops data key with age";
  const ONE = "identity did not match any of the recipients: incorrect identity for recipient block";
  const rows: readonly { name: string; sources: readonly IdentitySource[]; report: string }[] = [
    { name: "places that it does not know", sources: [source("x", IDENTITY_B)], report: `${READING}: ${ONE}` },
    {
      name: "nothing",
      sources: [unset("A"), unset("B"), unset("C"), file],
      report: `${LOADING}. Did not find keys in locations 'A', 'B', 'C', and 'keys.txt'.`,
    },
    { name: "one place", sources: [unset("A")], report: `${LOADING}. Did not find keys in location 'A'.` },
    {
      name: "two places",
      sources: [unset("A"), unset("B")],
      report: `${LOADING}. Did not find keys in locations 'A' and 'B'.`,
    },
    {
      name: "a place that has another key",
      sources: [unset("A"), text("K", IDENTITY_B), file],
      report: `${READING}: ${ONE}. Did not find keys in location 'A'.`,
    },
    {
      name: "two keys",
      sources: [text("K", `${IDENTITY_B}\n${IDENTITY_B}`), file],
      report: `${READING}: no identity matched any of the recipients`,
    },
    {
      name: "texts that are none, and a file that cannot be read",
      sources: [text("K", "bad"), unreadable, unset("C"), file],
      report: `${LOADING}. Errors while loading age identities: failed to open F file: open nope: no such file or directory; failed to parse 'K' age identities: unknown identity type. Did not find keys in location 'C'.`,
    },
    {
      name: "a file that cannot be read",
      sources: [unset("A"), unreadable, file],
      report: `${LOADING}. Errors while loading age identities: failed to open F file: open nope: no such file or directory. Did not find keys in locations 'A' and 'keys.txt'.`,
    },
    {
      name: "a text without keys, which comes last",
      sources: [unset("A"), text("K", "# nothing\n\n"), unset("C"), file],
      report: `${LOADING}. Did not find keys in locations 'A', 'C', and 'K'.`,
    },
  ];
  test.each(rows)("$name", async ({ sources, report }) => {
    const { upstream = "" } = await errorOf(decrypt(await seal(RECIPIENT_A), "yaml", sources));
    const lines = [...upstream.matchAll(/^ {4}(?:- | {2})\| (.*)$/gm)].map(([, line = ""]) => line);
    expect(lines.every((line) => line.length <= 60)).toBe(true);
    expect(lines.join(" ")).toBe(report);
  });
});
