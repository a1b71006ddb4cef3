import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decrypt, encrypt, readLocked } from "../../../../src/sops/index.ts";
import { ALICE, startAws } from "../../../helpers/fakes/aws.ts";
import { fakeVault } from "../../../helpers/fakes/vault.ts";
import { type Listening, listen, recorded, type WireRequest } from "../../../helpers/fakes/wire.ts";
import { type CliRun, runCli } from "../../../helpers/run-cli.ts";
import { IDENTITY_A, KEYS_A, KEYS_B, RECIPIENT_A, RECIPIENT_B } from "../../../helpers/sops.ts";

const TOKEN = "hvs.example";
const CLEAR = "a: 1\nb:\n    - x\n    - 2.5\n    - null\n";
const vault = fakeVault({ token: TOKEN, keys: [] });
const seen = recorded(vault.service);
const oldVault = fakeVault({ token: TOKEN, keys: [], kvVersion: 1 });
const uploads: WireRequest[] = [];
const bucket = new Map<string, { readonly body: Buffer; readonly headers: ReadonlyMap<string, string> }>();

let aws: Awaited<ReturnType<typeof startAws>>;
let servers: readonly Listening[] = [];
let [vaultUrl, oldVaultUrl, storage] = ["", "", ""];
let encrypted = "";

beforeAll(async () => {
  encrypted = (await encrypt(CLEAR, "yaml", { recipients: [RECIPIENT_A], now: 0 })).text;
  aws = await startAws();
  aws.buckets.set("bucket-1", bucket);
  servers = await Promise.all([
    listen(seen.service),
    listen(oldVault.service),
    listen((request) => {
      uploads.push(request);
      return { status: 200, body: {} };
    }),
  ]);
  [vaultUrl = "", oldVaultUrl = "", storage = ""] = servers.map(({ url }) => url);
});

afterAll(async () => {
  await Promise.all([aws.close(), ...servers.map((server) => server.close())]);
});

async function publish(rules: string, words: readonly string[], more: CliRun = {}) {
  return await runCli(["sops", "publish", ...words], {
    ...more,
    files: { ".sops.yaml": rules, "enc.yaml": encrypted, "clear.yaml": CLEAR, ...more.files },
    env: {
      SOPS_AGE_KEY: IDENTITY_A,
      VAULT_TOKEN: TOKEN,
      AWS_ACCESS_KEY_ID: ALICE.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ALICE.secretAccessKey,
      AWS_REGION: "eu-central-1",
      AWS_ENDPOINT_URL: aws.url,
      STORAGE_EMULATOR_HOST: storage,
      ...more.env,
    },
  });
}

const rule = (fields: object) => JSON.stringify({ destination_rules: [fields] });
const toVault = (fields: object = {}) => rule({ vault_path: "p/", vault_address: vaultUrl, ...fields });

describe("publish", () => {
  test("to S3 as it is, without any key", async () => {
    const run = await publish(rule({ s3_bucket: "bucket-1", s3_prefix: "p/" }), ["-y", "enc.yaml"], {
      env: { SOPS_AGE_KEY: "" },
    });
    expect([run.code, run.stdout, run.stderr]).toEqual([0, "", ""]);
    expect(bucket.get("p/enc.yaml")?.body.toString()).toBe(encrypted);
  });

  test("to S3 encrypted anew: other keys, other selector, the same IVs", async () => {
    const recreation = { age: RECIPIENT_B, unencrypted_suffix: "b", mac_only_encrypted: true };
    const run = await publish(rule({ s3_bucket: "bucket-1", recreation_rule: recreation }), ["-y", "enc.yaml"]);
    expect([run.code, run.stderr]).toEqual([0, ""]);
    const text = bucket.get("enc.yaml")?.body ?? Buffer.alloc(0);
    const { metadata } = readLocked(text, "yaml", {});
    expect(metadata).toMatchObject({ macOnlyEncrypted: false, selector: { kind: "unencrypted_suffix", pattern: "b" } });
    expect((await decrypt(text, "yaml", KEYS_B)).clearText.revealText()).toBe(CLEAR);
    await expect(decrypt(text, "yaml", KEYS_A)).rejects.toMatchObject({ code: "SOPS_NO_DATA_KEY" });
    const iv = (from: string) => /^a: .*?,iv:([^,]*)/.exec(from)?.[1];
    expect(iv(text.toString())).toBe(iv(encrypted));
  });

  test("a regex of a recreation rule has no effect, with a warning", async () => {
    const recreation = { age: RECIPIENT_A, encrypted_regex: "^b$" };
    const rules = rule({ s3_bucket: "bucket-1", recreation_rule: recreation });
    const run = await publish(rules, ["-y", "enc.yaml"]);
    expect(run.stderr).toContain("encrypted_regex of a recreation_rule has no effect");
    expect(bucket.get("enc.yaml")?.body.toString()).toMatch(/^a: ENC\[/);
    expect((await publish(rules, ["-y", "--strict", "enc.yaml"])).code).toBe(8);
  });

  test("encrypted anew without a suffix, nothing is published in clear, whatever its key, and it can be read", async () => {
    const clear = "a_unencrypted: secret\nb:\n    - c_unencrypted_: secret\n";
    const { text } = await encrypt(clear, "yaml", {
      recipients: [RECIPIENT_A],
      now: 0,
      selector: { kind: "encrypted_regex", pattern: "." },
    });
    const rules = rule({ s3_bucket: "bucket-1", recreation_rule: { age: RECIPIENT_B } });
    expect((await publish(rules, ["-y", "named.yaml"], { files: { "named.yaml": text } })).code).toBe(0);
    const published = bucket.get("named.yaml")?.body ?? Buffer.alloc(0);
    expect(published.toString()).not.toContain("secret");
    expect((await decrypt(published, "yaml", KEYS_B)).clearText.revealText()).toBe(clear);
  });

  test("to Google Cloud Storage", async () => {
    const run = await publish(rule({ gcs_bucket: "bucket-2", gcs_prefix: "p/" }), ["-y", "enc.yaml"]);
    expect([run.code, run.stderr]).toEqual([0, ""]);
    const [upload] = uploads;
    expect([upload?.url.searchParams.get("name"), upload?.body]).toEqual(["p/enc.yaml", encrypted]);
  });

  test("to Vault in clear, once: the same data is not written again", async () => {
    for (const expected of [["GET", "PUT"], ["GET"]]) {
      seen.requests.length = 0;
      const run = await publish(toVault(), ["-y", "enc.yaml"]);
      expect([run.code, run.stdout, run.stderr]).toEqual([0, "", ""]);
      expect(seen.requests.map(({ method }) => method)).toEqual(expected);
    }
    expect(vault.secrets.get("secret/p/enc.yaml")).toEqual({ a: 1, b: ["x", 2.5, null] });
  });

  test.each([
    ["another mount, no final slash", { vault_path: "q", vault_kv_mount_name: "secret" }, "secret/q/enc.yaml", true],
    ["any other version is 2", { vault_kv_version: 7 }, "secret/p/enc.yaml", true],
    ["version 1", { vault_kv_version: 1 }, "secret/p/enc.yaml", false],
    ["without the ending", { omit_extensions: true }, "secret/p/enc", true],
  ])("to Vault: %s", async (_, fields, place, isNew) => {
    const store = isNew ? vault : oldVault;
    store.secrets.delete(place);
    const run = await publish(toVault({ ...fields, vault_address: isNew ? vaultUrl : oldVaultUrl }), [
      "-y",
      "enc.yaml",
    ]);
    expect([run.code, run.stderr]).toEqual([0, ""]);
    expect(store.secrets.get(place)).toEqual({ a: 1, b: ["x", 2.5, null] });
  });

  test("a Vault that refuses is told of, and nothing of the data or the token is", async () => {
    const run = await publish(toVault({ vault_path: "z/" }), ["-y", "enc.yaml"], { env: { VAULT_TOKEN: "hvs.other" } });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('[PUBLISH]\t time="');
    expect(run.stderr).toContain("Cannot check if destination secret already exists in secret/data/z/enc.yaml.");
    expect(run.stderr).not.toContain("hvs.other");
  });

  test("an integer that Vault would get changed is refused", async () => {
    const { text } = await encrypt("a: 9007199254740993\n", "yaml", { recipients: [RECIPIENT_A], now: 0 });
    const run = await publish(toVault({ vault_path: "n/" }), ["-y", "long.yaml"], { files: { "long.yaml": text } });
    expect([run.code, vault.secrets.has("secret/n/long.yaml")]).toEqual([1, false]);
    expect(run.stderr).toContain("more than 53 bits");
  });

  test("asks, and takes only y for a yes", async () => {
    const ask = (answer: string) =>
      publish(rule({ s3_bucket: "bucket-1", s3_prefix: "ask/" }), ["enc.yaml"], { stdin: answer });
    const question = /^uploading \/.*\/enc\.yaml to s3:\/\/bucket-1\/ask\/enc\.yaml \? \(y\/n\): /;
    const no = await ask("n\n");
    expect([no.code, no.stderr]).toEqual([1, expect.stringMatching(/^Publication of .*enc\.yaml canceled\n$/)]);
    expect(no.stdout).toMatch(question);
    const none = await ask("");
    expect([none.code, none.stderr]).toEqual([1, "EOF\n"]);
    expect(bucket.has("ask/enc.yaml")).toBe(false);
    const yes = await ask("perhaps\ny\n");
    expect([yes.code, yes.stdout.match(/uploading/g)?.length]).toEqual([0, 2]);
    expect(bucket.has("ask/enc.yaml")).toBe(true);
  });

  test("folders with --recursive: every file by its way down, and a no is for one file", async () => {
    const files = { "d/x.yaml": encrypted, "d/e/y.enc.yaml": encrypted, "d/.z.yaml": encrypted };
    const rules = JSON.stringify({
      destination_rules: [
        { s3_bucket: "bucket-1", s3_prefix: "e/", path_regex: "^d/e/" },
        { s3_bucket: "bucket-1", s3_prefix: "r/" },
      ],
    });
    const run = await publish(rules, ["--recursive", "--omit-extensions", "./d/"], { files, stdin: "y\nn\ny\n" });
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/y\.enc\.yaml to s3:.* \? \(y\/n\): Publication of .*y\.enc\.yaml canceled\nuploading/);
    expect([...bucket.keys()].filter((key) => /^[er]\//.test(key))).toEqual(["r/.z", "r/x"]);
    const flat = await publish(rules, ["d"], { files });
    expect([flat.code, flat.stderr]).toEqual([
      1,
      expect.stringContaining('level=fatal msg="can\'t operate on a directory without --recursive flag."'),
    ]);
  });

  test("the path as it is typed chooses the rule, and a pattern that is none chooses nothing", async () => {
    const rules = JSON.stringify({
      destination_rules: [
        { s3_bucket: "bucket-1", s3_prefix: "bad/", path_regex: "(" },
        { s3_bucket: "bucket-1", s3_prefix: "bare/", path_regex: "^enc" },
        { s3_bucket: "bucket-1", s3_prefix: "dotted/", path_regex: "^\\./enc" },
      ],
    });
    for (const path of ["enc.yaml", "./enc.yaml"]) expect((await publish(rules, ["-y", path])).code).toBe(0);
    expect([...bucket.keys()].filter((key) => /^(bad|bare|dotted)\//.test(key))).toEqual([
      "bare/enc.yaml",
      "dotted/enc.yaml",
    ]);
  });

  test.each<[string, string, readonly string[], number, string]>([
    ["no rules", "{}", ["enc.yaml"], 1, "error loading config: no matching destination found in config\n"],
    [
      "no rule for it",
      rule({ s3_bucket: "bucket-1", path_regex: "x" }),
      ["enc.yaml"],
      1,
      "error loading config: no matching destination",
    ],
    ["no destination", rule({ path_regex: "" }), ["enc.yaml"], 1, "no destination configured for this file\n"],
    [
      "two destinations",
      rule({ s3_bucket: "bucket-1", gcs_bucket: "c" }),
      ["enc.yaml"],
      1,
      "error loading config: more than one destinations",
    ],
    ["a file in clear", rule({ s3_bucket: "bucket-1" }), ["clear.yaml"], 1, "sops metadata not found\n"],
    ["no such file", rule({ s3_bucket: "bucket-1" }), ["nope.yaml"], 1, "stat nope.yaml: no such file or directory\n"],
    ["no file", rule({ s3_bucket: "bucket-1" }), [], 100, "Error: no file specified\n"],
    ["a rule of another shape", rule({ s3_bucket: ["b"] }), ["enc.yaml"], 1, "error: Cannot use"],
    [
      "a recreation rule of another shape",
      rule({ s3_bucket: "bucket-1", recreation_rule: 5 }),
      ["enc.yaml"],
      1,
      "error: Cannot use",
    ],
    ["no such bucket", rule({ s3_bucket: "other" }), ["-y", "enc.yaml"], 1, "error: Cannot upload to"],
  ])("%s", async (_, rules, words, code, message) => {
    const run = await publish(rules, words);
    expect([run.code, run.stderr.slice(0, message.length)]).toEqual([code, message]);
  });
});
