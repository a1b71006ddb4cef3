import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { splitCommand } from "../../../cli/sops/keys/split-command.ts";
import { runCli } from "../../helpers/run-cli.ts";
import { IDENTITY_A, IDENTITY_B, RECIPIENT_A, RECIPIENT_B, sopsFixture } from "../../helpers/sops.ts";

const CANARY = "canary-5f2a";
const ENCRYPTED = sopsFixture("encrypted/values.yaml");
const CLEAR = sopsFixture("decrypted/values.yaml");

describe("sealkit sops decrypt", () => {
  const sources: readonly { name: string; env?: Record<string, string>; files?: Record<string, string> }[] = [
    { name: "SOPS_AGE_KEY, beside other keys", env: { SOPS_AGE_KEY: `${IDENTITY_B} \n${IDENTITY_A.trim()}` } },
    { name: "SOPS_AGE_KEY_FILE", env: { SOPS_AGE_KEY_FILE: "k.txt" }, files: { "k.txt": IDENTITY_A } },
    { name: "the standard file", env: { XDG_CONFIG_HOME: "." }, files: { "sops/age/keys.txt": IDENTITY_A } },
    { name: "SOPS_AGE_KEY_CMD", env: { SOPS_AGE_KEY_CMD: "cat 'my key.txt'" }, files: { "my key.txt": IDENTITY_A } },
    {
      name: "one good source beside broken ones",
      env: { SOPS_AGE_KEY: "nonsense", SOPS_AGE_KEY_FILE: "none.txt", SOPS_AGE_KEY_CMD: "cat k.txt" },
      files: { "k.txt": IDENTITY_A },
    },
  ];
  test.each(sources)("finds identities in $name", async ({ env = {}, files = {} }) => {
    const run = await runCli("sops decrypt f.yaml", {
      files: { "f.yaml": ENCRYPTED, ...files },
      env: { PATH: process.env["PATH"] ?? "", ...env },
    });
    expect([run.code, run.stdout]).toEqual([0, CLEAR]);
  });

  test("asks the command with the recipient in its environment, and without a shell", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sealkit-cmd-"));
    try {
      const script = join(folder, "key cmd");
      writeFileSync(script, `#!/bin/sh\nprintf '%s|' "$SOPS_AGE_RECIPIENT" "$@" > "$0.log"\ncat "$0.key"\n`);
      writeFileSync(`${script}.key`, IDENTITY_A);
      chmodSync(script, 0o755);
      const run = await runCli("sops decrypt f.yaml", {
        files: { "f.yaml": ENCRYPTED },
        env: { PATH: process.env["PATH"] ?? "", SOPS_AGE_KEY_CMD: `"${script}" '$(id)' a\\ b` },
      });
      expect(run.code).toBe(0);
      expect(readFileSync(`${script}.log`, "utf8")).toBe(`${RECIPIENT_A}|$(id)|a b|`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("says which places were looked at when nothing fits, and shows no key", async () => {
    const run = await runCli("sops decrypt f.yaml", {
      files: { "f.yaml": ENCRYPTED, "locked.txt": "age-encryption.org/v1\n" },
      env: { SOPS_AGE_KEY: IDENTITY_B, SOPS_AGE_KEY_FILE: "locked.txt", SOPS_AGE_SSH_PRIVATE_KEY_FILE: "id" },
    });
    expect([run.code, run.stdout]).toEqual([128, ""]);
    expect(run.stderr).toContain('error: Cannot decrypt "f.yaml": no identity opens its data key');
    expect(run.stderr).toContain("its data key is encrypted to: age1k7ck");
    expect(run.stderr).toContain("1 identity from SOPS_AGE_KEY: age1");
    expect(run.stderr).toContain("1 identity from SOPS_AGE_KEY_FILE (locked.txt): behind a passphrase");
    expect(run.stderr).toContain("Cannot use the identities of SOPS_AGE_KEY_FILE (locked.txt)");
    expect(run.stderr).toContain("no identity in SOPS_AGE_SSH_PRIVATE_KEY_FILE (id): no such file");
    expect(run.stderr).toContain(
      "nothing in SOPS_AGE_SSH_PRIVATE_KEY_CMD, ~/.ssh/id_ed25519, ~/.ssh/id_rsa, SOPS_AGE_KEY_CMD, ~/.config/sops/age/keys.txt",
    );
    expect(run.stderr).not.toContain("AGE-SECRET-KEY");
  });

  test("writes clear text to a new file for its owner alone, and leaves files alone when it fails", async () => {
    const files = {
      "f.yaml": ENCRYPTED,
      "bad.yaml": ENCRYPTED.replace(/(port: .*data:)./, "$1!"),
      "old.yaml": "old\n",
    };
    const env = { SOPS_AGE_KEY: IDENTITY_A };
    const good = await runCli("sops decrypt --output new.yaml f.yaml", { files, env });
    expect([good.files["new.yaml"]?.text, good.files["new.yaml"]?.mode]).toEqual([CLEAR, 0o600]);
    const failed = await runCli("sops decrypt bad.yaml --output old.yaml", { files, env });
    expect([failed.code, failed.files["old.yaml"]?.text]).toEqual([25, "old\n"]);
    const inPlace = await runCli("sops decrypt -i bad.yaml", { files, env });
    expect([inPlace.code, inPlace.files["bad.yaml"]?.text]).toEqual([25, files["bad.yaml"]]);
    expect(Object.keys(inPlace.files).sort()).toEqual(Object.keys(files).sort());
  });
});

describe("sealkit sops encrypt", () => {
  test("takes recipients from SOPS_AGE_RECIPIENTS", async () => {
    const run = await runCli("sops encrypt f.yaml", {
      files: { "f.yaml": "a: 1\n" },
      env: { SOPS_AGE_RECIPIENTS: RECIPIENT_B },
    });
    expect(run.stdout).toContain(`recipient: ${RECIPIENT_B}`);
  });

  const strict: readonly { name: string; line: string; text?: string }[] = [
    { name: "ignored flags", line: `sops --ignore-mac encrypt --age ${RECIPIENT_A}` },
    { name: "ignored words", line: `sops encrypt --age ${RECIPIENT_A} f.yaml g.yaml` },
    {
      name: "a key twice in a later document",
      line: `sops encrypt --age ${RECIPIENT_A}`,
      text: "a: 1\n---\nb: 1\nb: 2\n",
    },
    { name: "two modes", line: `sops -d -e --age ${RECIPIENT_A}`, text: ENCRYPTED },
  ];
  test.each(strict)("lets $name pass with a warning, and refuses with --strict", async ({ line, text = "a: 1\n" }) => {
    const run = (words: string) =>
      runCli(words, { files: { "f.yaml": text, "g.yaml": "" }, env: { SOPS_AGE_KEY: IDENTITY_A } });
    const words = line.includes("f.yaml") ? line : `${line} f.yaml`;
    const lenient = await run(words);
    expect([lenient.code, lenient.stderr]).toEqual([0, expect.stringContaining("level=warning")]);
    const refused = await run(words.replace("sops", "sops --strict"));
    expect(refused.code).not.toBe(0);
    expect(refused.stdout).toBe("");
  });

  const refusals: readonly { name: string; line: string; code: number; says: string }[] = [
    {
      name: "a bad pattern",
      line: `encrypt --age ${RECIPIENT_A} --encrypted-regex ( f.yaml`,
      code: 1,
      says: "not a valid RE2 pattern",
    },
    {
      name: "what is no key of a service",
      line: "encrypt --azure-kv vault f.yaml",
      code: 1,
      says: 'could not parse "vault" into a valid Azure Key Vault MasterKey []',
    },
    {
      name: "a list in dotenv",
      line: `encrypt --age ${RECIPIENT_A} --output-type dotenv l.yaml`,
      code: 4,
      says: "Could not marshal tree: cannot use complex value in dotenv file; offending key l",
    },
    { name: "a line that is none", line: `encrypt --age ${RECIPIENT_A} f.env`, code: 2, says: "line 1: it has no =" },
    {
      name: "no recipient and no rules",
      line: "encrypt f.yaml",
      code: 1,
      says: "\nhint: name a recipient: --age age1…\n",
    },
    {
      name: "a result into a folder that is not there",
      line: `encrypt --age ${RECIPIENT_A} --output none/f.yaml f.yaml`,
      code: 3,
      says: "open none/f.yaml: no such file or directory\n",
    },
    { name: "an edit of a file in clear", line: "f.yaml", code: 1, says: "sops metadata not found" },
    {
      name: "a rotation to what is no key of a service",
      line: "rotate --add-hckms id f.yaml",
      code: 1,
      says: "invalid key ID format: expected 'region:key-uuid', got \"id\"",
    },
  ];
  test.each(refusals)("refuses $name with exit $code", async ({ line, code, says }) => {
    const files = { "f.yaml": `a: ${CANARY}\n`, "l.yaml": `l: [${CANARY}]\n`, "f.env": `${CANARY}\n` };
    const run = await runCli(["sops", ...line.split(" ")], { files });
    expect([run.code, run.stdout]).toEqual([code, ""]);
    expect(run.stderr).toContain(says);
    expect(run.stderr).not.toContain(CANARY);
    for (const [name, text] of Object.entries(files)) expect(run.files[name]?.text).toBe(text);
  });

  test("does not show a secret key that was given as recipient", async () => {
    const secret = /AGE-SECRET-KEY-\w+/.exec(IDENTITY_A)?.[0] ?? "";
    const run = await runCli(`sops encrypt --age ${secret} f.yaml`, { files: { "f.yaml": "a: 1\n" } });
    expect([run.code, run.stdout]).toEqual([1, ""]);
    expect(run.stderr).not.toContain(secret);
  });

  test("acts under its own name, and prints help", async () => {
    const run = await runCli("--version", { argv0: "/usr/local/bin/sops" });
    expect(run.stdout).toBe("sops 3.13.3\n");
    for (const line of ["sops --help", "sops encrypt --help", "sops help decrypt"]) {
      const help = await runCli(line);
      expect([help.code, help.stdout]).toEqual([0, expect.stringContaining("Examples:")]);
    }
  });
});

test("help of a command that is none ends as with the original", async () => {
  const run = await runCli("sops help nope");
  expect([run.code, run.stdout, run.stderr]).toEqual([3, "", expect.stringContaining("No help topic for 'nope'")]);
});

test("a mistyped recipient is not taken for one that is gone", async () => {
  const files = { "f.yaml": ENCRYPTED };
  const env = { SOPS_AGE_KEY: IDENTITY_A };
  const run = await runCli("sops rotate --rm-age age1mistyped f.yaml", { files, env });
  expect([run.code, run.stdout]).toEqual([1, ""]);
});

test("a rule with two selectors stops only those whom it concerns", async () => {
  const rules = `creation_rules:\n- {path_regex: ^other, encrypted_regex: a, encrypted_suffix: b}\n- age: ${RECIPIENT_A}\n`;
  const files = { "f.yaml": ENCRYPTED, "clear.yaml": "a: 1\n", "other.yaml": "a: 1\n", ".sops.yaml": rules };
  const env = { SOPS_AGE_KEY: IDENTITY_A };
  const codes = ["decrypt f.yaml", "encrypt clear.yaml", "encrypt other.yaml"].map(async (line) => {
    return (await runCli(`sops ${line}`, { files, env })).code;
  });
  expect(await Promise.all(codes)).toEqual([0, 0, 1]);
});

test("trap: a change in place keeps the mode of the file and the link to it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sealkit-traps-"));
  try {
    writeFileSync(join(folder, "target.yaml"), ENCRYPTED, { mode: 0o640 });
    symlinkSync("target.yaml", join(folder, "link.yaml"));
    const run = await runCli(["sops", "set", "link.yaml", '["added"]', `"${CANARY}"`], {
      cwd: folder,
      env: { SOPS_AGE_KEY: IDENTITY_A.replace(/^#.*\n/gm, "") },
    });
    expect([run.code, run.stdout]).toEqual([0, ""]);
    expect(readlinkSync(join(folder, "link.yaml"))).toBe("target.yaml");
    expect(statSync(join(folder, "target.yaml")).mode & 0o777).toBe(0o640);
    expect(readFileSync(join(folder, "target.yaml"), "utf8")).toContain("added: ENC[");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("an interrupt while a program is asked for a key is an interrupt, and no lack of keys", async () => {
  const run = await runCli(["sops", "decrypt", "f.yaml"], {
    files: { "f.yaml": ENCRYPTED },
    env: { SOPS_AGE_KEY_CMD: "sleep 60" },
    signal: AbortSignal.abort(),
  });
  expect([run.code, run.stdout, run.stderr]).toEqual([130, "", "error: Interrupted\n"]);
});

describe("splitCommand()", () => {
  test.each([
    ["cat k.txt", ["cat", "k.txt"]],
    ["  a   b ", ["a", "b"]],
    ["'a b' \"c d\" e\\ f", ["a b", "c d", "e f"]],
    ["a'b'\"c\"", ["abc"]],
    ["\"\" ''", ["", ""]],
    ["$(id) ; x", ["$(id)", ";", "x"]],
    ['"a\\"b"', ['a"b']],
    ["", []],
  ])("%j", (line, words) => {
    expect(splitCommand(line)).toEqual(words);
  });
});
