import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { findCredentials } from "../../../../src/kms/aws/credentials/chain.ts";
import { remembered } from "../../../../src/kms/aws/credentials/remembered.ts";
import { roleSessionName } from "../../../../src/kms/aws/credentials/session-name.ts";
import { parseSections, readSharedFiles } from "../../../../src/kms/aws/credentials/shared-files.ts";
import { endpointOf } from "../../../../src/kms/aws/endpoint.ts";
import { ALICE, fakeAws } from "../../../helpers/fakes/aws.ts";
import { answerEcs, answerImds, answerSso, METADATA_CREDENTIALS } from "../../../helpers/fakes/aws-metadata.ts";
import { type RawRequest, rawFetch } from "../../../helpers/fakes/raw-server.ts";
import { testPorts } from "../../../helpers/kms-ports.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 10);
const ROLE = "arn:aws:iam::111122223333:role/sops";
const SECRET = "canary-secret-access-key";
const KEYS = { AWS_ACCESS_KEY_ID: "AKIAENV", AWS_SECRET_ACCESS_KEY: SECRET };
const OFF = { AWS_EC2_METADATA_DISABLED: "true" };
const profile = (name: string, ...lines: string[]) => [`[${name}]`, ...lines, ""].join("\n");
const ownKeys = (id: string) => [`aws_access_key_id = ${id}`, `aws_secret_access_key = ${SECRET}`];
const alice = [`aws_access_key_id = ${ALICE.accessKeyId}`, `aws_secret_access_key = ${ALICE.secretAccessKey}`];

interface Row {
  readonly name: string;
  readonly env?: Record<string, string>;
  readonly config?: string;
  readonly credentials?: string;
  readonly files?: Record<string, string>;
  readonly profile?: string;
  readonly run?: string;
  readonly imds?: "role" | "no role" | "v1 only" | "broken";
}

async function look(row: Row) {
  const aws = fakeAws("eu-central-1", () => NOW_MS);
  aws.roles.push({
    arn: ROLE,
    trusts: [ALICE.arn],
    tokens: ["web-token"],
    externalId: row.config?.includes("external_id") ? "ext" : "",
  });
  const requests: (RawRequest & { host: string })[] = [];
  const imds =
    row.imds === undefined ? {} : { "169.254.169.254": answerImds(row.imds), "[fd00:ec2::254]": answerImds(row.imds) };
  const fetch = rawFetch(
    {
      "sts.eu-central-1.amazonaws.com": (request) => aws.answer(request),
      "169.254.170.2": answerEcs("/v2/credentials/x", undefined),
      "169.254.170.23": answerEcs("/v1/credentials", "pod-token"),
      "localhost:8080": answerEcs("/own", "own-token"),
      "portal.sso.eu-west-1.amazonaws.com": answerSso("sso-token"),
      ...imds,
    },
    requests,
  );
  const ports = {
    ...testPorts({
      fetch,
      env: row.env ?? {},
      files: {
        ...(row.config === undefined ? {} : { "/home/tester/.aws/config": row.config }),
        ...(row.credentials === undefined ? {} : { "/home/tester/.aws/credentials": row.credentials }),
        ...row.files,
      },
      startMs: NOW_MS,
    }),
    ...(row.run === undefined
      ? {}
      : {
          run: async (line: string) =>
            line === "get-keys --now"
              ? { kind: "ended" as const, stdout: new TextEncoder().encode(row.run) }
              : { kind: "failed" as const, problem: "get-keys cannot be started: ENOENT" },
        }),
  };
  const files = await readSharedFiles(ports);
  const result = await findCredentials({ ports, files, region: "eu-central-1", profile: row.profile });
  return { result, requests };
}

const ssoCache = (name: string, expiresAt: string) => ({
  [`/home/tester/.aws/sso/cache/${createHash("sha1").update(name).digest("hex")}.json`]: JSON.stringify({
    accessToken: "sso-token",
    expiresAt,
  }),
});
const SSO_SESSION = [
  profile("profile s", "sso_session = corp", "sso_account_id = 111122223333", "sso_role_name = dev"),
  profile("sso-session corp", "sso_region = eu-west-1", "sso_start_url = https://corp.awsapps.com/start"),
].join("");

describe("findCredentials() finds", () => {
  test.each<Row & { id: string | RegExp }>([
    { name: "keys of the environment", env: KEYS, id: "AKIAENV" },
    {
      name: "the environment before the profile that it names",
      env: { ...KEYS, AWS_PROFILE: "p" },
      credentials: profile("p", ...ownKeys("AKIAP")),
      id: "AKIAENV",
    },
    {
      name: "a profile that was asked for before the environment",
      env: KEYS,
      profile: "p",
      credentials: profile("p", ...ownKeys("AKIAP")),
      id: "AKIAP",
    },
    {
      name: "the profile of the environment",
      env: { AWS_PROFILE: "p" },
      config: profile("profile p", ...ownKeys("AKIAP")),
      id: "AKIAP",
    },
    { name: "the profile default", credentials: profile("default", ...ownKeys("AKIADEF")), id: "AKIADEF" },
    {
      name: "the credentials file before the config file",
      config: profile("default", ...ownKeys("AKIACFG")),
      credentials: profile("default", ...ownKeys("AKIACRED")),
      id: "AKIACRED",
    },
    {
      name: "files that the environment names",
      env: { AWS_SHARED_CREDENTIALS_FILE: "/c" },
      files: { "/c": profile("default", ...ownKeys("AKIAC")) },
      id: "AKIAC",
    },
    {
      name: "a role by a source profile",
      profile: "r",
      config: profile("profile r", `role_arn = ${ROLE}`, "source_profile = default") + profile("default", ...alice),
      id: /^ASIA/,
    },
    {
      name: "a role by its own keys",
      profile: "r",
      config: profile("profile r", `role_arn = ${ROLE}`, "source_profile = r", ...alice),
      id: /^ASIA/,
    },
    {
      name: "a role with an external id",
      profile: "r",
      config:
        profile("profile r", `role_arn = ${ROLE}`, "external_id = ext", "source_profile = default") +
        profile("default", ...alice),
      id: /^ASIA/,
    },
    {
      name: "a role by the environment",
      profile: "r",
      env: { AWS_ACCESS_KEY_ID: ALICE.accessKeyId, AWS_SECRET_ACCESS_KEY: ALICE.secretAccessKey },
      config: profile("profile r", `role_arn = ${ROLE}`, "credential_source = Environment"),
      id: /^ASIA/,
    },
    {
      name: "a web identity of the environment",
      env: { AWS_WEB_IDENTITY_TOKEN_FILE: "/t", AWS_ROLE_ARN: ROLE },
      files: { "/t": "web-token\n" },
      id: /^ASIA/,
    },
    {
      name: "a web identity of a profile",
      profile: "w",
      config: profile("profile w", `role_arn = ${ROLE}`, "web_identity_token_file = /t"),
      files: { "/t": "web-token" },
      id: /^ASIA/,
    },
    {
      name: "those of an ECS task",
      env: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/x" },
      id: METADATA_CREDENTIALS.AccessKeyId,
    },
    {
      name: "those of an EKS pod",
      env: {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/pod",
      },
      files: { "/pod": "pod-token" },
      id: METADATA_CREDENTIALS.AccessKeyId,
    },
    {
      name: "those of an agent on loopback",
      env: {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://localhost:8080/own",
        AWS_CONTAINER_AUTHORIZATION_TOKEN: "own-token",
      },
      id: METADATA_CREDENTIALS.AccessKeyId,
    },
    { name: "those of an EC2 machine", imds: "role", id: METADATA_CREDENTIALS.AccessKeyId },
    {
      name: "those of an EC2 machine by IPv6",
      env: { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "IPv6" },
      imds: "role",
      id: METADATA_CREDENTIALS.AccessKeyId,
    },
    {
      name: "those of somebody who signed in",
      profile: "s",
      config: SSO_SESSION,
      files: ssoCache("corp", "2026-11-21T18:00:00Z"),
      id: METADATA_CREDENTIALS.AccessKeyId,
    },
    {
      name: "those of somebody who signed in the old way",
      profile: "s",
      config: profile(
        "profile s",
        "sso_start_url = https://corp/start",
        "sso_region = eu-west-1",
        "sso_account_id = 111122223333",
        "sso_role_name = dev",
      ),
      files: ssoCache("https://corp/start", "2026-11-21T18:00:00Z"),
      id: METADATA_CREDENTIALS.AccessKeyId,
    },
    {
      name: "those that a program prints",
      profile: "x",
      config: profile("profile x", "credential_process = get-keys --now"),
      run: JSON.stringify({ Version: 1, AccessKeyId: "AKIAPRG", SecretAccessKey: SECRET }),
      id: "AKIAPRG",
    },
  ])("$name", async ({ id, ...row }) => {
    const { result } = await look(row);
    expect(result).toMatchObject({
      kind: "found",
      credentials: { accessKeyId: typeof id === "string" ? id : expect.stringMatching(id) },
    });
  });
});

describe("findCredentials() says why there are none", () => {
  test.each<Row & { kind: "none" | "broken"; says: string }>([
    { name: "nothing is set up", env: OFF, kind: "none", says: "disabled by AWS_EC2_METADATA_DISABLED" },
    {
      name: "half a key in the environment",
      env: { ...OFF, AWS_ACCESS_KEY_ID: "AKIA" },
      kind: "none",
      says: "AWS_SECRET_ACCESS_KEY is not set",
    },
    {
      name: "a profile that is not there",
      env: KEYS,
      profile: "nope",
      kind: "broken",
      says: "there is no such profile",
    },
    {
      name: "a profile of the environment that is not there",
      env: { ...KEYS, AWS_PROFILE: "nope" },
      kind: "broken",
      says: "there is no such profile",
    },
    {
      name: "half a key in a profile",
      profile: "p",
      config: profile("profile p", "aws_access_key_id = AKIA"),
      kind: "broken",
      says: "one half of an access key",
    },
    {
      name: "source profiles in a circle",
      profile: "a",
      config:
        profile("profile a", `role_arn = ${ROLE}`, "source_profile = b") +
        profile("profile b", `role_arn = ${ROLE}`, "source_profile = a"),
      kind: "broken",
      says: "in a circle",
    },
    {
      name: "a source profile that is not there",
      profile: "a",
      config: profile("profile a", `role_arn = ${ROLE}`, "source_profile = b"),
      kind: "broken",
      says: 'profile "b"',
    },
    {
      name: "a role without a source",
      profile: "a",
      config: profile("profile a", `role_arn = ${ROLE}`),
      kind: "broken",
      says: "neither source_profile nor credential_source",
    },
    {
      name: "an unknown source",
      profile: "a",
      config: profile("profile a", `role_arn = ${ROLE}`, "credential_source = Magic"),
      kind: "broken",
      says: "is none of Environment",
    },
    {
      name: "a role that wants a code",
      profile: "a",
      config: profile("profile a", `role_arn = ${ROLE}`, "source_profile = a", "mfa_serial = x", ...alice),
      kind: "broken",
      says: "MFA",
    },
    {
      name: "a session of aws login",
      profile: "a",
      config: profile("profile a", "login_session = arn:aws:iam::111122223333:user/a"),
      kind: "broken",
      says: "aws login",
    },
    {
      name: "a role that may not be taken",
      profile: "r",
      config: profile("profile r", `role_arn = ${ROLE}-2`, "source_profile = default") + profile("default", ...alice),
      kind: "broken",
      says: "AccessDenied",
    },
    {
      name: "a duration that is no number",
      profile: "r",
      config:
        profile("profile r", `role_arn = ${ROLE}`, "duration_seconds = long", "source_profile = default") +
        profile("default", ...alice),
      kind: "broken",
      says: "no number",
    },
    {
      name: "a token file that is not there",
      env: { AWS_WEB_IDENTITY_TOKEN_FILE: "/t", AWS_ROLE_ARN: ROLE },
      kind: "broken",
      says: '"/t" cannot be read',
    },
    {
      name: "a web identity without a role",
      env: { AWS_WEB_IDENTITY_TOKEN_FILE: "/t" },
      kind: "broken",
      says: "AWS_ROLE_ARN",
    },
    {
      name: "a token that nobody takes",
      env: { AWS_WEB_IDENTITY_TOKEN_FILE: "/t", AWS_ROLE_ARN: ROLE },
      files: { "/t": "canary-token" },
      kind: "broken",
      says: "InvalidIdentityToken",
    },
    {
      name: "a container path that leads elsewhere",
      env: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "@evil.example/" },
      kind: "broken",
      says: "slash",
    },
    {
      name: "a foreign host without TLS",
      env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://evil.example/" },
      kind: "broken",
      says: "evil.example is not allowed without TLS",
    },
    {
      name: "a host that only looks like loopback",
      env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://127.0.0.1.evil.example/" },
      kind: "broken",
      says: "not allowed",
    },
    {
      name: "a file for an address",
      env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "file:///etc/passwd" },
      kind: "broken",
      says: "not allowed",
    },
    {
      name: "a user name in the address",
      env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "https://canary-user@x.example/" },
      kind: "broken",
      says: "user name",
    },
    {
      name: "a container that does not take the token",
      env: {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://localhost:8080/own",
        AWS_CONTAINER_AUTHORIZATION_TOKEN: "canary-token",
      },
      kind: "broken",
      says: "HTTP status 401",
    },
    {
      name: "a token with a line break",
      env: {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://localhost:8080/own",
        AWS_CONTAINER_AUTHORIZATION_TOKEN: "canary\r\nx: y",
      },
      kind: "broken",
      says: "line break",
    },
    {
      name: "a token file that is not there",
      env: {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://localhost:8080/own",
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/no",
      },
      kind: "broken",
      says: "cannot be read",
    },
    { name: "a machine that is none of EC2", kind: "none", says: "no such host" },
    { name: "a machine without a role", imds: "no role", kind: "none", says: "no role" },
    { name: "a metadata service of version 1", imds: "v1 only", kind: "none", says: "no session" },
    { name: "a metadata service that answers nonsense", imds: "broken", kind: "broken", says: "no credentials" },
    {
      name: "a sign-in that has ended",
      profile: "s",
      config: SSO_SESSION,
      files: ssoCache("corp", "2026-11-21T09:00:00Z"),
      kind: "broken",
      says: "nobody is signed in",
    },
    { name: "nobody who signed in", profile: "s", config: SSO_SESSION, kind: "broken", says: "nobody is signed in" },
    {
      name: "a sign-in session that is not there",
      profile: "s",
      config: profile("profile s", "sso_session = corp"),
      kind: "broken",
      says: "[sso-session corp]",
    },
    {
      name: "a program that does not start",
      profile: "x",
      config: profile("profile x", "credential_process = get-keys"),
      run: "",
      kind: "broken",
      says: "ENOENT",
    },
    {
      name: "a program that prints nonsense",
      profile: "x",
      config: profile("profile x", "credential_process = get-keys --now"),
      run: SECRET,
      kind: "broken",
      says: "no credentials",
    },
    {
      name: "a program where none are run",
      profile: "x",
      env: OFF,
      config: profile("profile x", "credential_process = get-keys --now"),
      kind: "none",
      says: "no programs are run here",
    },
  ])("$name", async ({ kind, says, ...row }) => {
    const { result } = await look(row);
    expect(result.kind).toBe(kind);
    expect(JSON.stringify(result).replaceAll("\\", "")).toContain(says);
    expect(JSON.stringify(result)).not.toMatch(/canary-(?!user)|canary\r/);
  });
});

describe("remembered()", () => {
  const credentials = (expires?: number) => ({
    kind: "found" as const,
    credentials: {
      accessKeyId: "A",
      secretAccessKey: "S",
      where: "w",
      ...(expires === undefined ? {} : { expires: new Date(expires) }),
    },
  });

  test("calls at the same time share one look, and lasting credentials are looked for once", async () => {
    let looks = 0;
    const ask = remembered(
      async () => {
        looks++;
        return credentials();
      },
      () => new Date(0),
    );
    await Promise.all([ask(), ask(), ask()]);
    await ask();
    expect(looks).toBe(1);
  });

  test("credentials are renewed five minutes before they end, and serve on when that fails", async () => {
    let [nowMs, looks, fails] = [0, 0, false];
    const look = async () => {
      looks++;
      return fails ? { kind: "broken" as const, where: "w", problem: "p" } : credentials(nowMs + 3_600_000);
    };
    const ask = remembered(look, () => new Date(nowMs));
    await ask();
    nowMs = 3_299_000;
    await ask();
    expect(looks).toBe(1);
    nowMs = 3_301_000;
    fails = true;
    expect((await ask()).kind).toBe("found");
    nowMs = 3_600_001;
    expect((await ask()).kind).toBe("broken");
    fails = false;
    expect((await ask()).kind).toBe("found");
    expect(looks).toBe(4);
  });
});

describe("parseSections()", () => {
  test.each([
    { name: "comments and blanks", text: "# c\n[a]\n; c\nK = v # c\n\nk2=v#2", want: { a: { k: "v", k2: "v#2" } } },
    {
      name: "settings of settings",
      text: "[a]\ns3 =\n  endpoint_url = x\n  other=y\nk=v",
      want: { a: { s3: "", "s3.endpoint_url": "x", "s3.other": "y", k: "v" } },
    },
    { name: "what stands before any section", text: "k=v\n[a]", want: { a: {} } },
    { name: "a section twice", text: "[a]\nk=1\n[b]\n[a]\nl=2", want: { a: { k: "1", l: "2" }, b: {} } },
    { name: "odd names", text: "[__proto__]\nconstructor=1\r\n", want: { ["__proto__"]: { constructor: "1" } } },
    { name: "nonsense", text: "\0\0[[[\n]]]=\n", want: {} },
  ])("$name", ({ text, want }) => {
    const got = Object.fromEntries(
      [...parseSections(text)].map(([title, settings]) => [title, Object.fromEntries(settings)]),
    );
    expect(got).toEqual(want);
  });
});

describe("roleSessionName()", () => {
  test.each([
    ["vm", "sops@vm"],
    ["my-host.example", "sops@myhost.example"],
    ["ünï[x]", "sops@n[x]"],
    ["x".repeat(80), `sops@${"x".repeat(59)}`],
  ])("%s", (hostname, want) => {
    expect(roleSessionName(hostname)).toBe(want);
  });
});

describe("endpointOf()", () => {
  test.each<{ env: Record<string, string>; region: string; service?: "kms" | "sts" | "s3"; want: string | undefined }>([
    { env: {}, region: "eu-central-1", want: "https://kms.eu-central-1.amazonaws.com/" },
    { env: {}, region: "cn-north-1", want: "https://kms.cn-north-1.amazonaws.com.cn/" },
    { env: {}, region: "us-gov-west-1", want: "https://kms.us-gov-west-1.amazonaws.com/" },
    { env: {}, region: "us-iso-east-1", want: "https://kms.us-iso-east-1.c2s.ic.gov/" },
    { env: {}, region: "us-isob-east-1", want: "https://kms.us-isob-east-1.sc2s.sgov.gov/" },
    { env: { AWS_USE_FIPS_ENDPOINT: "true" }, region: "us-east-1", want: "https://kms-fips.us-east-1.amazonaws.com/" },
    { env: { AWS_USE_DUALSTACK_ENDPOINT: "true" }, region: "us-east-1", want: "https://kms.us-east-1.api.aws/" },
    {
      env: { AWS_USE_DUALSTACK_ENDPOINT: "true" },
      region: "us-east-1",
      service: "s3",
      want: "https://s3.dualstack.us-east-1.amazonaws.com/",
    },
    {
      env: { AWS_ENDPOINT_URL: "http://a.example", AWS_ENDPOINT_URL_KMS: "http://b.example/x" },
      region: "us-east-1",
      want: "http://b.example/x",
    },
    {
      env: { AWS_ENDPOINT_URL: "http://a.example", AWS_ENDPOINT_URL_KMS: "http://b.example" },
      region: "us-east-1",
      service: "sts",
      want: "http://a.example/",
    },
    {
      env: { AWS_ENDPOINT_URL: "http://a.example", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" },
      region: "us-east-1",
      want: "https://kms.us-east-1.amazonaws.com/",
    },
    { env: { AWS_ENDPOINT_URL: "ftp://a.example" }, region: "us-east-1", want: undefined },
    { env: { AWS_ENDPOINT_URL: "http://user@a.example" }, region: "us-east-1", want: undefined },
  ])("$env $region", ({ env, region, service = "kms", want }) => {
    expect(endpointOf(testPorts({ env }), service, region)?.href).toBe(want);
  });
});
