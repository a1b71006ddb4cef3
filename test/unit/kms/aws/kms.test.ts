import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { awsKms } from "../../../../src/kms/aws/kms.ts";
import { contextsOfOldVersions } from "../../../../src/kms/aws/old-context.ts";
import type { Fetch } from "../../../../src/kms/ports.ts";
import type { KeyServiceErrorCode, MasterKey } from "../../../../src/sops/index.ts";
import { ALICE, type FakeAws, fakeAws } from "../../../helpers/fakes/aws.ts";
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
const KMS_HOST = "kms.eu-central-1.amazonaws.com";
const STS_HOST = "sts.eu-central-1.amazonaws.com";
const KEYS = { AWS_ACCESS_KEY_ID: ALICE.accessKeyId, AWS_SECRET_ACCESS_KEY: ALICE.secretAccessKey };
const ROLE = "arn:aws:iam::111122223333:role/sops";
const SECRETS = [ALICE.secretAccessKey, ...CANARY_TEXTS];

type Answer = (request: RawRequest) => RawAnswer;

function open(
  more: { env?: Record<string, string>; files?: Record<string, string>; kms?: (aws: FakeAws) => Answer } = {},
) {
  let nowMs = () => NOW_MS;
  const aws = fakeAws("eu-central-1", () => nowMs());
  aws.roles.push({ arn: ROLE, trusts: [ALICE.arn], tokens: ["web-token"] });
  const requests: (RawRequest & { host: string })[] = [];
  const answer = (request: RawRequest) => aws.answer(request);
  const hosts = {
    [KMS_HOST]: more.kms?.(aws) ?? answer,
    [STS_HOST]: answer,
    "kms.cn-north-1.amazonaws.com.cn": answer,
  };
  const ports = testPorts({
    fetch: rawFetch(hosts, requests),
    env: { AWS_EC2_METADATA_DISABLED: "true", ...(more.env ?? KEYS) },
    files: more.files ?? {},
    startMs: NOW_MS,
  });
  nowMs = () => ports.now().getTime();
  return { aws, requests, ports, service: awsKms(ports), arn: aws.keys[0]!.arn };
}

function kmsKey(
  arn: string,
  more: { role?: string; profile?: string; context?: Record<string, string> } = {},
): MasterKey {
  const fields = new Map<string, string | ReadonlyMap<string, string>>([["arn", arn]]);
  if (more.role !== undefined) fields.set("role", more.role);
  if (more.profile !== undefined) fields.set("aws_profile", more.profile);
  if (more.context !== undefined) fields.set("context", new Map(Object.entries(more.context)));
  return { type: "kms", fields };
}

const failing =
  (type: string, message = "", status = 400): ((aws: FakeAws) => Answer) =>
  () =>
  () => ({
    status,
    headers: { "content-type": "application/x-amz-json-1.1" },
    body: JSON.stringify({ __type: type, message }),
  });

describe("awsKms()", () => {
  test.each([
    { name: "a key", more: {}, asked: [KMS_HOST, KMS_HOST] },
    { name: "a context", more: { context: { app: "web", stage: "prod" } }, asked: [KMS_HOST, KMS_HOST] },
    { name: "a context of odd names", more: { context: { __proto__x: "1", ä: "ö" } }, asked: [KMS_HOST, KMS_HOST] },
    { name: "a role, taken once", more: { role: ROLE }, asked: [STS_HOST, KMS_HOST, KMS_HOST] },
    { name: "a profile", more: { profile: "prod" }, asked: [KMS_HOST, KMS_HOST] },
  ])("encrypts and decrypts with $name", async ({ more, asked }) => {
    const files = {
      "/home/tester/.aws/credentials": `[prod]\naws_access_key_id=${ALICE.accessKeyId}\naws_secret_access_key=${ALICE.secretAccessKey}\n`,
    };
    const { service, requests, arn } = open({ files, ...("profile" in more ? { env: {} } : {}) });
    const key = kmsKey(arn, more);
    const enc = await service.encrypt(key, CANARY_DATA_KEY);
    expect(await service.decrypt(withEnc(key, enc))).toEqual(CANARY_DATA_KEY);
    expect(requests.map(({ host }) => host)).toEqual(asked);
  });

  test("asks as the original does", async () => {
    const { service, requests, arn } = open();
    await service.encrypt(kmsKey(arn, { role: ROLE, context: { b: "2", a: "1" } }), CANARY_DATA_KEY);
    const [sts, kms] = requests;
    expect(Object.fromEntries(new URLSearchParams(String(sts?.body)))).toEqual({
      ...{ Action: "AssumeRole", Version: "2011-06-15", RoleArn: ROLE, RoleSessionName: "sops@workstation.example" },
    });
    expect(JSON.parse(String(kms?.body))).toEqual({
      ...{
        KeyId: arn,
        EncryptionContext: { a: "1", b: "2" },
        Plaintext: Buffer.from(CANARY_DATA_KEY).toString("base64"),
      },
    });
    expect(kms?.headers.get("x-amz-target")).toBe("TrentService.Encrypt");
  });

  test.each<{ name: string; key: (arn: string) => MasterKey; code: KeyServiceErrorCode; original?: string }>([
    {
      name: "no ARN",
      key: () => kmsKey("alias/mine"),
      code: "KEY_SERVICE_BAD_KEY",
      original: "no valid ARN found in 'alias/mine'",
    },
    {
      name: "an ARN of another service",
      key: (arn) => kmsKey(arn.replace(":kms:", ":s3:")),
      code: "KEY_SERVICE_BAD_KEY",
    },
    {
      name: "a host instead of a region",
      key: (arn) => kmsKey(arn.replace("eu-central-1", "evil.example/x")),
      code: "KEY_SERVICE_BAD_KEY",
    },
    {
      name: "a user name instead of a region",
      key: (arn) => kmsKey(arn.replace("eu-central-1", "x@evil.example")),
      code: "KEY_SERVICE_BAD_KEY",
    },
    {
      name: "a key that is not there",
      key: (arn) => kmsKey(arn.replace("1234abcd", "9999abcd")),
      code: "KEY_SERVICE_MISSING_KEY",
    },
    {
      name: "a region where nobody answers",
      key: (arn) => kmsKey(arn.replace("eu-central-1", "eu-nowhere-1")),
      code: "KEY_SERVICE_UNREACHABLE",
    },
    {
      name: "a role that may not be taken",
      key: (arn) => kmsKey(arn, { role: `${ROLE}-2` }),
      code: "KEY_SERVICE_NO_CREDENTIALS",
      original: `failed to assume role '${ROLE}-2': operation error STS: AssumeRole, https response error StatusCode: 403, RequestID: c6104cbe, api error AccessDenied: User: ${ALICE.arn} is not authorized to perform: sts:AssumeRole on resource: ${ROLE}-2`,
    },
    {
      name: "a profile that is not there",
      key: (arn) => kmsKey(arn, { profile: "nope" }),
      code: "KEY_SERVICE_NO_CREDENTIALS",
      original: "could not load AWS config: failed to get shared config profile, nope",
    },
    { name: "an enc that is no base64", key: (arn) => withEnc(kmsKey(arn), "!!!!"), code: "KEY_SERVICE_BAD_DATA" },
    { name: "an empty enc", key: (arn) => kmsKey(arn), code: "KEY_SERVICE_BAD_DATA" },
    {
      name: "an enc of another key",
      key: (arn) => withEnc(kmsKey(arn), "QUJD".repeat(30)),
      code: "KEY_SERVICE_BAD_DATA",
    },
    { name: "an endless enc", key: (arn) => withEnc(kmsKey(arn), "QUJD".repeat(3000)), code: "KEY_SERVICE_BAD_DATA" },
  ])("refuses $name", async ({ key, code, original }) => {
    const { service, arn } = open();
    const named = key(arn);
    const enc = named.fields.get("enc") ?? (code === "KEY_SERVICE_BAD_DATA" ? "" : "QUJD".repeat(30));
    const error = await failureOf(service.decrypt(withEnc(named, String(enc))));
    expect(error.code).toBe(code);
    expect(error.details.join() + error.message).toContain(String(named.fields.get("arn")));
    if (original !== undefined) expect(error.original).toBe(original);
    expectNoSecret(error, SECRETS);
  });

  test.each<{ name: string; kms: (aws: FakeAws) => Answer; code: KeyServiceErrorCode; says: string; tries?: number }>([
    {
      name: "denies",
      kms: failing("AccessDeniedException", "User: x is not authorized"),
      code: "KEY_SERVICE_DENIED",
      says: "User: x is not authorized",
    },
    {
      name: "knows nobody of this name",
      kms: failing("UnrecognizedClientException"),
      code: "KEY_SERVICE_DENIED",
      says: "AWS_ACCESS_KEY_ID",
    },
    {
      name: "finds the credentials ended",
      kms: failing("ExpiredTokenException"),
      code: "KEY_SERVICE_DENIED",
      says: "log in again",
    },
    {
      name: "has it disabled",
      kms: failing("com.amazonaws.kms#DisabledException", "it is disabled."),
      code: "KEY_SERVICE_FAILED",
      says: "DisabledException",
    },
    {
      name: "throttles without end",
      kms: failing("ThrottlingException", "Rate exceeded"),
      code: "KEY_SERVICE_THROTTLED",
      says: "Rate exceeded",
      tries: 3,
    },
    {
      name: "fails inside without end",
      kms: failing("KMSInternalException", "", 500),
      code: "KEY_SERVICE_FAILED",
      says: "HTTP status 500",
      tries: 3,
    },
    {
      name: "names an error like nothing else",
      kms: failing("<script>", "x"),
      code: "KEY_SERVICE_FAILED",
      says: "UnknownError",
    },
    {
      name: "repeats what it was sent",
      kms:
        () =>
        ({ body, headers }) =>
          failing("X", `${body} ${headers.get("authorization")}`)(fakeAws())({} as RawRequest),
      code: "KEY_SERVICE_FAILED",
      says: "X",
    },
    {
      name: "gives an empty key",
      kms: () => () => ({ status: 200, body: '{"Plaintext":"","CiphertextBlob":""}' }),
      code: "KEY_SERVICE_BAD_ANSWER",
      says: "CiphertextBlob",
    },
    {
      name: "gives a number",
      kms: () => () => ({ status: 200, body: '{"CiphertextBlob":1}' }),
      code: "KEY_SERVICE_BAD_ANSWER",
      says: "CiphertextBlob",
    },
    {
      name: "gives a megabyte",
      kms: () => () => ({ status: 200, body: `{"CiphertextBlob":"${"QUJD".repeat(2500)}"}` }),
      code: "KEY_SERVICE_BAD_ANSWER",
      says: "CiphertextBlob",
    },
  ])("names a service that $name", async ({ kms, code, says, tries = 1 }) => {
    const { service, requests, arn } = open({ kms });
    const error = await failureOf(service.encrypt(kmsKey(arn), CANARY_DATA_KEY));
    expect(error.code).toBe(code);
    expect([error.message, ...error.details, ...error.hints].join("\n")).toContain(says);
    expect(requests).toHaveLength(tries);
    expectNoSecret(error, SECRETS);
  });

  test.each(Object.entries(TROUBLES))("names a service that %s", async (_, { answer, code }) => {
    const ports = testPorts({ fetch: fetchOf({ [KMS_HOST]: () => answer }), env: KEYS });
    const error = await failureOf(awsKms(ports).encrypt(kmsKey(fakeAws().keys[0]!.arn), CANARY_DATA_KEY));
    expect(error.code).toBe(code);
    expectNoSecret(error, SECRETS);
  });

  test("names a service that never answers, after three tries", async () => {
    let tries = 0;
    const silent: Fetch = (_, { signal }) =>
      new Promise((_resolve, reject) => {
        tries++;
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    const ports = testPorts({ fetch: silent, env: KEYS, hurry: false });
    const failed = failureOf(awsKms(ports).encrypt(kmsKey(fakeAws().keys[0]!.arn), CANARY_DATA_KEY));
    await ports.clock.advance(60_000);
    const error = await failed;
    expect([error.code, tries, ports.clock.pending]).toEqual(["KEY_SERVICE_TIMEOUT", 3, 0]);
    expectNoSecret(error, SECRETS);
  });

  test.each([
    { name: "fast", skewMs: 3_600_000 },
    { name: "slow", skewMs: -3_600_000 },
  ])("a clock that is an hour $name is put right by the service's own time", async ({ skewMs }) => {
    const { service, requests, arn, aws } = open();
    aws.skewMs = skewMs;
    const enc = await service.encrypt(kmsKey(arn), CANARY_DATA_KEY);
    expect(enc).not.toBe("");
    expect(requests).toHaveLength(2);
  });

  test("a wrong secret key is named, and asked for once", async () => {
    const { service, requests, arn } = open({ env: { ...KEYS, AWS_SECRET_ACCESS_KEY: "canary-wrong-secret" } });
    const error = await failureOf(service.encrypt(kmsKey(arn), CANARY_DATA_KEY));
    expect([error.code, requests.length]).toEqual(["KEY_SERVICE_DENIED", 1]);
    expect(error.original).toBe(
      "failed to encrypt sops data key with AWS KMS: operation error KMS: Encrypt, https response error StatusCode: 400, RequestID: 00000000-0000-4000-8000-000000000000, api error InvalidSignatureException: The request signature we calculated does not match the signature you provided.",
    );
    expectNoSecret(error, ["canary-wrong-secret", ...SECRETS]);
  });

  test("with credentials that are given, nothing else is looked at", async () => {
    const { ports, arn, requests } = open({
      env: { AWS_PROFILE: "nope", AWS_ENDPOINT_URL: "http://elsewhere.example" },
    });
    const service = awsKms({ ...ports, env: () => undefined }, { credentials: ALICE });
    const key = kmsKey(arn, { profile: "other" });
    expect(await service.decrypt(withEnc(key, await service.encrypt(key, CANARY_DATA_KEY)))).toEqual(CANARY_DATA_KEY);
    expect(ports.read).toEqual([]);
    expect(requests.map(({ host }) => host)).toEqual([KMS_HOST, KMS_HOST]);
  });

  test.each([
    { name: "a file of certificates", content: "-----BEGIN CERTIFICATE-----", code: undefined },
    { name: "a file that is none", content: "nothing", code: "KEY_SERVICE_UNREACHABLE" },
    { name: "no file", content: undefined, code: "KEY_SERVICE_UNREACHABLE" },
  ])("AWS_CA_BUNDLE names $name", async ({ content, code }) => {
    const { ports, arn } = open({ files: content === undefined ? {} : { "/ca.pem": content } });
    const trusted: unknown[] = [];
    const env = (name: string) => (name === "AWS_CA_BUNDLE" ? "/ca.pem" : ports.env(name));
    const fetchWith: typeof ports.fetchWith = (tls) => {
      trusted.push(tls);
      return ports.fetch;
    };
    const service = awsKms({ ...ports, env, fetchWith });
    const asked = service.encrypt(kmsKey(arn), CANARY_DATA_KEY);
    if (code === undefined) expect(await asked).not.toBe("");
    else expect((await failureOf(asked)).message).toContain("AWS_CA_BUNDLE");
    expect(trusted).toEqual(code === undefined ? [{ ca: content }] : []);
  });

  test("what versions before 3.3.0 encrypted with one value for all names is opened", async () => {
    const { service, arn } = open();
    const context = { a: "1", b: "2", c: "1" };
    const enc = await service.encrypt(kmsKey(arn, { context: { a: "2", b: "2", c: "2" } }), CANARY_DATA_KEY);
    expect(await service.decrypt(withEnc(kmsKey(arn, { context }), enc))).toEqual(CANARY_DATA_KEY);
    const other = await service.encrypt(kmsKey(arn, { context: { a: "3", b: "3", c: "3" } }), CANARY_DATA_KEY);
    const error = await failureOf(service.decrypt(withEnc(kmsKey(arn, { context }), other)));
    expect(error.code).toBe("KEY_SERVICE_BAD_DATA");
  });

  test("a property: every altered enc is refused", async () => {
    const { service, arn } = open();
    const key = kmsKey(arn, { context: { a: "1" } });
    const enc = Buffer.from(await service.encrypt(key, CANARY_DATA_KEY), "base64");
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: enc.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const altered = Buffer.from(enc);
        altered[at] = altered[at]! ^ change;
        const error = await failureOf(service.decrypt(withEnc(key, altered.toString("base64"))));
        expect(error.code).toBe("KEY_SERVICE_BAD_DATA");
      }),
      { numRuns: 30, seed: 5 },
    );
  });
});

describe("contextsOfOldVersions()", () => {
  test.each([
    { name: "no entries", context: {}, want: [] },
    { name: "one entry", context: { a: "1" }, want: [] },
    { name: "equal values", context: { a: "1", b: "1" }, want: [] },
    {
      name: "two values",
      context: { a: "1", b: "2" },
      want: [
        { a: "1", b: "1" },
        { a: "2", b: "2" },
      ],
    },
    {
      name: "too many values",
      context: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`n${at}`, `${at}`])),
      want: [],
    },
  ])("$name", ({ context, want }) => {
    const found = contextsOfOldVersions(new Map(Object.entries(context)));
    expect(found.map((map) => Object.fromEntries(map))).toEqual(want);
  });
});
