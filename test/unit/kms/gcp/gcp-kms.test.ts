import { createPublicKey, generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClearText } from "../../../../src/clear-text.ts";
import { crc32c } from "../../../../src/kms/gcp/crc32c.ts";
import { gcpKms, gcpKmsWith } from "../../../../src/kms/gcp/gcp-kms.ts";
import { gcsStorage } from "../../../../src/kms/gcp/storage.ts";
import type { MasterKey } from "../../../../src/sops/index.ts";
import {
  type FakeGoogleOptions,
  fakeGoogleExchange,
  fakeGoogleImpersonation,
  fakeGoogleKms,
  fakeGoogleMetadata,
  fakeGoogleStorage,
  fakeGoogleTokens,
} from "../../../helpers/fakes/google.ts";
import {
  CANARY_DATA_KEY,
  CANARY_TEXTS,
  expectNoSecret,
  failureOf,
  withEnc,
} from "../../../helpers/fakes/key-failure.ts";
import { TROUBLES, troubledFirst } from "../../../helpers/fakes/trouble.ts";
import { fetchOf, recorded, type Service } from "../../../helpers/fakes/wire.ts";
import { testPorts } from "../../../helpers/kms-ports.ts";
import { takeRsaKey } from "../../../helpers/rsa-keys.ts";

const RING = "projects/p/locations/global/keyRings/r/cryptoKeys";
const NOW_MS = Date.UTC(2026, 5, 1);
const privateKey = takeRsaKey();
const publicKey = createPublicKey(privateKey);
const PRIVATE_PEM = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const PRIVATE_LINE = PRIVATE_PEM.split("\n")[3] ?? "";

const federation = {
  audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x",
  subjectTokenType: "urn:ietf:params:oauth:token-type:jwt",
  subjectToken: "canary-subject-token",
};

const options: FakeGoogleOptions = {
  token: "ya29.canary-access-token",
  keys: [`${RING}/k`, `${RING}/other`, "projects/example.com:p/locations/eu/keyRings/r/cryptoKeys/k"],
  serviceAccount: {
    publicKey,
    keyId: "key-1",
    email: "robot@p.iam.gserviceaccount.com",
    tokenUrl: "https://oauth2.googleapis.com/token",
    nowMs: () => NOW_MS,
  },
  user: { clientId: "client", clientSecret: "canary-client-secret", refreshToken: "1//canary-refresh-token" },
  federation,
};

const SECRETS = [
  options.token,
  PRIVATE_LINE,
  "canary-client-secret",
  "canary-refresh-token",
  "canary-subject-token",
  ...CANARY_TEXTS,
];

const serviceAccountFile = {
  type: "service_account",
  project_id: "p",
  private_key_id: "key-1",
  private_key: PRIVATE_PEM,
  client_email: "robot@p.iam.gserviceaccount.com",
  token_uri: "https://oauth2.googleapis.com/token",
};
const userFile = {
  type: "authorized_user",
  client_id: "client",
  client_secret: "canary-client-secret",
  refresh_token: "1//canary-refresh-token",
};
const externalFile = {
  type: "external_account",
  audience: federation.audience,
  subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
  token_url: "https://sts.googleapis.com/v1/token",
  credential_source: { file: "/run/token" },
};

const key = (resource = `${RING}/k`): MasterKey => ({ type: "gcp_kms", fields: new Map([["resource_id", resource]]) });

interface World {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly google?: Partial<FakeGoogleOptions>;
  readonly services?: Readonly<Record<string, Service>>;
}

function open({ env = {}, files = {}, google = {}, services = {} }: World = {}) {
  const all = { ...options, ...google };
  const kms = recorded(services["cloudkms.googleapis.com"] ?? fakeGoogleKms(all));
  const tokens = recorded(services["oauth2.googleapis.com"] ?? fakeGoogleTokens(all));
  const fetch = fetchOf({
    "sts.googleapis.com": fakeGoogleExchange(all),
    "iamcredentials.googleapis.com": fakeGoogleImpersonation(all),
    ...services,
    "cloudkms.googleapis.com": kms.service,
    "oauth2.googleapis.com": tokens.service,
  });
  const ports = testPorts({ fetch, env, files, startMs: NOW_MS });
  return { ports, gcp: gcpKms(ports), kms: kms.requests, tokens: tokens.requests };
}

const TOKEN_ENV = { GOOGLE_OAUTH_ACCESS_TOKEN: options.token };

async function roundTrip(world: World, asked = key()) {
  const opened = open(world);
  const enc = await opened.gcp.encrypt(asked, CANARY_DATA_KEY);
  expect(enc).toMatch(/^[A-Za-z0-9+/]+=*$/);
  expect(await opened.gcp.decrypt(withEnc(asked, enc))).toEqual(CANARY_DATA_KEY);
  return opened;
}

describe("gcpKms() finds credentials", () => {
  const ADC = "/home/tester/.config/gcloud/application_default_credentials.json";
  const json = JSON.stringify(serviceAccountFile);

  test.each<{ name: string; world: World; asksForToken: boolean }>([
    { name: "an access token", world: { env: TOKEN_ENV }, asksForToken: false },
    { name: "JSON in GOOGLE_CREDENTIALS", world: { env: { GOOGLE_CREDENTIALS: json } }, asksForToken: true },
    {
      name: "a path in GOOGLE_CREDENTIALS, before a token",
      world: {
        env: { GOOGLE_CREDENTIALS: "/key.json", GOOGLE_OAUTH_ACCESS_TOKEN: "ya29.other" },
        files: { "/key.json": json },
      },
      asksForToken: true,
    },
    {
      name: "a token before GOOGLE_APPLICATION_CREDENTIALS",
      world: { env: { ...TOKEN_ENV, GOOGLE_APPLICATION_CREDENTIALS: "/none" } },
      asksForToken: false,
    },
    {
      name: "GOOGLE_APPLICATION_CREDENTIALS",
      world: { env: { GOOGLE_APPLICATION_CREDENTIALS: "/key.json" }, files: { "/key.json": json } },
      asksForToken: true,
    },
    { name: "gcloud's file of a person", world: { files: { [ADC]: JSON.stringify(userFile) } }, asksForToken: true },
    {
      name: "gcloud's file with a project to count for",
      world: {
        files: { [ADC]: JSON.stringify({ ...userFile, quota_project_id: "counted" }) },
        google: { quotaProject: "counted" },
      },
      asksForToken: true,
    },
    {
      name: "the metadata server",
      world: { services: { "169.254.169.254": fakeGoogleMetadata(options) } },
      asksForToken: false,
    },
    {
      name: "a metadata server elsewhere",
      world: { env: { GCE_METADATA_HOST: "meta:81" }, services: { "meta:81": fakeGoogleMetadata(options) } },
      asksForToken: false,
    },
  ])("$name", async ({ world, asksForToken }) => {
    const { tokens, kms } = await roundTrip(world);
    expect(tokens).toHaveLength(asksForToken ? 1 : 0);
    expect(kms).toHaveLength(2);
  });

  test.each<{ name: string; file: object; files?: Record<string, string>; google?: Partial<FakeGoogleOptions> }>([
    { name: "a token in a file", file: externalFile, files: { "/run/token": "canary-subject-token\n" } },
    {
      name: "a token in a JSON file",
      file: {
        ...externalFile,
        credential_source: { file: "/run/t", format: { type: "json", subject_token_field_name: "t" } },
      },
      files: { "/run/t": '{"t":"canary-subject-token"}' },
    },
    {
      name: "a token from an address",
      file: {
        ...externalFile,
        credential_source: {
          url: "https://ci.example/token?audience=x",
          headers: { Authorization: "Bearer ci" },
          format: { type: "json", subject_token_field_name: "value" },
        },
      },
    },
    {
      name: "becoming a service account",
      file: {
        ...externalFile,
        service_account_impersonation_url:
          "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/sa@p.iam:generateAccessToken",
      },
      files: { "/run/token": "canary-subject-token" },
      google: { federation: { ...federation, impersonated: "sa@p.iam" } },
    },
  ])("of an external account: $name", async ({ file, files = {}, google = {} }) => {
    const ci: Service = ({ headers, url }) =>
      headers.get("authorization") === "Bearer ci" && url.search === "?audience=x"
        ? { status: 200, body: { value: "canary-subject-token" } }
        : { status: 401 };
    await roundTrip({
      env: { GOOGLE_APPLICATION_CREDENTIALS: "/e.json" },
      files: { "/e.json": JSON.stringify(file), ...files },
      google,
      services: { "ci.example": ci },
    });
  });

  test("of a person who becomes a service account", async () => {
    const file = {
      type: "impersonated_service_account",
      source_credentials: userFile,
      service_account_impersonation_url:
        "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/robot@p.iam.gserviceaccount.com:generateAccessToken",
    };
    const source = { ...options, token: "ya29.of-the-person" };
    await roundTrip({
      env: { GOOGLE_CREDENTIALS: JSON.stringify(file) },
      services: {
        "oauth2.googleapis.com": fakeGoogleTokens(source),
        "iamcredentials.googleapis.com": fakeGoogleImpersonation(options, source.token),
      },
    });
  });

  test("again only when the token is about to end", async () => {
    const { gcp, tokens, ports } = open({ env: { GOOGLE_CREDENTIALS: JSON.stringify(serviceAccountFile) } });
    await Promise.all([1, 2, 3].map(() => gcp.encrypt(key(), CANARY_DATA_KEY)));
    expect(tokens).toHaveLength(1);
    ports.clock.jump(3_540_000);
    // The statement is of a later time than the server's clock, which stands still.
    expect((await failureOf(gcp.encrypt(key(), CANARY_DATA_KEY))).code).toBe("KEY_SERVICE_DENIED");
    expect(tokens).toHaveLength(2);
  });
});

describe("gcpKms()", () => {
  test("opens what it wrapped, of any length", async () => {
    const { gcp } = open({ env: TOKEN_ENV });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 64 }), async (dataKey) => {
        expect(await gcp.decrypt(withEnc(key(), await gcp.encrypt(key(), dataKey)))).toEqual(dataKey);
      }),
      { numRuns: 20 },
    );
  });

  test.each<{ name: string; world: World; resource?: string }>([
    { name: "a project with a domain", world: {}, resource: options.keys[2] ?? "" },
    { name: "a stand-in without checksums", world: { google: { hasNoChecksums: true } } },
    { name: "an endpoint", world: { env: { SOPS_GCP_KMS_ENDPOINT: "http://localhost:8080" } } },
    { name: "an endpoint without a scheme", world: { env: { SOPS_GCP_KMS_ENDPOINT: "kms.example:8443" } } },
    { name: "any client type", world: { env: { SOPS_GCP_KMS_CLIENT_TYPE: "grpc" } } },
    { name: "the standard universe by name", world: { env: { SOPS_GCP_KMS_UNIVERSE_DOMAIN: "googleapis.com" } } },
  ])("works with $name", async ({ world, resource }) => {
    const services = { "localhost:8080": fakeGoogleKms(options), "kms.example:8443": fakeGoogleKms(options) };
    const env = { ...TOKEN_ENV, ...world.env };
    await roundTrip({ ...world, env, services }, key(resource));
  });

  test("works in another universe with credentials of it", async () => {
    await roundTrip({
      env: { GOOGLE_CREDENTIALS: JSON.stringify({ ...serviceAccountFile, universe_domain: "cloud.example" }) },
      services: { "cloudkms.cloud.example": fakeGoogleKms(options) },
    });
  });

  test("asks again after trouble that passes", async () => {
    const kms = troubledFirst(2, { status: 503, body: {} }, fakeGoogleKms(options));
    const { gcp } = open({ env: TOKEN_ENV, services: { "cloudkms.googleapis.com": kms } });
    expect(await gcp.encrypt(key(), CANARY_DATA_KEY)).toMatch(/=*$/);
  });

  test("crc32c() is that of the standard", () => {
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array())).toBe(0);
  });
});

describe("gcpKms() refuses", () => {
  const prefix = "failed to encrypt sops data key with GCP KMS key: ";

  test.each<{ name: string; world: World; code: string; original?: string; resource?: string }>([
    {
      name: "a token that is not taken",
      world: { env: { GOOGLE_OAUTH_ACCESS_TOKEN: "ya29.wrong" } },
      code: "KEY_SERVICE_DENIED",
      original: `${prefix}googleapi: Error 401: Request had invalid authentication credentials.`,
    },
    { name: "an unknown key", world: { env: TOKEN_ENV }, resource: `${RING}/none`, code: "KEY_SERVICE_MISSING_KEY" },
    {
      name: "a key file that is not there",
      world: { env: { GOOGLE_APPLICATION_CREDENTIALS: "/nope" } },
      code: "KEY_SERVICE_NO_CREDENTIALS",
      original: "cannot create GCP KMS service: open /nope: no such file or directory",
    },
    {
      name: "credentials that are no JSON",
      world: { env: { GOOGLE_CREDENTIALS: "canary-client-secret" } },
      code: "KEY_SERVICE_BAD_SETTINGS",
      original: "cannot create GCP KMS service: invalid character looking for beginning of value",
    },
    {
      name: "credentials without a type",
      world: { env: { GOOGLE_CREDENTIALS: "{}" } },
      code: "KEY_SERVICE_BAD_SETTINGS",
      original: "cannot create GCP KMS service: credentials: unsupported unidentified file type",
    },
    {
      name: "credentials of an unknown type",
      world: { env: { GOOGLE_CREDENTIALS: '{"type":"foo"}' } },
      code: "KEY_SERVICE_BAD_SETTINGS",
      original: 'cannot create GCP KMS service: credentials: unsupported filetype "foo"',
    },
    {
      name: "no credentials at all",
      world: {},
      code: "KEY_SERVICE_NO_CREDENTIALS",
      original: `${prefix}credentials: cannot fetch token: the metadata server 169.254.169.254: it cannot be reached: no such host`,
    },
    {
      name: "a web server in place of the metadata server",
      world: { services: { "169.254.169.254": () => ({ status: 200, body: { access_token: "x", expires_in: 9 } }) } },
      code: "KEY_SERVICE_BAD_ANSWER",
    },
    {
      name: "another universe than that of the credentials",
      world: { env: { ...TOKEN_ENV, SOPS_GCP_KMS_UNIVERSE_DOMAIN: "x.example" } },
      code: "KEY_SERVICE_BAD_SETTINGS",
      original: `${prefix}the configured universe domain ("x.example") does not match the universe domain found in the credentials ("googleapis.com"). If you haven't configured the universe domain explicitly, "googleapis.com" is the default`,
    },
    {
      name: "a refresh token that has ended",
      world: { env: { GOOGLE_CREDENTIALS: JSON.stringify({ ...userFile, refresh_token: "1//canary-old" }) } },
      code: "KEY_SERVICE_DENIED",
    },
  ])("$name", async ({ world, code, original, resource }) => {
    const { gcp } = open(world);
    const error = await failureOf(gcp.encrypt(key(resource), CANARY_DATA_KEY));
    expect(error.code).toBe(code);
    if (original !== undefined) expect(error.original).toBe(original);
    expectNoSecret(error, ["ya29.wrong", "canary-old", ...SECRETS]);
  });

  test.each([
    "foo",
    "",
    "projects/p/locations/l/keyRings/r/cryptoKeys/",
    "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1",
    "projects/../locations/l/keyRings/r/cryptoKeys/k",
    "projects/p/locations/l/keyRings/r/cryptoKeys/..",
    "projects/p/locations/l/keyRings/r/cryptoKeys/k\n",
    `${RING}/${"k".repeat(2000)}`,
    `https://evil.example/${RING}/k`,
    `${RING}/\ud800`,
  ])("the resource %j", async (resource) => {
    const { gcp, kms } = open({ env: TOKEN_ENV });
    expect((await failureOf(gcp.encrypt(key(resource), CANARY_DATA_KEY))).code).toBe("KEY_SERVICE_BAD_KEY");
    expect((await failureOf(gcp.decrypt(withEnc(key(resource), "AAAA")))).code).toBe("KEY_SERVICE_BAD_KEY");
    expect(kms).toEqual([]);
  });

  test("as the original names a bad resource", async () => {
    const error = await failureOf(open({ env: TOKEN_ENV }).gcp.encrypt(key("foo"), CANARY_DATA_KEY));
    expect(error.original).toBe('cannot create GCP KMS service: no valid resource ID found in "foo"');
  });

  test.each([
    { name: "no base64", enc: "?" },
    { name: "nothing", enc: "" },
    { name: "not what this key wrapped", enc: "AAAA" },
  ])("to open an entry that is $name", async ({ enc }) => {
    const { code } = await failureOf(open({ env: TOKEN_ENV }).gcp.decrypt(withEnc(key(), enc)));
    expect(code).toBe("KEY_SERVICE_BAD_DATA");
  });

  test("to open what another key wrapped", async () => {
    const { gcp } = open({ env: TOKEN_ENV });
    const enc = await gcp.encrypt(key(`${RING}/other`), CANARY_DATA_KEY);
    expect((await failureOf(gcp.decrypt(withEnc(key(), enc)))).code).toBe("KEY_SERVICE_BAD_DATA");
  });

  test.each<[string, string]>([
    ["SOPS_GCP_KMS_ENDPOINT", "http://kms.example"],
    ["SOPS_GCP_KMS_ENDPOINT", "ftp://kms.example"],
    ["SOPS_GCP_KMS_ENDPOINT", "https://user:canary-password@kms.example"],
    ["SOPS_GCP_KMS_ENDPOINT", "https://kms.example?x=1"],
    ["SOPS_GCP_KMS_UNIVERSE_DOMAIN", "x/../y"],
    ["GOOGLE_OAUTH_ACCESS_TOKEN", "canary\r\nX-Evil: 1"],
  ])("to work with %s=%j", async (name, value) => {
    const { gcp, kms } = open({ env: { ...TOKEN_ENV, [name]: value } });
    const error = await failureOf(gcp.encrypt(key(), CANARY_DATA_KEY));
    expect(error.code).toBe("KEY_SERVICE_BAD_SETTINGS");
    expectNoSecret(error, ["canary-password", "X-Evil", ...SECRETS]);
    expect(kms).toEqual([]);
  });

  test.each(["evil/../..", "user@evil", "a b", "evil:99999999"])("the metadata host %j", async (host) => {
    const { gcp } = open({ env: { GCE_METADATA_HOST: host } });
    expect((await failureOf(gcp.encrypt(key(), CANARY_DATA_KEY))).code).toBe("KEY_SERVICE_BAD_SETTINGS");
  });

  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({ type: "pkcs8", format: "pem" });
  const curve = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" });
  const service = (more: object) => ({ ...serviceAccountFile, ...more });
  const external = (more: object) => ({ ...externalFile, ...more });
  const nested = (depth: number): object =>
    depth === 0
      ? userFile
      : {
          type: "impersonated_service_account",
          service_account_impersonation_url: "https://iamcredentials.googleapis.com/",
          source_credentials: nested(depth - 1),
        };

  test.each<{ name: string; file: unknown }>([
    { name: "a list", file: [] },
    { name: "null", file: null },
    { name: "a type that looks like a secret", file: { type: "CANARY-client-secret" } },
    { name: "no e-mail", file: service({ client_email: "" }) },
    { name: "no private key", file: service({ private_key: undefined }) },
    { name: "a private key that is none", file: service({ private_key: "canary-client-secret" }) },
    { name: "a private key that is broken", file: service({ private_key: PRIVATE_PEM.replace("\n", "\n@@@") }) },
    { name: "a private key of 1024 bits", file: service({ private_key: weak }) },
    { name: "a private key on a curve", file: service({ private_key: curve }) },
    { name: "a public key", file: service({ private_key: publicKey.export({ type: "spki", format: "pem" }) }) },
    { name: "token_uri without TLS", file: service({ token_uri: "http://oauth2.googleapis.com/token" }) },
    { name: "token_uri of a file", file: service({ token_uri: "file:///etc/passwd" }) },
    { name: "token_uri with a password", file: service({ token_uri: "https://a:canary-client-secret@x.example/" }) },
    { name: "token_uri that is no URL", file: service({ token_uri: "token" }) },
    { name: "a universe that is none", file: service({ universe_domain: "a/b" }) },
    { name: "a project that is none", file: service({ quota_project_id: "a\r\nb" }) },
    { name: "no refresh token", file: { ...userFile, refresh_token: "" } },
    { name: "no client", file: { ...userFile, client_id: 7 } },
    { name: "no audience", file: external({ audience: "" }) },
    { name: "token_url without TLS", file: external({ token_url: "http://sts.example/" }) },
    { name: "an impersonation without TLS", file: external({ service_account_impersonation_url: "http://x.example" }) },
    ...[
      { environment_id: "aws2" },
      { environment_id: "azure" },
      { environment_id: "aws1", region_url: "http://evil.example/" },
      { environment_id: "aws1", url: "ftp://169.254.169.254/" },
      { environment_id: "aws1", imdsv2_session_token_url: "x" },
      { executable: {} },
      { executable: { command: " " } },
      { executable: { command: "x", timeout_millis: 4999 } },
      { executable: { command: "x", timeout_millis: 120_001 } },
      { executable: { command: "x", timeout_millis: "9000" } },
      { certificate: {} },
      { certificate: { use_default_certificate_config: true, certificate_config_location: "/x" } },
    ].map((source) => ({ name: JSON.stringify(source), file: external({ credential_source: source }) })),
    { name: "an audience of two lines", file: external({ audience: "a\nb" }) },
    {
      name: "a lifetime of a minute",
      file: external({ service_account_impersonation: { token_lifetime_seconds: 60 } }),
    },
    { name: "no provider", file: external({ credential_source: {} }) },
    { name: "a source without TLS", file: external({ credential_source: { url: "http://ci.example" } }) },
    {
      name: "a source with a header of two lines",
      file: external({ credential_source: { url: "https://ci.example", headers: { a: "b\nc" } } }),
    },
    { name: "an unknown format", file: external({ credential_source: { file: "/t", format: { type: "xml" } } }) },
    {
      name: "a format without a field",
      file: external({ credential_source: { file: "/t", format: { type: "json" } } }),
    },
    { name: "accounts nested without end", file: nested(6) },
  ])("a credentials file with $name", async ({ file }) => {
    const { gcp, kms, tokens } = open({
      env: { GOOGLE_APPLICATION_CREDENTIALS: "/c" },
      files: { "/c": JSON.stringify(file) },
    });
    const error = await failureOf(gcp.encrypt(key(), CANARY_DATA_KEY));
    expect(error.code).toBe("KEY_SERVICE_BAD_SETTINGS");
    expectNoSecret(error, ["CANARY-client-secret", ...SECRETS]);
    expect([...kms, ...tokens]).toEqual([]);
  });

  test.each<{ name: string; files: Record<string, string> }>([
    { name: "is not there", files: {} },
    { name: "is empty", files: { "/run/token": "" } },
    { name: "holds two lines", files: { "/run/token": "a\nb" } },
  ])("an external account whose token file $name", async ({ files }) => {
    const all = { "/c": JSON.stringify(externalFile), ...files };
    const { gcp } = open({ env: { GOOGLE_APPLICATION_CREDENTIALS: "/c" }, files: all });
    expect((await failureOf(gcp.encrypt(key(), CANARY_DATA_KEY))).code).toBe("KEY_SERVICE_NO_CREDENTIALS");
  });

  test.each(Object.entries(TROUBLES))("a service that %s", async (_, { answer, code }) => {
    for (const world of [
      { env: TOKEN_ENV, services: { "cloudkms.googleapis.com": () => answer } },
      {
        env: { GOOGLE_CREDENTIALS: JSON.stringify(serviceAccountFile) },
        services: { "oauth2.googleapis.com": () => answer },
      },
    ]) {
      const error = await failureOf(open(world).gcp.encrypt(key(), CANARY_DATA_KEY));
      expect(error.code).toBe(code);
      expectNoSecret(error, SECRETS);
    }
  });

  test.each<{ name: string; body: object }>([
    {
      name: "a checksum that does not fit",
      body: { ciphertext: "AAAA", ciphertextCrc32c: "1", verifiedPlaintextCrc32c: true },
    },
    {
      name: "a data key that came over otherwise",
      body: { ciphertext: "AAAA", ciphertextCrc32c: String(crc32c(new Uint8Array(3))) },
    },
    { name: "a number", body: { ciphertext: 7 } },
    { name: "an empty text", body: { ciphertext: "" } },
    { name: "no base64", body: { ciphertext: "?" } },
  ])("an answer with $name", async ({ body }) => {
    const services = { "cloudkms.googleapis.com": () => ({ status: 200, body }) };
    const error = await failureOf(open({ env: TOKEN_ENV, services }).gcp.encrypt(key(), CANARY_DATA_KEY));
    expect(error.code).toBe("KEY_SERVICE_BAD_ANSWER");
  });

  test("a data key that does not have its checksum", async () => {
    const services = {
      "cloudkms.googleapis.com": () => ({ status: 200, body: { plaintext: "AAAA", plaintextCrc32c: "1" } }),
    };
    const error = await failureOf(open({ env: TOKEN_ENV, services }).gcp.decrypt(withEnc(key(), "AAAA")));
    expect(error.code).toBe("KEY_SERVICE_BAD_ANSWER");
  });

  test("to repeat what a service sends back", async () => {
    const mirror: Service = ({ headers, body }) => ({
      status: 403,
      body: {
        error: { message: `\u001b[31m${headers.get("authorization")} ${body}`, status: headers.get("authorization") },
      },
    });
    const services = { "cloudkms.googleapis.com": mirror, "oauth2.googleapis.com": mirror };
    for (const env of [TOKEN_ENV, { GOOGLE_CREDENTIALS: JSON.stringify(userFile) }]) {
      const error = await failureOf(open({ env, services }).gcp.encrypt(key(), CANARY_DATA_KEY));
      expectNoSecret(error, ["\u001b", ...SECRETS]);
    }
  });
});

describe("gcpKmsWith()", () => {
  const text = (file: object) => ClearText.fromText(JSON.stringify(file));

  test("takes a service account, and nothing of the environment", async () => {
    const { ports, kms } = open({
      env: { ...TOKEN_ENV, SOPS_GCP_KMS_ENDPOINT: "https://evil.example", GOOGLE_CLOUD_QUOTA_PROJECT: "x" },
    });
    const gcp = gcpKmsWith(ports, text(serviceAccountFile));
    expect(await gcp.decrypt(withEnc(key(), await gcp.encrypt(key(), CANARY_DATA_KEY)))).toEqual(CANARY_DATA_KEY);
    expect(kms).toHaveLength(2);
    expect(ports.read).toEqual([]);
  });

  test.each<{ name: string; file: object }>([
    { name: "a person", file: userFile },
    { name: "an external account", file: externalFile },
    { name: "another universe", file: { ...serviceAccountFile, universe_domain: "cloud.example" } },
    { name: "a token endpoint of its own", file: { ...serviceAccountFile, token_uri: "https://evil.example/token" } },
    {
      name: "a token endpoint on this machine",
      file: { ...serviceAccountFile, token_uri: "http://127.0.0.1:9/token" },
    },
    { name: "no key", file: { type: "service_account" } },
  ])("refuses $name", async ({ file }) => {
    const { ports } = open();
    const error = await failureOf(gcpKmsWith(ports, text(file)).encrypt(key(), CANARY_DATA_KEY));
    expect(error.code).toBe("KEY_SERVICE_BAD_SETTINGS");
    expectNoSecret(error, SECRETS);
    expect(ports.read).toEqual([]);
  });
});

describe("gcsStorage()", () => {
  const bytes = new TextEncoder().encode("a: ENC[canary]\n");

  function storage(service?: Service, env: Record<string, string> = TOKEN_ENV) {
    const objects = new Map<string, string>();
    const fetch = fetchOf({ "storage.googleapis.com": service ?? fakeGoogleStorage(options, objects) });
    return { storage: gcsStorage(testPorts({ fetch, env })), objects };
  }

  test("uploads an object", async () => {
    const { storage: gcs, objects } = storage();
    await gcs.upload({ bucket: "bucket-1", object: "apps/a b.yaml" }, bytes);
    expect(objects.get("bucket-1/apps/a b.yaml")).toBe("a: ENC[canary]\n");
  });

  test.each([
    { name: "a bucket that is not there", place: { bucket: "bucket-2", object: "o" }, code: "KEY_SERVICE_MISSING_KEY" },
    { name: "a bucket that is none", place: { bucket: "../b", object: "o" }, code: "KEY_SERVICE_BAD_KEY" },
    { name: "an object without a name", place: { bucket: "bucket-1", object: "" }, code: "KEY_SERVICE_BAD_KEY" },
    { name: "an object with a line break", place: { bucket: "bucket-1", object: "a\nb" }, code: "KEY_SERVICE_BAD_KEY" },
  ])("refuses $name", async ({ place, code }) => {
    const error = await failureOf(storage().storage.upload(place, bytes));
    expect(error.code).toBe(code);
    expectNoSecret(error, SECRETS);
  });

  test("sends no token to a stand-in, and none without TLS to another machine", async () => {
    const seen = recorded(() => ({ status: 200, body: {} }));
    const fetch = fetchOf({ "localhost:9": seen.service });
    const env = { ...TOKEN_ENV, STORAGE_EMULATOR_HOST: "localhost:9" };
    await gcsStorage(testPorts({ fetch, env })).upload({ bucket: "bucket-1", object: "o" }, bytes);
    expect(seen.requests[0]?.headers.has("authorization")).toBe(false);
    const far = storage(undefined, { ...TOKEN_ENV, STORAGE_EMULATOR_HOST: "http://far.example" });
    const error = await failureOf(far.storage.upload({ bucket: "bucket-1", object: "o" }, bytes));
    expect(error.code).toBe("KEY_SERVICE_BAD_SETTINGS");
  });

  test("notices that something else was stored", async () => {
    const wrong: Service = () => ({ status: 200, body: { crc32c: "AAAAAA==" } });
    const error = await failureOf(storage(wrong).storage.upload({ bucket: "bucket-1", object: "o" }, bytes));
    expect(error.code).toBe("KEY_SERVICE_BAD_ANSWER");
  });
});
