import { describe, expect, test } from "vitest";
import { getObject, putObject, type S3Location } from "../../../../src/kms/aws/s3.ts";
import { ALICE, fakeAws } from "../../../helpers/fakes/aws.ts";
import { expectNoSecret, failureOf } from "../../../helpers/fakes/key-failure.ts";
import { type RawAnswer, type RawRequest, rawFetch } from "../../../helpers/fakes/raw-server.ts";
import { testPorts } from "../../../helpers/kms-ports.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 10);
const ENV = {
  AWS_ACCESS_KEY_ID: ALICE.accessKeyId,
  AWS_SECRET_ACCESS_KEY: ALICE.secretAccessKey,
  AWS_REGION: "eu-central-1",
  AWS_EC2_METADATA_DISABLED: "true",
};
const BODY = new TextEncoder().encode("canary-content: ENC[…]\n");

/** The bucket in the host name is the same as the bucket in the path. */
const virtualHost =
  (bucket: string, answer: (request: RawRequest) => RawAnswer) =>
  (request: RawRequest): RawAnswer => {
    const { status, body = "" } = answer(request);
    // The fake takes buckets from the path only, and the signature is over the path as sent: so it says which one it misses.
    return status === 404 && String(body).includes("NoSuchBucket")
      ? { status: 200, body: `host of ${bucket}` }
      : { status, body };
  };

function open(env: Record<string, string> = ENV, files: Record<string, string> = {}) {
  const aws = fakeAws("eu-central-1", () => NOW_MS);
  aws.buckets.set("deploy.example", new Map());
  aws.buckets.set("deploy", new Map());
  const requests: (RawRequest & { host: string })[] = [];
  const answer = (request: RawRequest) => aws.answer(request);
  const hosts = {
    "s3.eu-central-1.amazonaws.com": answer,
    "deploy.s3.eu-central-1.amazonaws.com": virtualHost("deploy", answer),
    "minio.example:9000": answer,
  };
  return { aws, requests, ports: testPorts({ fetch: rawFetch(hosts, requests), env, files, startMs: NOW_MS }) };
}

describe("putObject() and getObject()", () => {
  test.each([
    {
      name: "a bucket with dots",
      bucket: "deploy.example",
      key: "prod/db.enc.yaml",
      path: "/deploy.example/prod/db.enc.yaml",
    },
    {
      name: "a name with odd characters",
      bucket: "deploy.example",
      key: "a b+c/ü~'(1).yaml",
      path: "/deploy.example/a%20b%2Bc/%C3%BC~%27%281%29.yaml",
    },
    {
      name: "a name with a percent sign",
      bucket: "deploy.example",
      key: "100%25.yaml",
      path: "/deploy.example/100%2525.yaml",
    },
    { name: "a name with empty parts", bucket: "deploy.example", key: "a//b", path: "/deploy.example/a//b" },
  ])("$name", async ({ bucket, key, path }) => {
    const { ports, requests, aws } = open();
    expect(await getObject(ports, { bucket, key })).toBeUndefined();
    await putObject(ports, { bucket, key }, BODY, { contentType: "application/yaml" });
    expect(await getObject(ports, { bucket, key })).toEqual(BODY);
    expect(new Set(requests.map(({ target }) => target))).toEqual(new Set([path]));
    expect(aws.buckets.get(bucket)?.get(key)?.headers.get("content-type")).toBe("application/yaml");
  });

  test("a bucket without dots is part of the host name", async () => {
    const { ports, requests } = open();
    await putObject(ports, { bucket: "deploy", key: "a/b" }, BODY);
    expect(requests.map(({ host, target }) => host + target)).toEqual(["deploy.s3.eu-central-1.amazonaws.com/a/b"]);
  });

  test("a server of one's own gets the bucket in the path", async () => {
    const { ports, requests } = open({ ...ENV, AWS_ENDPOINT_URL_S3: "http://minio.example:9000" });
    await putObject(ports, { bucket: "deploy", key: "a/b" }, new Uint8Array());
    expect(requests.map(({ host, target }) => host + target)).toEqual(["minio.example:9000/deploy/a/b"]);
  });

  test("region, keys and address of a profile", async () => {
    const config = [
      ...["[profile p]", "region = eu-central-1", "services = own", `aws_access_key_id = ${ALICE.accessKeyId}`],
      ...[
        `aws_secret_access_key = ${ALICE.secretAccessKey}`,
        "[services own]",
        "s3 =",
        "  endpoint_url = http://minio.example:9000",
      ],
    ].join("\n");
    const { ports, requests } = open({ AWS_PROFILE: "p" }, { "/home/tester/.aws/config": config });
    await putObject(ports, { bucket: "deploy", key: "x" }, BODY);
    expect(requests.map(({ host }) => host)).toEqual(["minio.example:9000"]);
  });

  test.each<{ name: string; at?: Partial<S3Location>; env?: Record<string, string>; code: string; says: string }>([
    { name: "no region", env: { ...ENV, AWS_REGION: "" }, code: "KEY_SERVICE_BAD_SETTINGS", says: "AWS_REGION" },
    {
      name: "a host for a region",
      env: { ...ENV, AWS_REGION: "evil.example/" },
      code: "KEY_SERVICE_BAD_SETTINGS",
      says: "region",
    },
    {
      name: "no credentials",
      env: { AWS_REGION: "eu-central-1", AWS_EC2_METADATA_DISABLED: "true" },
      code: "KEY_SERVICE_NO_CREDENTIALS",
      says: "AWS_ACCESS_KEY_ID: not set",
    },
    {
      name: "a wrong secret",
      env: { ...ENV, AWS_SECRET_ACCESS_KEY: "canary-wrong" },
      code: "KEY_SERVICE_DENIED",
      says: "SignatureDoesNotMatch",
    },
    { name: "no such bucket", at: { bucket: "other.example" }, code: "KEY_SERVICE_MISSING_KEY", says: "NoSuchBucket" },
    { name: "a bucket that is none", at: { bucket: "a/b" }, code: "KEY_SERVICE_BAD_KEY", says: "bucket" },
    { name: "a bucket that climbs", at: { bucket: "..x" }, code: "KEY_SERVICE_BAD_KEY", says: "bucket" },
    { name: "no name", at: { key: "" }, code: "KEY_SERVICE_BAD_KEY", says: "empty" },
    { name: "a name that climbs", at: { key: "a/../../other" }, code: "KEY_SERVICE_BAD_KEY", says: '".."' },
    {
      name: "an address that is none",
      env: { ...ENV, AWS_ENDPOINT_URL: "::" },
      code: "KEY_SERVICE_BAD_SETTINGS",
      says: "AWS_ENDPOINT_URL",
    },
    {
      name: "nobody there",
      env: { ...ENV, AWS_ENDPOINT_URL: "http://gone.example" },
      code: "KEY_SERVICE_UNREACHABLE",
      says: "gone.example",
    },
  ])("$name is named", async ({ at, env, code, says }) => {
    const { ports } = open(env);
    const error = await failureOf(putObject(ports, { bucket: "deploy.example", key: "k", ...at }, BODY));
    expect(error.code).toBe(code);
    expect([error.message, ...error.details, ...error.hints].join("\n")).toContain(says);
    expectNoSecret(error, [ALICE.secretAccessKey, "canary"]);
  });

  test("an object that is too long is not read", async () => {
    const { ports } = open();
    const at = { bucket: "deploy.example", key: "k" };
    await putObject(ports, at, BODY);
    expect((await failureOf(getObject(ports, at, { maxBytes: 5 }))).code).toBe("KEY_SERVICE_BAD_ANSWER");
  });

  test("a bucket of another region is told", async () => {
    const fetch = rawFetch({
      "s3.eu-central-1.amazonaws.com": () => ({
        status: 301,
        headers: { "x-amz-bucket-region": "us-west-2" },
        body: "<Error><Code>PermanentRedirect</Code></Error>",
      }),
    });
    const error = await failureOf(putObject(testPorts({ fetch, env: ENV }), { bucket: "a.b", key: "k" }, BODY));
    expect(error.hints).toEqual(["the bucket is in us-west-2: export AWS_REGION=us-west-2"]);
  });
});
