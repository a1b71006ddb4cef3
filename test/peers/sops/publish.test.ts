import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encrypt } from "../../../src/sops/index.ts";
import { ALICE, startAws } from "../../helpers/fakes/aws.ts";
import { fakeVault } from "../../helpers/fakes/vault.ts";
import { type Listening, listen } from "../../helpers/fakes/wire.ts";
import { runCli } from "../../helpers/run-cli.ts";
import { IDENTITY_A, RECIPIENT_A, RECIPIENT_B, skeleton } from "../../helpers/sops.ts";
import { original, workspace } from "./original.ts";

const folder = workspace();
const TOKEN = "hvs.example";
const vault = fakeVault({ token: TOKEN, keys: [] });
const bucket = new Map<string, { readonly body: Buffer; readonly headers: ReadonlyMap<string, string> }>();
const uploads = new Map<string, string>();
let aws: Awaited<ReturnType<typeof startAws>>;
let servers: readonly Listening[] = [];

beforeAll(async () => {
  aws = await startAws();
  aws.buckets.set("bucket-1", bucket);
  servers = await Promise.all([
    listen(vault.service),
    listen(({ url, body }) => {
      // The original sends a part that describes the object before the object itself.
      const isMultipart = url.searchParams.get("uploadType") === "multipart";
      const content = isMultipart
        ? (/Content-Type: (?!application\/json)[^\r]*\r\n\r\n([\s\S]*?)\r\n--/.exec(body)?.[1] ?? "")
        : body;
      uploads.set(url.searchParams.get("name") ?? "", content);
      return { status: 200, body: { name: "x", bucket: "bucket-2" } };
    }),
  ]);
  const seal = async (text: string) => (await encrypt(text, "yaml", { recipients: [RECIPIENT_A], now: 0 })).text;
  writeFileSync(
    join(folder.path, "enc.yaml"),
    await seal("a: 1\nb:\n    - x\n    - 2.5\n    - null\nc:\n    d: 2024-01-01\n"),
  );
});

afterAll(async () => {
  await Promise.all([aws.close(), ...servers.map((server) => server.close())]);
  folder.end();
});

describe("publish of both to the same servers", () => {
  test.each<[string, () => object]>([
    ["S3", () => ({ s3_bucket: "bucket-1", s3_prefix: "p/" })],
    [
      "S3, encrypted anew",
      () => ({
        s3_bucket: "bucket-1",
        recreation_rule: { age: RECIPIENT_B, unencrypted_suffix: "b", shamir_threshold: 2 },
      }),
    ],
    [
      "S3, with a suffix",
      () => ({ s3_bucket: "bucket-1", recreation_rule: { age: RECIPIENT_B, encrypted_suffix: "d" } }),
    ],
    ["Google Cloud Storage", () => ({ gcs_bucket: "bucket-2", gcs_prefix: "p/" })],
    ["Vault", () => ({ vault_path: "p/", vault_address: servers[0]?.url })],
    ["Vault, shortened", () => ({ vault_path: "q", vault_address: servers[0]?.url, omit_extensions: true })],
  ])("%s", async (_, rule) => {
    writeFileSync(join(folder.path, ".sops.yaml"), JSON.stringify({ destination_rules: [rule()] }));
    const env = {
      SOPS_AGE_KEY: IDENTITY_A,
      VAULT_TOKEN: TOKEN,
      AWS_ACCESS_KEY_ID: ALICE.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ALICE.secretAccessKey,
      AWS_REGION: "eu-central-1",
      AWS_ENDPOINT_URL: aws.url,
      STORAGE_EMULATOR_HOST: new URL(servers[1]?.url ?? "").host,
    };
    const stored = () => {
      const all = {
        s3: [...bucket].map(([key, { body }]) => [key, skeleton(body.toString())]),
        gcs: [...uploads],
        vault: [...vault.secrets],
      };
      for (const store of [bucket, uploads, vault.secrets]) store.clear();
      return all;
    };
    const args = ["publish", "-y", "enc.yaml"];
    const theirs = await original(args, { cwd: folder.path, env });
    const wanted = stored();
    const ours = await runCli(["sops", ...args], { cwd: folder.path, env });
    expect([ours.code, ours.stdout, ours.stderr]).toEqual([theirs.code, theirs.stdout, theirs.stderr]);
    expect(theirs.code).toBe(0);
    expect(stored()).toEqual(wanted);
    expect(wanted.s3.length + wanted.gcs.length + wanted.vault.length).toBe(1);
  });
});
