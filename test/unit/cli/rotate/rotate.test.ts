import { beforeAll, describe, expect, test } from "vitest";
import { decrypt, fieldOf, loadKeyring, readLocked } from "../../../../src/sops/index.ts";
import {
  openSealed,
  type RepositoryKeys,
  repositoryKeys,
  sealedYaml,
  sopsYaml,
} from "../../../helpers/encrypted-repository.ts";
import { runCli } from "../../../helpers/run-cli.ts";
import { IDENTITY_A, KEYS_A, KEYS_B, RECIPIENT_A, RECIPIENT_B } from "../../../helpers/sops.ts";

const CLEAR = ["hunter2-of-db", "hunter2-of-sops"];
let keys: RepositoryKeys;
let sealed: string;
let sops: string;
beforeAll(async () => {
  keys = await repositoryKeys();
  sealed = await sealedYaml(keys.old, { password: "hunter2-of-db", user: "admin" });
  sops = await sopsYaml("password: hunter2-of-sops\n");
});

const LINE = "rotate --repo repo --backup keys.yaml";
function rotate(files: Record<string, string>, more = "", env: Record<string, string> = {}) {
  return runCli(`${LINE} ${more}`, {
    files: { "repo/x": "", "keys.yaml": keys.backup, ...files },
    env: { SOPS_AGE_KEY: IDENTITY_A, ...env },
  });
}

const recipients = (text: string) =>
  readLocked(Buffer.from(text), "yaml", { file: "s.yaml" }).metadata.keyGroups.flatMap((group) =>
    group.map((key) => fieldOf(key, "recipient")),
  );

describe("rotate", () => {
  test("SealedSecrets and SOPS files to the newest keys; nothing clear in any file or word", async () => {
    const files = { "repo/a/db.yaml": sealed, "repo/s.yaml": sops, "repo/plain.yaml": "a: 1\n" };
    const { code, stdout, stderr, files: after } = await rotate(files);
    expect([code, stdout]).toEqual([0, "FILE        ROTATED\na/db.yaml   2 items\ns.yaml      SOPS file\n"]);
    expect(stderr).toContain(`Sealing for ${keys.newest.certificate.fingerprint}, the newest key of the set, key-1\n`);
    expect(stderr).toMatch(
      /Rotated 2 items in 1 file of SealedSecrets and 1 SOPS file in .* s; 0 on the newest key already; 0 failed\./,
    );
    const db = after["repo/a/db.yaml"]?.text ?? "";
    expect(await openSealed(db, keys.newest)).toEqual({
      values: { password: "hunter2-of-db", user: "admin" },
      openedBy: [keys.newest.certificate.fingerprint],
    });
    const shape = (text: string) => text.replace(/: "AQ[^"]*"/g, "");
    expect(shape(db)).toBe(shape(sealed));
    const s = after["repo/s.yaml"]?.text ?? "";
    expect((await decrypt(Buffer.from(s), "yaml", loadKeyring(KEYS_A), {})).clearText.revealText()).toBe(
      "password: hunter2-of-sops\n",
    );
    expect(s).not.toContain(/ENC\[[^\]]*\]/.exec(sops)?.[0] ?? "-");
    expect(Object.keys(after).sort()).toEqual([
      "keys.yaml",
      "repo/a/db.yaml",
      "repo/plain.yaml",
      "repo/s.yaml",
      "repo/x",
    ]);
    for (const word of CLEAR) {
      expect(
        stdout +
          stderr +
          Object.values(after)
            .map(({ text }) => text)
            .join(""),
      ).not.toContain(word);
    }
  });

  test("recipients come from the matching rule of the nearest .sops.yaml; without one they stay", async () => {
    const { stdout, files } = await rotate({
      "repo/.sops.yaml": `creation_rules:\n- path_regex: ^ruled/\n  age: ${RECIPIENT_A},${RECIPIENT_B}\n`,
      "repo/ruled/s.yaml": sops,
      "repo/other/s.yaml": sops,
    });
    expect(stdout).toContain(`ruled/s.yaml   SOPS file, added ${RECIPIENT_B}\n`);
    expect(recipients(files["repo/ruled/s.yaml"]?.text ?? "")).toEqual([RECIPIENT_A, RECIPIENT_B]);
    expect(recipients(files["repo/other/s.yaml"]?.text ?? "")).toEqual([RECIPIENT_A]);
    const ruled = Buffer.from(files["repo/ruled/s.yaml"]?.text ?? "");
    expect((await decrypt(ruled, "yaml", loadKeyring(KEYS_B), {})).clearText.revealText()).toContain("hunter2");
  });

  test("--dry-run opens everything, says it, and changes nothing", async () => {
    const files = { "repo/db.yaml": sealed, "repo/s.yaml": sops };
    const { code, stderr, stdout, files: after } = await rotate(files, "--dry-run -o json");
    expect(code).toBe(0);
    expect(stderr).toContain("Would rotate 2 items in 1 file of SealedSecrets and 1 SOPS file; nothing was written");
    expect(JSON.parse(stdout)).toMatchObject({
      written: false,
      files: [{ path: "db.yaml", state: "rotated", items: 2 }, {}],
    });
    expect([after["repo/db.yaml"]?.text, after["repo/s.yaml"]?.text]).toEqual([sealed, sops]);
  });

  test("what does not open stays as it is and is named with its line; a second run does only the rest", async () => {
    const foreign = await sealedYaml(keys.stranger, { token: "t" });
    const first = await rotate({
      "repo/bad.yaml": `a: 1\n---\n${sealed}---\n${foreign}`,
      "repo/db.yaml": sealed,
      "repo/s.yaml": sops,
    });
    expect(first.code).toBe(1);
    expect(first.stdout).toMatch(/^bad\.yaml:\d+ +SealedSecret\/apps\/db +no key opens "token" where it stands$/m);
    expect(first.files["repo/bad.yaml"]?.text).toBe(`a: 1\n---\n${sealed}---\n${foreign}`);
    const left = Object.fromEntries(Object.entries(first.files).map(([path, { text }]) => [path, text]));
    const second = await rotate(left);
    expect(second.stderr).toContain("Rotated 0 items in 0 files of SealedSecrets and 0 SOPS files");
    expect(second.stderr).toContain("1 on the newest key already; 1 done by an earlier run; 1 failed.");
    expect(second.files["repo/s.yaml"]?.text).toBe(first.files["repo/s.yaml"]?.text);
    const again = await rotate(left, "--again");
    expect(again.files["repo/s.yaml"]?.text).not.toBe(first.files["repo/s.yaml"]?.text);
    const mended = await rotate({ ...left, "repo/bad.yaml": sealed });
    expect(mended.code).toBe(0);
    expect(Object.keys(mended.files)).not.toContain("repo/.sealkit/rotated");
  });

  test.each([
    {
      name: "a SealedSecret that was moved",
      file: () => sealed.replace("namespace: apps", "namespace: other"),
      says: /no key opens "password", "user"/,
    },
    { name: "conflict markers", file: () => `<<<<<<< HEAD\n${sealed}=======\n>>>>>>> b\n`, says: /conflict markers/ },
    {
      name: "a SOPS file of somebody else",
      file: () => sopsYaml("a: 1\n", [RECIPIENT_B]),
      says: /no identity opens its data key/,
    },
    {
      name: "a SOPS file that was altered",
      file: () => sops.replace(/lastmodified: .*/, 'lastmodified: "2001-01-01T00:00:00Z"'),
      says: /Cannot trust/,
    },
    {
      name: "a SealedSecret of the old form",
      file: () => sealed.replace(/encryptedData:\n(?: {4}.*\n)*/, "data: AAAA\n"),
      says: /deprecated field spec\.data/,
    },
  ])("$name: left as it is, exit status 1", async ({ file, says }) => {
    const text = await file();
    const { code, stdout, stderr, files } = await rotate({ "repo/f.yaml": text });
    expect(code).toBe(1);
    expect(stdout).toMatch(says);
    expect(files["repo/f.yaml"]?.text).toBe(text);
    for (const word of CLEAR) expect(stdout + stderr).not.toContain(word);
  });

  test("rules that name a recipient which is none: the file is left", async () => {
    const rules = "creation_rules:\n- age: age1nonsense\n";
    const { code, stdout, files } = await rotate({ "repo/.sops.yaml": rules, "repo/s.yaml": sops });
    expect(code).toBe(1);
    expect(stdout).toMatch(/s\.yaml +file +Cannot encrypt to "age1nonsense"/);
    expect(files["repo/s.yaml"]?.text).toBe(sops);
  });

  test.each([
    {
      name: "a folder that is not there",
      line: "rotate --repo none --backup keys.yaml",
      says: "there is no such folder",
    },
    { name: "both directions", line: `${LINE} --undo --dry-run`, says: "exclude each other" },
    {
      name: "a certificate and a controller",
      line: `${LINE} --via-controller --cert c.pem`,
      says: "exclude each other",
    },
    { name: "an argument", line: `${LINE} repo`, says: "it takes no arguments" },
    { name: "a backup that is none", line: "rotate --repo repo --backup repo/x", says: "it holds no Secret" },
    { name: "a key file that is none", line: "rotate --repo repo -k repo/x", says: "it holds none that is readable" },
    {
      name: "a pinned key that is another",
      line: `${LINE} --cert-fingerprint SHA256:${"A".repeat(43)}`,
      says: "its key is another one",
    },
  ])("$name: one error, nothing written", async ({ line, says }) => {
    const { code, stdout, stderr, files } = await runCli(line, {
      files: { "repo/x": "", "repo/db.yaml": sealed, "keys.yaml": keys.backup },
    });
    expect([code === 0, stdout]).toEqual([false, ""]);
    expect(stderr).toContain(says);
    expect(files["repo/db.yaml"]?.text).toBe(sealed);
  });

  test("no keys at all: says which flags bring them", async () => {
    const { code, stderr } = await runCli("rotate --repo repo", { files: { "repo/db.yaml": sealed } });
    expect(code).toBe(1);
    expect(stderr).toContain("SealedSecrets want keys: --backup FILE -i IDENTITY, -k FILE, or --via-controller\n");
  });

  test("private keys alone: --cert has to say which is the newest", async () => {
    const files = { "repo/db.yaml": sealed, "old.pem": keys.old.privateKeyPem, "new.crt": keys.newest.certificatePem };
    const alone = await runCli("rotate --repo repo -k old.pem", { files });
    expect(alone.stderr).toContain("nothing says which of the private keys is the newest");
    const stated = await runCli("rotate --repo repo -k old.pem --cert new.crt", { files });
    expect(stated.stderr).toContain("is not among those at hand");
    expect(stated.code).toBe(0);
    expect((await openSealed(stated.files["repo/db.yaml"]?.text ?? "", keys.newest)).values).toHaveProperty(
      "user",
      "admin",
    );
  });
});
