import { beforeAll, describe, expect, test } from "vitest";
import { decrypt, fieldOf, loadKeyring, readLocked } from "../../../../src/sops/index.ts";
import {
  openSealed,
  type RepositoryKeys,
  repositoryKeys,
  type SealedOptions,
  sealedYaml,
  sopsYaml,
} from "../../../helpers/encrypted-repository.ts";
import { runCli } from "../../../helpers/run-cli.ts";
import { IDENTITY_A, KEYS_A, KEYS_B, RECIPIENT_B } from "../../../helpers/sops.ts";

const SECRET =
  "apiVersion: v1\nkind: Secret\nmetadata:\n  name: api\n  namespace: dev\nstringData:\n  token: hunter2-sops\n";
const RULES = `creation_rules:\n- path_regex: ^prod/\n  age: ${RECIPIENT_B}\n`;
let keys: RepositoryKeys;
let sealed: string;
let sops: string;
const seal = (options: SealedOptions = {}) =>
  sealedYaml(keys.old, { password: "hunter2-sealed" }, { namespace: "dev", ...options });
beforeAll(async () => {
  keys = await repositoryKeys();
  sealed = await seal();
  sops = await sopsYaml(SECRET);
});

/** The stranger is the key of the target's cluster. */
const pin = () => `--cert prod.crt --cert-fingerprint ${keys.stranger.certificate.fingerprint}`;
function promote(files: Record<string, string>, more: string, options: { tty?: boolean; stdin?: string } = {}) {
  return runCli(`promote --from dev --to prod --backup keys.yaml ${more}`, {
    files: {
      "keys.yaml": keys.backup,
      "prod.crt": keys.stranger.certificatePem,
      ".sops.yaml": RULES,
      "prod/x": "",
      ...files,
    },
    env: { SOPS_AGE_KEY: IDENTITY_A },
    ...options,
  });
}

describe("promote", () => {
  test("SealedSecrets and SOPS files for the target's keys, in its namespace; nothing clear anywhere", async () => {
    const { code, stdout, stderr, files } = await promote(
      { "dev/db.yaml": sealed, "dev/a/api.yaml": sops, "dev/plain.yaml": "a: 1\n" },
      `${pin()} -n prod --yes`,
    );
    expect([code, stderr]).toEqual([0, "Promoted 2 files to prod\n"]);
    expect(stdout).toBe(
      "ACTION   FILE         WHAT\ncreate   a/api.yaml   SOPS file\ncreate   db.yaml      SealedSecret/prod/db\n",
    );
    const db = files["prod/db.yaml"]?.text ?? "";
    expect(await openSealed(db, keys.stranger)).toMatchObject({ values: { password: "hunter2-sealed" } });
    const shape = (text: string) => text.replace(/"AQ[^"]*"/g, "").replace("namespace: dev", "namespace: prod");
    expect(shape(db)).toBe(shape(sealed));
    const api = Buffer.from(files["prod/a/api.yaml"]?.text ?? "");
    const opened = await decrypt(api, "yaml", loadKeyring(KEYS_B), {});
    expect(opened.clearText.revealText()).toContain("namespace: prod");
    await expect(decrypt(api, "yaml", loadKeyring(KEYS_A), {})).rejects.toThrow("no identity opens");
    const { keyGroups } = readLocked(api, "yaml", { file: "api.yaml" }).metadata;
    expect(keyGroups.flat().map((key) => fieldOf(key, "recipient"))).toEqual([RECIPIENT_B]);
    const all =
      stdout +
      stderr +
      Object.values(files)
        .map(({ text }) => text)
        .join("");
    expect(all).not.toContain("hunter2");
    expect(Object.keys(files).filter((name) => name.startsWith("prod/"))).toEqual(
      expect.arrayContaining(["prod/x", "prod/db.yaml", "prod/a/api.yaml"]),
    );
    expect([files["dev/db.yaml"]?.text, files["dev/a/api.yaml"]?.text]).toEqual([sealed, sops]);
  });

  test("a SOPS file is indented as the target's configuration says", async () => {
    const rules = `${RULES}stores:\n  yaml:\n    indent: 2\n`;
    const { code, files } = await promote({ "dev/api.yaml": sops, ".sops.yaml": rules }, "-n prod --yes");
    expect([code, files["prod/api.yaml"]?.text]).toEqual([0, expect.stringMatching(/^metadata:\n {2}name: /m)]);
  });

  test("only what is named, by name or by path; a file of the target is replaced", async () => {
    const other = await seal({ name: "other" });
    const files = { "dev/db.yaml": sealed, "dev/other.yaml": other, "dev/api.yaml": sops, "prod/db.yaml": sealed };
    const { code, stdout } = await promote(files, `db api.yaml ${pin()} --yes`);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^create +api\.yaml .*\nreplace +db\.yaml /m)]);
    expect(stdout).not.toContain("other");
  });

  test.each(["namespace-wide", "cluster-wide"] as const)("a scope stays %s", async (scope) => {
    const files = { "dev/db.yaml": await seal({ scope }) };
    const after = await promote(files, `${pin()} -n prod --yes`);
    expect((await openSealed(after.files["prod/db.yaml"]?.text ?? "", keys.stranger)).values).toHaveProperty(
      "password",
    );
    expect(after.files["prod/db.yaml"]?.text).toContain(`bitnami.com/${scope}: "true"`);
  });

  test("--dry-run shows the plan and writes nothing; with a terminal somebody is asked", async () => {
    const files = { "dev/db.yaml": sealed };
    const dry = await promote(files, `${pin()} --dry-run -o json`);
    expect([dry.code, JSON.parse(dry.stdout)]).toEqual([
      0,
      [{ action: "create", path: "db.yaml", kind: "SealedSecrets", objects: ["SealedSecret/dev/db"] }],
    ]);
    expect(dry.files).not.toHaveProperty("prod/db.yaml");
    const no = await promote(files, pin(), { tty: true, stdin: "n\n" });
    expect([no.code, no.files["prod/db.yaml"]]).toEqual([1, undefined]);
    const yes = await promote(files, pin(), { tty: true, stdin: "y\n" });
    expect([yes.code, yes.files["prod/db.yaml"] === undefined]).toEqual([0, false]);
  });

  test("the policy forbids a direction; the first entry that matches counts", async () => {
    const policy = (allow: string) => `promote:\n${allow}- {from: "dev/**", to: "prod/**", allow: false}\n`;
    const files = { "dev/db.yaml": sealed, "dev/api.yaml": sops };
    const forbidden = await promote({ ...files, ".sealkit/policy.yaml": policy("") }, `${pin()} --yes`);
    expect(forbidden.stderr).toMatch(
      /the policy forbids it\n.*"dev\/api\.yaml" to "prod\/api\.yaml": \.sealkit\/policy\.yaml, line 2/,
    );
    expect(forbidden.files).not.toHaveProperty("prod/db.yaml");
    const some = policy("- {from: dev/db.yaml, to: prod/db.yaml, allow: true}\n");
    expect((await promote({ ...files, ".sealkit/policy.yaml": some }, `db ${pin()} --yes`)).code).toBe(0);
    const misspelt = policy("").replace("allow:", "alow:");
    const unread = await promote({ ...files, ".sealkit/policy.yaml": misspelt }, `${pin()} --yes`);
    expect([unread.code, unread.stderr]).toEqual([1, expect.stringContaining("promote[0].allow")]);
  });

  test.each([
    {
      name: "a key that is not pinned",
      files: () => ({}),
      more: () => "--cert prod.crt --yes",
      says: "the key of the target is not pinned",
    },
    {
      name: "another key than the pinned one",
      files: () => ({}),
      more: () => `--cert prod.crt --cert-fingerprint ${keys.old.certificate.fingerprint} --yes`,
      says: "its key is another one",
    },
    { name: "no terminal and no --yes", files: () => ({}), more: pin, says: "without a terminal: --yes" },
    {
      name: "a name that nothing has",
      files: () => ({}),
      more: () => `dbb ${pin()} --yes`,
      says: 'nothing encrypted there is called "dbb"',
    },
    {
      name: "no matching rule",
      files: () => ({ "dev/s.yaml": sops, ".sops.yaml": RULES.replace("prod", "stage") }),
      more: () => `${pin()} --yes`,
      says: "no creation rule of the target matches",
    },
    {
      name: "no rules at all",
      files: () => ({ "dev/s.yaml": sops, ".sops.yaml": "" }),
      more: () => `${pin()} --yes`,
      says: "no creation rule of the target matches",
    },
    {
      name: "a clear file in its place",
      files: () => ({ "prod/db.yaml": "a: 1\n" }),
      more: () => `${pin()} --yes`,
      says: "it is not encrypted",
    },
    {
      name: "another object in the same file",
      files: () => ({ "dev/db.yaml": `${sealed}---\nkind: ConfigMap\n` }),
      more: () => `${pin()} --yes`,
      says: "objects of other kinds",
    },
    {
      name: "one that was not named in the same file",
      files: async () => ({ "dev/db.yaml": `${sealed}---\n${await seal({ name: "b" })}` }),
      more: () => `db ${pin()} --yes`,
      says: 'holds "b" too',
    },
    {
      name: "a wider scope than the one in the target",
      files: async () => ({ "dev/db.yaml": await seal({ scope: "cluster-wide" }), "prod/db.yaml": sealed }),
      more: () => `${pin()} --yes`,
      says: "which is narrower",
    },
    {
      name: "one that no key opens",
      files: () => ({ "dev/db.yaml": sealed.replace("namespace: dev", "namespace: moved") }),
      more: () => `${pin()} --yes`,
      says: "no key of the source opens",
    },
    {
      name: "conflict markers",
      files: () => ({ "dev/db.yaml": `<<<<<<< a\n${sealed}=======\n>>>>>>> b\n` }),
      more: () => `${pin()} --yes`,
      says: "conflict markers",
    },
    {
      name: "a bad namespace",
      files: () => ({}),
      more: () => `${pin()} -n Prod_ --yes`,
      says: "no name of a namespace",
    },
    {
      name: "a folder in itself",
      files: () => ({}),
      more: () => `--to dev/prod ${pin()} --yes`,
      says: "one folder is inside the other",
    },
    {
      name: "a source that is not there",
      files: () => ({}),
      more: () => `--from none ${pin()} --yes`,
      says: "there is no such folder",
    },
  ])("$name: refused, and nothing is written", async ({ files, more, says }) => {
    const before = { "dev/db.yaml": sealed, ...(await files()) };
    const { code, stderr, files: after } = await promote(before, more());
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining(says)]);
    const prod = (all: Record<string, unknown>) => Object.keys(all).filter((name) => name.startsWith("prod/"));
    expect(prod(after)).toEqual(["prod/x", ...prod(before)].sort());
    for (const [name, text] of Object.entries(before)) expect(after[name]?.text).toBe(text);
  });
});
