import { beforeAll, describe, expect, test } from "vitest";
import { sealedInFile } from "../../../../src/secrets/index.ts";
import { decrypt, encrypt, loadKeyring } from "../../../../src/sops/index.ts";
import {
  openSealed,
  type RepositoryKeys,
  repositoryKeys,
  sealedYaml,
  sopsYaml,
} from "../../../helpers/encrypted-repository.ts";
import { runCli } from "../../../helpers/run-cli.ts";
import { IDENTITY_A, KEYS_A, RECIPIENT_A, RECIPIENT_B } from "../../../helpers/sops.ts";

const SECRET = [
  "apiVersion: v1\nkind: Secret\ntype: example.com/x\nimmutable: true\n",
  "metadata:\n  name: api\n  namespace: apps\n  labels: {team: a}\n",
  '  annotations: {sealedsecrets.bitnami.com/namespace-wide: "true"}\n',
  "stringData:\n  token: hunter2-sops\ndata:\n  raw: AAEC\n",
].join("");
const RULES = `creation_rules:\n- age: ${RECIPIENT_A}\n`;
const onlyData = async (clear: string, recipients = [RECIPIENT_A]) => {
  const selector = { kind: "encrypted_regex", pattern: "^(data|stringData)$" } as const;
  return (await encrypt(clear, "yaml", { recipients, now: 0, selector })).text;
};
let keys: RepositoryKeys;
let sealed: string;
let sops: string;
beforeAll(async () => {
  keys = await repositoryKeys();
  sealed = await sealedYaml(keys.newest, { password: "hunter2-sealed" }, { scope: "namespace-wide" });
  sops = await onlyData(SECRET);
});

function convert(line: string, files: Record<string, string>) {
  return runCli(`convert ${line}`, {
    files: { "keys.yaml": keys.backup, "c.crt": keys.newest.certificatePem, ".sops.yaml": RULES, ...files },
    env: { SOPS_AGE_KEY: IDENTITY_A },
  });
}
const toSops = (more: string, files: Record<string, string>) => convert(`--to sops --backup keys.yaml ${more}`, files);
const toSealed = (more: string, files: Record<string, string>) =>
  convert(`--to sealed --cert c.crt --backup keys.yaml ${more}`, files);

describe("convert", () => {
  test("a SealedSecret to SOPS and back: scope, labels and type stay, nothing clear is shown", async () => {
    const there = await toSops("db.yaml", { "db.yaml": sealed });
    expect([there.code, there.stderr, there.files["db.yaml"]?.text]).toEqual([0, "", sealed]);
    const { clearText } = await decrypt(there.stdout, "yaml", loadKeyring(KEYS_A), {});
    expect(clearText.revealText()).toBe(
      [
        "apiVersion: v1\ndata:\n    password: aHVudGVyMi1zZWFsZWQ=\nkind: Secret\nmetadata:\n    annotations:\n",
        '        sealedsecrets.bitnami.com/namespace-wide: "true"\n    labels:\n        team: a\n    name: db\n',
        "    namespace: apps\ntype: Opaque\n",
      ].join(""),
    );
    expect(there.stdout).toMatch(/^kind: Secret$/m);
    expect(there.stdout).not.toMatch(/hunter2|aHVudGVyMi/);
    const back = await toSealed("db.yaml", { "db.yaml": there.stdout });
    expect([back.code, back.stderr]).toEqual([0, ""]);
    expect((await openSealed(back.stdout, keys.newest)).values).toEqual({ password: "hunter2-sealed" });
    const [place] = sealedInFile(back.stdout, "db.yaml");
    expect(place?.view.annotations).toHaveProperty(["sealedsecrets.bitnami.com/namespace-wide"], "true");
    expect(place?.view.template).toMatchObject({ type: "Opaque", metadata: { labels: { team: "a" } } });
  });

  test("the SOPS file is indented as the configuration says", async () => {
    const rules = `${RULES}stores:\n  yaml:\n    indent: 2\n`;
    const { stdout } = await toSops("db.yaml", { "db.yaml": sealed, ".sops.yaml": rules });
    expect(stdout).toMatch(/^data:\n {2}password: ENC\[/m);
  });

  test("type, immutable, data and stringData of a Secret", async () => {
    const { stdout } = await toSealed("s.yaml", { "s.yaml": sops });
    expect((await openSealed(stdout, keys.newest)).values).toEqual({
      raw: "\u0000\u0001\u0002",
      token: "hunter2-sops",
    });
    expect(sealedInFile(stdout, "s.yaml")[0]?.view.template).toMatchObject({ type: "example.com/x", immutable: true });
    const back = await toSops("s.yaml", { "s.yaml": stdout });
    expect(back.stdout).toMatch(/^immutable: true$/m);
  });

  test("a folder: all of it in place, and what is no Secret stays", async () => {
    const values = await sopsYaml("a: 1\n");
    const files = { "k/a/db.yaml": sealed, "k/b.yaml": sops, "k/values.yaml": values, "k/clear.yaml": "a: 1\n" };
    const one = await toSops("k --in-place", files);
    expect([one.code, one.stdout]).toEqual([0, "FILE        ENCRYPTED WITH SOPS\na/db.yaml   Secret/apps/db\n"]);
    expect(one.stderr).toBe("Converted 1 file\n");
    const kept = Object.fromEntries(
      ["a/db.yaml", "b.yaml", "values.yaml"].map((name) => [`k/${name}`, one.files[`k/${name}`]?.text ?? ""]),
    );
    const two = await toSealed("k --in-place -o json", kept);
    expect([two.code, JSON.parse(two.stdout)]).toEqual([
      0,
      [
        { path: "a/db.yaml", objects: ["SealedSecret/apps/db"] },
        { path: "b.yaml", objects: ["SealedSecret/apps/api"] },
      ],
    ]);
    expect(two.files["k/values.yaml"]?.text).toBe(values);
    const all = [one, two].flatMap(({ files: after, stdout, stderr }) => [
      stdout,
      stderr,
      ...Object.values(after).map(({ text }) => text),
    ]);
    expect(all.join("")).not.toContain("hunter2");
    expect(Object.keys(two.files).some((name) => /\.sealkit-|journal/.test(name))).toBe(false);
  });

  test("--dry-run changes nothing; recipients of --age go over the rules", async () => {
    const dry = await toSops(`k --dry-run --age ${RECIPIENT_B}`, { "k/db.yaml": sealed });
    expect([dry.code, dry.files["k/db.yaml"]?.text]).toEqual([0, sealed]);
    expect(dry.stderr).toContain("nobody here can open 1 result");
    expect(dry.stderr).toContain("Would convert 1 file; nothing was written");
  });

  const template = () =>
    sealed.replace("    type: Opaque\n", '    type: Opaque\n    data: {config: "p={{ .password }}"}\n');
  test("what has no place is lost only with --allow-loss, which says so", async () => {
    const { code, stderr, stdout } = await toSops("db.yaml --allow-loss", { "db.yaml": template() });
    expect([code, stderr]).toEqual([0, expect.stringContaining('lost: line 2: the template of "config"')]);
    expect((await decrypt(stdout, "yaml", loadKeyring(KEYS_A), {})).clearText.revealText()).toContain("config:");
  });

  test.each([
    {
      name: "conflict markers",
      run: () => toSops("f.yaml", { "f.yaml": `<<<<<<< a\n${sealed}=======\n>>>>>>> b\n` }),
      says: "it has conflict markers of a merge",
    },
    { name: "a template", run: () => toSops("f.yaml", { "f.yaml": template() }), says: 'the template of "config"' },
    {
      name: "a label of its own",
      run: () => toSops("f.yaml", { "f.yaml": sealed.replace("{name: db,", "{name: db, labels: {mine: x},") }),
      says: 'the label "mine"',
    },
    {
      name: "an annotation of its own",
      run: () => toSops("f.yaml", { "f.yaml": sealed.replace("annotations: {", "annotations: {mine: x, ") }),
      says: 'the annotation "mine"',
    },
    {
      name: "a finalizer",
      run: () => toSops("f.yaml", { "f.yaml": sealed.replace("{name: db,", "{name: db, finalizers: [x],") }),
      says: "metadata.finalizers",
    },
    {
      name: "other objects in the file",
      run: () => toSops("f.yaml", { "f.yaml": `${sealed}---\nkind: ConfigMap\n` }),
      says: "objects of other kinds",
    },
    {
      name: "items that do not open",
      run: () => toSops("f.yaml", { "f.yaml": sealed.replace("namespace: apps", "namespace: b") }),
      says: "Cannot unseal",
    },
    {
      name: "no rule",
      run: () => toSops("f.yaml", { "f.yaml": sealed, ".sops.yaml": "" }),
      says: "no creation rule matches",
    },
    {
      name: "a rule that leaves data in the clear",
      run: () => toSops("f.yaml", { "f.yaml": sealed, ".sops.yaml": `${RULES}  encrypted_regex: ^x$\n` }),
      says: 'would leave "data.password" in the clear',
    },
    {
      name: "a SOPS file that is to be one",
      run: () => toSops("f.yaml", { "f.yaml": sops }),
      says: "it is a SOPS file already",
    },
    {
      name: "a SealedSecret that is to be one",
      run: () => toSealed("f.yaml", { "f.yaml": sealed }),
      says: "it is no SOPS file of Secrets",
    },
    {
      name: "SOPS values of a chart",
      run: async () => toSealed("f.yaml", { "f.yaml": await sopsYaml("a: 1\n") }),
      says: "something else than Secrets",
    },
    {
      name: "encrypted labels",
      run: async () => toSealed("f.yaml", { "f.yaml": await sopsYaml(SECRET) }),
      says: "metadata.name is encrypted, and would be readable",
    },
    {
      name: "a field of no Secret",
      run: async () => toSealed("f.yaml", { "f.yaml": await onlyData(`${SECRET}spec: {}\n`) }),
      says: 'the field "spec"',
    },
    {
      name: "a Secret of nobody's namespace",
      run: async () => toSealed("f.yaml", { "f.yaml": await onlyData(SECRET.replace("  namespace: apps\n", "")) }),
      says: "it has no namespace",
    },
    {
      name: "a SOPS file of somebody else",
      run: async () => toSealed("f.yaml", { "f.yaml": await onlyData(SECRET, [RECIPIENT_B]) }),
      says: "no identity opens",
    },
    {
      name: "a clear file",
      run: () => toSealed("f.yaml", { "f.yaml": "a: 1\n" }),
      says: "there is nothing encrypted in it",
    },
    { name: "a file that is not there", run: () => toSops("none.yaml", {}), says: "no such file" },
    { name: "a folder without --in-place", run: () => toSops("k", { "k/db.yaml": sealed }), says: "--in-place" },
    { name: "no form", run: () => convert("db.yaml", {}), says: "the flag --to is missing" },
    {
      name: "--age for SealedSecrets",
      run: () => toSealed(`f.yaml --age ${RECIPIENT_A}`, { "f.yaml": sops }),
      says: "--age is for --to sops",
    },
  ])("$name: refused", async ({ run, says }) => {
    const { code, stdout, stderr } = await run();
    expect([code === 0, stdout]).toEqual([false, ""]);
    expect(stderr).toContain(says);
    expect(stderr).not.toContain("hunter2");
  });

  test("one that fails keeps the whole folder as it is", async () => {
    const files = { "k/a.yaml": sealed, "k/b.yaml": template() };
    const { code, stderr, files: after } = await toSops("k --in-place", files);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("Nothing was written: 1 of 2 files cannot be converted"),
    ]);
    for (const [name, text] of Object.entries(files)) expect(after[name]?.text).toBe(text);
  });
});
