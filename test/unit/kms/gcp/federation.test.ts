import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { gcpKms } from "../../../../src/kms/gcp/gcp-kms.ts";
import type { KmsPorts } from "../../../../src/kms/ports.ts";
import type { MasterKey } from "../../../../src/sops/index.ts";
import {
  type FakeGoogleOptions,
  fakeGoogleExchange,
  fakeGoogleImpersonation,
  fakeGoogleKms,
} from "../../../helpers/fakes/google.ts";
import { CANARY_DATA_KEY, CANARY_TEXTS, expectNoSecret, failureOf } from "../../../helpers/fakes/key-failure.ts";
import { checkSigV4, type Principal } from "../../../helpers/fakes/sigv4-check.ts";
import { fetchOf, type Service } from "../../../helpers/fakes/wire.ts";
import { testPorts } from "../../../helpers/kms-ports.ts";
import { makeSealingKey } from "../../../helpers/sealing-keys.ts";

const RESOURCE = "projects/p/locations/global/keyRings/r/cryptoKeys/k";
const KEY: MasterKey = { type: "gcp_kms", fields: new Map([["resource_id", RESOURCE]]) };
const NOW_MS = Date.UTC(2026, 5, 1);
const TOKEN = "canary-subject-token";
const AUDIENCE = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x";
const JWT = "urn:ietf:params:oauth:token-type:jwt";
const ALLOWED = { GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: "1" };
const SECRETS = [TOKEN, "canary-secret", "canary-session", ...CANARY_TEXTS];

interface World {
  readonly source: object;
  readonly file?: object;
  readonly env?: object;
  readonly files?: object;
  readonly services?: Readonly<Record<string, Service>>;
  readonly run?: KmsPorts["run"];
  readonly federation?: Partial<NonNullable<FakeGoogleOptions["federation"]>>;
}

function open({ source, file = {}, env = {}, files = {}, services = {}, run, federation = {} }: World) {
  const type = "subject_token_type" in file ? String(file.subject_token_type) : JWT;
  const google: FakeGoogleOptions = {
    token: "ya29.canary-access-token",
    keys: [RESOURCE],
    federation: { audience: AUDIENCE, subjectTokenType: type, subjectToken: TOKEN, ...federation },
  };
  const connections: unknown[] = [];
  const credentials = {
    ...{ type: "external_account", audience: AUDIENCE, subject_token_type: JWT, credential_source: source },
    ...file,
  };
  const fetch = fetchOf({
    "cloudkms.googleapis.com": fakeGoogleKms(google),
    "sts.googleapis.com": fakeGoogleExchange(google),
    "sts.mtls.googleapis.com": fakeGoogleExchange(google),
    "iamcredentials.googleapis.com": fakeGoogleImpersonation(google),
    ...services,
  });
  const variables = { GOOGLE_CREDENTIALS: JSON.stringify(credentials), ...(env as Record<string, string>) };
  const base = testPorts({ fetch, env: variables, files: files as Record<string, string>, startMs: NOW_MS });
  const fetchWith: KmsPorts["fetchWith"] = (settings) => {
    connections.push(settings);
    return fetch;
  };
  const ports = { ...base, fetchWith, ...(run === undefined ? {} : { run }) };
  return { encrypt: () => gcpKms(ports).encrypt(KEY, CANARY_DATA_KEY), connections };
}

const printed = (more: object = {}) =>
  JSON.stringify({
    ...{ version: 1, success: true, token_type: JWT, id_token: TOKEN, expiration_time: NOW_MS / 1000 + 60 },
    ...more,
  });

function program(stdout: string): { run: NonNullable<KmsPorts["run"]>; calls: unknown[] } {
  const calls: unknown[] = [];
  const run: KmsPorts["run"] = async (...call) => {
    calls.push(call);
    return { kind: "ended", stdout: new TextEncoder().encode(stdout) };
  };
  return { run, calls };
}

describe("a program as the source of an external account", () => {
  const source = { executable: { command: `/opt/get-token --for "a b"`, timeout_millis: 7000, output_file: "/kept" } };

  test("is started without a shell, with what it has to know", async () => {
    const { run, calls } = program(printed());
    const file = {
      service_account_impersonation_url:
        "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/robot@p.iam:generateAccessToken",
      service_account_impersonation: { token_lifetime_seconds: 900 },
    };
    const federation = { impersonated: "robot@p.iam", lifetime: "900s" };
    await open({ source, file, run, env: ALLOWED, federation }).encrypt();
    // Quotes are nothing special: the words are parted by blanks.
    const line = `/opt/get-token --for '"a' 'b"'`;
    const env = {
      GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE: AUDIENCE,
      GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE: JWT,
      GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE: "0",
      GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL: "robot@p.iam",
      GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE: "/kept",
    };
    expect(calls).toEqual([[line, { timeoutMs: 7000, isUnattended: true, env }]]);
  });

  test.each([
    { name: "nothing", kept: undefined, runs: 1 },
    { name: "an empty file", kept: "", runs: 1 },
    { name: "a token", kept: printed(), runs: 0 },
    { name: "a token that has ended", kept: printed({ expiration_time: NOW_MS / 1000 }), runs: 1 },
    { name: "a refusal", kept: JSON.stringify({ version: 1, success: false, code: "1", message: "m" }), runs: 1 },
  ])("is started $runs times when it kept $name", async ({ kept, runs }) => {
    const { run, calls } = program(printed());
    await open({ source, run, env: ALLOWED, files: kept === undefined ? {} : { "/kept": kept } }).encrypt();
    expect(calls).toHaveLength(runs);
  });

  test("may print SAML, and no end where it keeps nothing", async () => {
    const type = "urn:ietf:params:oauth:token-type:saml2";
    const answer = printed({ token_type: type, id_token: undefined, saml_response: TOKEN, expiration_time: undefined });
    const { run } = program(answer);
    const bare = { executable: { command: "x" } };
    await open({ source: bare, file: { subject_token_type: type }, run, env: ALLOWED }).encrypt();
  });

  test.each([
    { name: "the user does not allow it", env: {}, code: "KEY_SERVICE_NOT_ALLOWED", says: "ALLOW_EXECUTABLES=1" },
    { name: "it is no JSON", stdout: TOKEN, code: "KEY_SERVICE_BAD_ANSWER" },
    { name: "the version is another", stdout: printed({ version: 2 }), code: "KEY_SERVICE_BAD_ANSWER" },
    { name: "success is not said", stdout: printed({ success: "true" }), code: "KEY_SERVICE_BAD_ANSWER" },
    {
      name: "it does not say the end",
      stdout: printed({ expiration_time: undefined }),
      code: "KEY_SERVICE_BAD_ANSWER",
    },
    { name: "the end is a text", stdout: printed({ expiration_time: "1" }), code: "KEY_SERVICE_BAD_ANSWER" },
    { name: "it has ended", stdout: printed({ expiration_time: 1 }), code: "KEY_SERVICE_NO_CREDENTIALS" },
    { name: "the type is unknown", stdout: printed({ token_type: "x" }), code: "KEY_SERVICE_BAD_ANSWER" },
    { name: "there is no token", stdout: printed({ id_token: undefined }), code: "KEY_SERVICE_BAD_ANSWER" },
    {
      name: "it says no",
      stdout: JSON.stringify({ version: 1, success: false, code: "401", message: "Caller\u0007 not\nauthorized." }),
      code: "KEY_SERVICE_NO_CREDENTIALS",
      says: "(401) Caller not authorized.",
    },
    { name: "what it kept is rubbish", kept: TOKEN, code: "KEY_SERVICE_BAD_ANSWER", says: "output_file" },
  ])("is refused when $name", async ({ env = ALLOWED, stdout = printed(), kept, code, says = "" }) => {
    const { run } = program(stdout);
    const files = kept === undefined ? {} : { "/kept": kept };
    const error = await failureOf(open({ source, run, env, files }).encrypt());
    expect(error.code).toBe(code);
    expect([error.message, ...error.hints].join("\n")).toContain(says);
    expectNoSecret(error, SECRETS);
  });

  test("is refused where no programs may be started, and when it fails", async () => {
    expect((await failureOf(open({ source, env: ALLOWED }).encrypt())).code).toBe("KEY_SERVICE_NOT_ALLOWED");
    const run: KmsPorts["run"] = async () => ({ kind: "failed", problem: "get-token did not end within 7 s" });
    const error = await failureOf(open({ source, env: ALLOWED, run }).encrypt());
    expect(error.message).toContain("did not end within 7 s");
  });
});

describe("AWS as the source of an external account", () => {
  const alice: Principal = { accessKeyId: "AKIDALICE", secretAccessKey: "canary-secret", arn: "arn:aws:iam::1:user/a" };
  const withSession: Principal = { ...alice, sessionToken: "canary-session" };
  const file = { subject_token_type: "urn:ietf:params:aws:token-type:aws4_request" };
  const source = { environment_id: "aws1" };
  const keys = { AWS_ACCESS_KEY_ID: "AKIDALICE", AWS_SECRET_ACCESS_KEY: "canary-secret" };

  /** What Google does with the token: it is a request to AWS, which Google sends. */
  const signedBy = (principal: Principal, region: string) => (given: string) => {
    const asked = JSON.parse(decodeURIComponent(given.replaceAll("+", " "))) as {
      url: string;
      method: string;
      headers: { key: string; value: string }[];
    };
    expect(asked.url).toBe(`https://sts.${region}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15`);
    const names = asked.headers.map(({ key }) => key);
    const session = principal.sessionToken === undefined ? [] : ["X-Amz-Security-Token"];
    expect(names).toEqual(["Authorization", "Host", "X-Amz-Date", ...session, "X-Goog-Cloud-Target-Resource"]);
    const headers = new Map(asked.headers.map(({ key, value }) => [key.toLowerCase(), value]));
    expect(headers.get("x-goog-cloud-target-resource")).toBe(AUDIENCE);
    const target = asked.url.slice(new URL(asked.url).origin.length);
    const request = { method: asked.method, target, headers, body: Buffer.alloc(0) };
    const verdict = checkSigV4(request, [principal], { service: "sts", nowMs: NOW_MS });
    expect(verdict).toEqual({ principal, region });
    return true;
  };

  test.each([
    { name: "AWS_REGION", env: { ...keys, AWS_REGION: "us-east-2" }, who: alice, region: "us-east-2" },
    {
      name: "AWS_DEFAULT_REGION and a session",
      env: { ...keys, AWS_DEFAULT_REGION: "eu-west-1", AWS_SESSION_TOKEN: "canary-session" },
      who: withSession,
      region: "eu-west-1",
    },
  ])("signs a question with the keys of the environment: $name", async ({ env, who, region }) => {
    await open({ source, file, env, federation: { subjectToken: signedBy(who, region) } }).encrypt();
  });

  const machine: Service = ({ method, url, headers }) => {
    if (method === "PUT" && url.pathname === "/latest/api/token") {
      return { status: headers.get("x-aws-ec2-metadata-token-ttl-seconds") === "300" ? 200 : 400, body: "session-1" };
    }
    if (headers.get("x-aws-ec2-metadata-token") !== "session-1") return { status: 401 };
    if (url.pathname === "/zone") return { status: 200, body: "eu-central-1b" };
    if (url.pathname === "/roles") return { status: 200, body: "role-1" };
    const credentials = { AccessKeyId: "AKIDALICE", SecretAccessKey: "canary-secret", Token: "canary-session" };
    return url.pathname === "/roles/role-1" ? { status: 200, body: credentials } : { status: 404 };
  };
  const machineSource = {
    ...source,
    region_url: "http://169.254.169.254/zone",
    url: "http://169.254.169.254/roles",
    imdsv2_session_token_url: "http://169.254.169.254/latest/api/token",
  };

  test("signs it with the role of the machine", async () => {
    const services = { "169.254.169.254": machine };
    const federation = { subjectToken: signedBy(withSession, "eu-central-1") };
    await open({ source: machineSource, file, services, federation }).encrypt();
  });

  const refused: readonly { readonly name: string; readonly world: World }[] = [
    { name: "no keys and no machine", world: { source, env: { AWS_REGION: "x" } } },
    { name: "no region", world: { source, env: keys } },
    { name: "a region with a host", world: { source, env: { ...keys, AWS_REGION: "x.evil" } } },
    { name: "a machine that is not there", world: { source: machineSource } },
    {
      name: "a machine that knows no role",
      world: { source: machineSource, services: { "169.254.169.254": () => ({ status: 404 }) } },
    },
    ...[
      "https://sts.evil.example?Action=GetCallerIdentity",
      "http://sts.us-east-1.amazonaws.com?Action=GetCallerIdentity",
      "https://sts.us-east-1.amazonaws.com?Action=AssumeRole",
      "https://s3.us-east-1.amazonaws.com?Action=GetCallerIdentity",
      "https://sts.us-east-1.amazonaws.com/x?Action=GetCallerIdentity",
      "x",
    ].map((url) => ({
      name: `to sign ${url}`,
      world: { source: { ...source, regional_cred_verification_url: url }, env: { ...keys, AWS_REGION: "us-east-1" } },
    })),
  ];
  test.each(refused)("refuses $name", async ({ world }) => {
    const error = await failureOf(open({ file, ...world }).encrypt());
    expect(error.code).toBe("KEY_SERVICE_NO_CREDENTIALS");
    expectNoSecret(error, SECRETS);
  });
});

describe("a certificate as the source of an external account", () => {
  const config = JSON.stringify({
    cert_configs: { workload: { cert_path: "/c.pem", key_path: "/k.pem" } },
    version: 1,
  });
  const file = { subject_token_type: "urn:ietf:params:oauth:token-type:mtls" };
  const KEY_PEM = "-----BEGIN PRIVATE KEY-----";

  test.each([
    { name: "a configuration that is named", source: { certificate_config_location: "/cfg" }, env: {}, at: "/cfg" },
    {
      name: "the one of the environment, and a chain",
      source: { use_default_certificate_config: true, trust_chain_path: "/chain" },
      env: { GOOGLE_API_CERTIFICATE_CONFIG: "/env" },
      at: "/env",
    },
    {
      name: "the one of gcloud",
      source: { use_default_certificate_config: true },
      env: {},
      at: "/home/tester/.config/gcloud/certificate_config.json",
    },
  ])("is shown and sent: $name", async ({ source, env, at }) => {
    const [own, issuer] = [await makeSealingKey(), await makeSealingKey()];
    const certificate = own.certificatePem;
    const raw = (pem: string) => new X509Certificate(pem).raw.toString("base64");
    const chain = "trust_chain_path" in source ? [raw(issuer.certificatePem)] : [];
    const pems = { "/c.pem": certificate, "/k.pem": KEY_PEM, "/chain": certificate + issuer.certificatePem };
    const files = { ...pems, [at]: config };
    const subjectToken = JSON.stringify([raw(certificate), ...chain]);
    const { encrypt, connections } = open({
      ...{ source: { certificate: source }, file, env, files },
      federation: { subjectToken },
    });
    await encrypt();
    expect(connections).toEqual([{ clientCertificate: certificate, clientKey: KEY_PEM }]);
  });

  test.each([
    { name: "no configuration", files: {} },
    { name: "a configuration without a certificate", files: { "/cfg": "{}" } },
    { name: "no certificate", files: { "/cfg": config, "/k.pem": KEY_PEM } },
    { name: "a certificate that is none", files: { "/cfg": config, "/c.pem": "-----BEGIN X", "/k.pem": KEY_PEM } },
  ])("refuses $name", async ({ files }) => {
    const source = { certificate: { certificate_config_location: "/cfg" } };
    const error = await failureOf(open({ source, file, files }).encrypt());
    expect(error.code).toBe("KEY_SERVICE_NO_CREDENTIALS");
  });
});

test("an external account with a client says so to the exchange", async () => {
  const basic = Buffer.from("my%20client:canary-secret").toString("base64");
  const file = { client_id: "my client", client_secret: "canary-secret", workforce_pool_user_project: "p" };
  const files = { "/t": TOKEN };
  await open({ source: { file: "/t" }, file, files, federation: { basic } }).encrypt();
  const error = await failureOf(open({ source: { file: "/t" }, file, files, federation: { basic: "x" } }).encrypt());
  expectNoSecret(error, [...SECRETS, basic]);
});
