import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { type FakeHuawei, fakeHuawei, WANG } from "../../helpers/fakes/huawei-kms.ts";
import { type RawServer, startRawServer } from "../../helpers/fakes/raw-server.ts";
import { runCli } from "../../helpers/run-cli.ts";
import { expectBothWays, expectSameFailure } from "./both-ways.ts";

const KEY = "cn-north-4:0d0466b0-e727-4d9c-b35d-f84bb474a37f";

let huawei: FakeHuawei;
let server: RawServer;
let folder: string;
let base: Record<string, string>;
const KEYS = {
  HUAWEICLOUD_SDK_AK: WANG.ak,
  HUAWEICLOUD_SDK_SK: WANG.sk,
  HUAWEICLOUD_SDK_PROJECT_ID: "53d1aefc533f4ce9a59c26b01667cbcf",
};

beforeAll(async () => {
  huawei = fakeHuawei();
  server = await startRawServer((request) => huawei.answer(request));
  folder = mkdtempSync(join(tmpdir(), "sealkit-huawei-"));
  // The variable for the identity service takes no address without TLS; the file does.
  const credentials = `[basic]\nak = ${WANG.ak}\nsk = ${WANG.sk}\niam_endpoint = ${server.url}\n`;
  writeFileSync(join(folder, "credentials"), credentials);
  huawei.users.push({ ak: "PEERSESSION", sk: "peer-session-secret", securityToken: "peer-session-token" });
  huawei.federation = { idpId: "idp-1", idToken: "peer-id-token" };
  writeFileSync(join(folder, "id-token"), "peer-id-token");
  const federated = `idp_id = idp-1\nid_token_file = ${join(folder, "id-token")}\nproject_id = ${huawei.projectId}`;
  writeFileSync(join(folder, "federated"), `[basic]\n${federated}\niam_endpoint = ${server.url}\n`);
  writeFileSync(join(folder, "regions.yaml"), `KMS:\n  - id: cn-north-4\n    endpoint: ${server.url}\n`);
  base = {
    HUAWEICLOUD_SDK_REGIONS_FILE: join(folder, "regions.yaml"),
    HUAWEICLOUD_SDK_CREDENTIALS_FILE: join(folder, "credentials"),
  };
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("Huawei Cloud KMS, both ways with sops", () => {
  test.each<{ name: string; env: () => Record<string, string> }>([
    {
      name: "keys and address of the environment",
      env: () => ({ ...KEYS, HUAWEICLOUD_SDK_REGION_KMS_CN_NORTH_4: server.url }),
    },
    { name: "keys and address of files, and a project that is looked for", env: () => base },
    {
      name: "a token of an identity provider",
      env: () => ({ ...base, HUAWEICLOUD_SDK_CREDENTIALS_FILE: join(folder, "federated") }),
    },
  ])("$name", async ({ name, env }) => {
    await expectBothWays({ name, flags: ["--hckms", KEY], env: env(), type: "hckms", holds: [KEY] });
  });
});

describe("Huawei Cloud KMS, failures as of sops", () => {
  let file: string;
  beforeAll(async () => {
    const encrypted = await runCli(["sops", "encrypt", "--hckms", KEY, "a.yaml"], {
      files: { "a.yaml": "a: 1\n" },
      env: base,
    });
    file = encrypted.stdout;
  });

  test.each<{ name: string; change: (file: string) => string; says: string }>([
    {
      name: "a key that is not there",
      change: (text) => text.replace("0d0466b0", "1d0466b0"),
      says: '"error_code":"KMS.0402","error_message":"The key does not exist."',
    },
    {
      name: "a damaged entry",
      change: (text) => text.replace(/enc: [^\n]*/, `enc: ${"QUJD".repeat(50)}`),
      says: '"error_code":"KMS.0309","error_message":"Invalid ciphertext."',
    },
  ])("$name", async ({ change, says }) => {
    await expectSameFailure(change(file), base, says);
  });
});
