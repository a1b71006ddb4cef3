import { describe, expect, test } from "vitest";
import { kmsEndpoint, parseHuaweiKey } from "../../../../src/kms/huawei/endpoint.ts";
import { huaweiKms } from "../../../../src/kms/huawei/kms.ts";
import { signHuawei } from "../../../../src/kms/huawei/sign.ts";
import type { KeyServiceErrorCode, MasterKey } from "../../../../src/sops/index.ts";
import { type FakeHuawei, fakeHuawei, WANG } from "../../../helpers/fakes/huawei-kms.ts";
import {
  CANARY_DATA_KEY,
  CANARY_TEXTS,
  expectNoSecret,
  failureOf,
  withEnc,
} from "../../../helpers/fakes/key-failure.ts";
import { type RawAnswer, type RawRequest, rawFetch } from "../../../helpers/fakes/raw-server.ts";
import { TROUBLES } from "../../../helpers/fakes/trouble.ts";
import { fetchOf } from "../../../helpers/fakes/wire.ts";
import { testPorts } from "../../../helpers/kms-ports.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 10);
const KMS_HOST = "kms.cn-north-4.myhuaweicloud.com";
const IAM_HOST = "iam.cn-north-4.myhuaweicloud.com";
const KEY = "cn-north-4:0d0466b0-e727-4d9c-b35d-f84bb474a37f";
const PROJECT = "53d1aefc533f4ce9a59c26b01667cbcf";
const ENV = { HUAWEICLOUD_SDK_AK: WANG.ak, HUAWEICLOUD_SDK_SK: WANG.sk, HUAWEICLOUD_SDK_PROJECT_ID: PROJECT };
const SECRETS = [WANG.sk, "canary-session", "canary-id-token", "canary-iam-token", "canary-pod-token", ...CANARY_TEXTS];
const key = (text: string): MasterKey => ({ type: "hckms", fields: new Map([["key_id", text]]) });

const IDP = {
  HUAWEICLOUD_SDK_IDP_ID: "idp-1",
  HUAWEICLOUD_SDK_ID_TOKEN_FILE: "/id",
  HUAWEICLOUD_SDK_PROJECT_ID: PROJECT,
};

const federated = (huawei: FakeHuawei) => {
  huawei.federation = { idpId: "idp-1", idToken: "canary-id-token" };
  huawei.users.splice(0, 1, { ...WANG, securityToken: "canary-session" });
};

interface Setting {
  readonly env?: Record<string, string>;
  readonly files?: Record<string, string>;
  readonly metadata?: RawAnswer;
  readonly change?: (huawei: FakeHuawei) => void;
}

function open({ env = ENV, files = {}, metadata, change }: Setting = {}) {
  const huawei = fakeHuawei(() => NOW_MS);
  change?.(huawei);
  const requests: (RawRequest & { host: string })[] = [];
  const answer = (request: RawRequest) => huawei.answer(request);
  const machine = ({ method, headers }: RawRequest): RawAnswer => {
    if (method === "PUT") return { status: 200, body: "meta-session" };
    return headers.get("x-metadata-token") === "meta-session" && metadata ? metadata : { status: 404 };
  };
  const pod = ({ method, target, headers, body }: RawRequest): RawAnswer => {
    const isRight = method === "POST" && target === "/pod" && body.toString() === "{}";
    if (!isRight || headers.get("authorization") !== "canary-pod-token") return { status: 403 };
    const credentials = { accessKeyId: WANG.ak, secretAccessKey: WANG.sk, securityToken: "canary-session" };
    return {
      status: 200,
      body: JSON.stringify({ credentials: { ...credentials, expiration: "2026-11-21T20:00:00Z" } }),
    };
  };
  const hosts = {
    ...{ "iam.myhuaweicloud.com": answer, "127.0.0.1": pod },
    ...{ [KMS_HOST]: answer, [IAM_HOST]: answer, "kms.own.example": answer },
    ...(metadata === undefined ? {} : { "169.254.169.254": machine }),
  };
  const ports = testPorts({ fetch: rawFetch(hosts, requests), env, files, startMs: NOW_MS });
  return { service: huaweiKms(ports), requests, ports };
}

describe("huaweiKms()", () => {
  test.each<Setting & { name: string; hosts: string[] }>([
    { name: "keys of the environment", hosts: [KMS_HOST, KMS_HOST] },
    {
      name: "a project that is looked for once",
      env: { HUAWEICLOUD_SDK_AK: WANG.ak, HUAWEICLOUD_SDK_SK: WANG.sk },
      hosts: [IAM_HOST, KMS_HOST, KMS_HOST],
    },
    {
      name: "a session",
      env: { ...ENV, HUAWEICLOUD_SDK_SECURITY_TOKEN: "canary-session" },
      change: ({ users }) => users.splice(0, 1, { ...WANG, securityToken: "canary-session" }),
      hosts: [KMS_HOST, KMS_HOST],
    },
    {
      name: "keys of the credentials file",
      env: {},
      files: {
        "/home/tester/.huaweicloud/credentials": `# mine\n[global]\nak = no\n[basic]\nak = ${WANG.ak}\nsk = ${WANG.sk}\nproject_id = ${PROJECT}\n`,
      },
      hosts: [KMS_HOST, KMS_HOST],
    },
    {
      name: "keys of the machine",
      env: { HUAWEICLOUD_SDK_PROJECT_ID: "unused" },
      change: ({ users }) => users.splice(0, 1, { ...WANG, securityToken: "canary-session" }),
      metadata: {
        status: 200,
        body: JSON.stringify({
          credential: {
            access: WANG.ak,
            secret: WANG.sk,
            securitytoken: "canary-session",
            expires_at: "2026-11-21T20:00:00Z",
          },
        }),
      },
      hosts: ["169.254.169.254", "169.254.169.254", IAM_HOST, KMS_HOST, KMS_HOST],
    },
    {
      name: "a token of an identity provider, before keys",
      env: { ...IDP, HUAWEICLOUD_SDK_AK: "other", HUAWEICLOUD_SDK_SK: "other" },
      files: { "/id": "canary-id-token\n" },
      change: federated,
      hosts: ["iam.myhuaweicloud.com", "iam.myhuaweicloud.com", KMS_HOST, KMS_HOST],
    },
    {
      name: "an identity provider of the credentials file",
      env: {},
      files: {
        "/id": "canary-id-token",
        "/home/tester/.huaweicloud/credentials": `[basic]\nidp_id = idp-1\nid_token_file = /id\nproject_id = ${PROJECT}\niam_endpoint = https://kms.own.example\n`,
      },
      change: federated,
      hosts: ["kms.own.example", "kms.own.example", KMS_HOST, KMS_HOST],
    },
    {
      name: "the agent of a pod",
      env: {
        HC_CONTAINER_CREDENTIALS_FULL_URI: "http://127.0.0.1/pod",
        HC_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/pod",
        HUAWEICLOUD_SDK_PROJECT_ID: PROJECT,
      },
      files: { "/pod": "canary-pod-token\n" },
      change: ({ users }) => users.splice(0, 1, { ...WANG, securityToken: "canary-session" }),
      metadata: { status: 404 },
      hosts: ["169.254.169.254", "169.254.169.254", "127.0.0.1", KMS_HOST, KMS_HOST],
    },
    {
      name: "an address of the environment",
      env: { ...ENV, HUAWEICLOUD_SDK_REGION_KMS_CN_NORTH_4: "https://kms.own.example,https://b" },
      hosts: ["kms.own.example", "kms.own.example"],
    },
    {
      name: "an address of the regions file",
      files: {
        "/home/tester/.huaweicloud/regions.yaml": "KMS:\n  - id: cn-north-4\n    endpoint: https://kms.own.example\n",
      },
      hosts: ["kms.own.example", "kms.own.example"],
    },
  ])("encrypts and decrypts with $name", async ({ hosts, ...setting }) => {
    const { service, requests } = open(setting);
    const enc = await service.encrypt(key(KEY), CANARY_DATA_KEY);
    expect(await service.decrypt(withEnc(key(KEY), enc))).toEqual(CANARY_DATA_KEY);
    expect(requests.map(({ host }) => host)).toEqual(hosts);
  });

  test("with credentials that are given, no others are looked for", async () => {
    const { ports, requests } = open({ env: { HUAWEICLOUD_SDK_AK: "other", HUAWEICLOUD_SDK_SK: "other" } });
    const service = huaweiKms(ports, { credentials: { ak: WANG.ak, sk: WANG.sk } });
    expect(await service.encrypt(key(KEY), CANARY_DATA_KEY)).not.toBe("");
    expect(requests.map(({ host }) => host)).toEqual([IAM_HOST, KMS_HOST]);
    expect(ports.read).toEqual([]);
  });

  test.each<Setting & { name: string; of?: string; enc?: string; code: KeyServiceErrorCode; says: string }>([
    {
      name: "a key without a region",
      of: "0d0466b0-e727-4d9c-b35d-f84bb474a37f",
      code: "KEY_SERVICE_BAD_KEY",
      says: "REGION:UUID",
    },
    { name: "a host for a region", of: "evil.example/:x", code: "KEY_SERVICE_BAD_KEY", says: "REGION:UUID" },
    { name: "a key without a name", of: "cn-north-4: ", code: "KEY_SERVICE_BAD_KEY", says: "REGION:UUID" },
    {
      name: "a key that is not there",
      of: "cn-north-4:1d0466b0-e727-4d9c-b35d-f84bb474a37f",
      code: "KEY_SERVICE_MISSING_KEY",
      says: "KMS.0402",
    },
    {
      name: "a region where nobody answers",
      of: "cn-nowhere-9:x",
      code: "KEY_SERVICE_UNREACHABLE",
      says: "kms.cn-nowhere-9.myhuaweicloud.com",
    },
    { name: "an empty entry", enc: "", code: "KEY_SERVICE_BAD_DATA", says: "empty" },
    { name: "an entry that is none", enc: "<b>", code: "KEY_SERVICE_BAD_DATA", says: "damaged" },
    { name: "an endless entry", enc: "A".repeat(9000), code: "KEY_SERVICE_BAD_DATA", says: "damaged" },
    { name: "an entry of another key", enc: "A".repeat(200), code: "KEY_SERVICE_FAILED", says: "Invalid ciphertext." },
    { name: "no credentials", env: {}, code: "KEY_SERVICE_NO_CREDENTIALS", says: "HUAWEICLOUD_SDK_AK: not set" },
    {
      name: "half of the credentials",
      env: { HUAWEICLOUD_SDK_AK: "x" },
      code: "KEY_SERVICE_NO_CREDENTIALS",
      says: "HUAWEICLOUD_SDK_SK is not set",
    },
    {
      name: "a token that the identity service does not take, although the machine has an agency",
      env: IDP,
      files: { "/id": "canary-id-token" },
      metadata: { status: 200, body: JSON.stringify({ credential: { access: WANG.ak, secret: WANG.sk } }) },
      code: "KEY_SERVICE_NO_CREDENTIALS",
      says: "IAM.0101",
    },
    {
      name: "an identity provider without its token",
      env: IDP,
      code: "KEY_SERVICE_NO_CREDENTIALS",
      says: '"/id" cannot be read',
    },
    {
      name: "an identity service without TLS",
      env: { ...IDP, HUAWEICLOUD_SDK_IAM_ENDPOINT: "http://iam.evil.example" },
      files: { "/id": "canary-id-token" },
      code: "KEY_SERVICE_NO_CREDENTIALS",
      says: "not https",
    },
    {
      name: "an agent of a pod far away",
      env: {
        HC_CONTAINER_CREDENTIALS_FULL_URI: "http://evil.example/pod",
        HC_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/pod",
      },
      files: { "/pod": "canary-pod-token" },
      code: "KEY_SERVICE_NO_CREDENTIALS",
      says: "not https",
    },
    {
      name: "a pod without its token",
      env: { HC_CONTAINER_CREDENTIALS_FULL_URI: "http://127.0.0.1/pod" },
      code: "KEY_SERVICE_NO_CREDENTIALS",
      says: "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE is not set",
    },
    {
      name: "a machine without an agency",
      env: {},
      metadata: { status: 404 },
      code: "KEY_SERVICE_NO_CREDENTIALS",
      says: "no agency",
    },
    {
      name: "a wrong secret",
      env: { ...ENV, HUAWEICLOUD_SDK_SK: "canary-session" },
      code: "KEY_SERVICE_DENIED",
      says: "verify aksk signature fail",
    },
    {
      name: "a wrong clock",
      change: (huawei) => {
        huawei.skewMs = 3_600_000;
      },
      code: "KEY_SERVICE_DENIED",
      says: "clock",
    },
    {
      name: "another project",
      env: { ...ENV, HUAWEICLOUD_SDK_PROJECT_ID: "other" },
      code: "KEY_SERVICE_DENIED",
      says: "KMS.0301",
    },
    {
      name: "a project that climbs",
      env: { ...ENV, HUAWEICLOUD_SDK_PROJECT_ID: "../x" },
      code: "KEY_SERVICE_BAD_SETTINGS",
      says: "project id",
    },
    {
      name: "no project",
      env: { HUAWEICLOUD_SDK_AK: WANG.ak, HUAWEICLOUD_SDK_SK: WANG.sk },
      change: ({ projects }) => projects.clear(),
      code: "KEY_SERVICE_BAD_SETTINGS",
      says: "no project for cn-north-4",
    },
    {
      name: "two projects",
      env: { HUAWEICLOUD_SDK_AK: WANG.ak, HUAWEICLOUD_SDK_SK: WANG.sk },
      change: ({ projects }) => projects.set("cn-north-4", ["a", "b"]),
      code: "KEY_SERVICE_BAD_SETTINGS",
      says: "2 projects",
    },
    {
      name: "an address that is none",
      env: { ...ENV, HUAWEICLOUD_SDK_REGION_KMS_CN_NORTH_4: "kms" },
      code: "KEY_SERVICE_BAD_SETTINGS",
      says: "address",
    },
  ])("refuses $name", async ({ of = KEY, enc = "A".repeat(200), code, says, ...setting }) => {
    const error = await failureOf(open(setting).service.decrypt(withEnc(key(of), enc)));
    expect(error.code).toBe(code);
    expect([error.message, ...error.details, ...error.hints].join("\n")).toContain(says);
    expectNoSecret(error, SECRETS);
  });

  test.each(Object.entries(TROUBLES))("names a service that %s", async (_, { answer, code }) => {
    const ports = testPorts({ fetch: fetchOf({ [KMS_HOST]: () => answer }), env: ENV });
    const error = await failureOf(huaweiKms(ports).encrypt(key(KEY), CANARY_DATA_KEY));
    expect(error.code).toBe(code);
    expectNoSecret(error, SECRETS);
  });

  test("does not show what a service repeats", async () => {
    const mirror = {
      [KMS_HOST]: ({ body, headers }: RawRequest) => ({
        status: 400,
        body: JSON.stringify({ error_code: "X.1", error_msg: `${body} ${[...headers]}` }),
      }),
    };
    const ports = testPorts({ fetch: rawFetch(mirror), env: ENV });
    expectNoSecret(await failureOf(huaweiKms(ports).encrypt(key(KEY), CANARY_DATA_KEY)), SECRETS);
  });
});

test("signHuawei() signs paths with and without a slash at the end, and queries in order", () => {
  const at = new Date("2026-11-21T10:00:00Z");
  const signatures = [
    "https://h.example/v3/projects?name=x&a=1",
    "https://h.example/v3/projects?a=1&name=x",
    "https://h.example/v3/projects/?a=1&name=x",
  ].map((url) => signHuawei({ method: "GET", url: new URL(url), headers: {} }, WANG, at).headers["authorization"]);
  expect(new Set(signatures).size).toBe(1);
});

describe("parseHuaweiKey()", () => {
  test.each([
    ["cn-north-4:abc", { region: "cn-north-4", id: "abc" }],
    [" ap-southeast-1 : a:b ", { region: "ap-southeast-1", id: "a:b" }],
    ["", undefined],
    [":abc", undefined],
    ["cn-north-4.evil.example:abc", undefined],
    ["CN-NORTH-4:abc", undefined],
  ])("%j", (text, want) => {
    expect(parseHuaweiKey(text)).toEqual(want);
  });
});

describe("kmsEndpoint()", () => {
  test.each([
    { region: "eu-west-101", files: {}, want: "https://kms.eu-west-101.myhuaweicloud.eu/" },
    { region: "tr-west-1", files: {}, want: "https://kms.tr-west-1.myhuaweicloud.com/" },
    {
      region: "tr-west-1",
      files: { "/home/tester/.huaweicloud/regions.yaml": "{[" },
      want: "https://kms.tr-west-1.myhuaweicloud.com/",
    },
    {
      region: "tr-west-1",
      files: { "/home/tester/.huaweicloud/regions.yaml": "KMS: 3" },
      want: "https://kms.tr-west-1.myhuaweicloud.com/",
    },
    {
      region: "x-y-1",
      files: { "/home/tester/.huaweicloud/regions.yaml": "KMS: [{id: x-y-1, endpoints: ['http://a.example', b]}]" },
      want: "http://a.example/",
    },
  ])("$region $files", async ({ region, files, want }) => {
    expect((await kmsEndpoint(testPorts({ files }), region))?.href).toBe(want);
  });
});
