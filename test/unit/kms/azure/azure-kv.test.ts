import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { splitCommand } from "../../../../cli/sops/keys/split-command.ts";
import { der, derInteger, derOid, TAG } from "../../../../src/bytes/der.ts";
import { ClearText } from "../../../../src/clear-text.ts";
import { azureKeyVault, azureKeyVaultWith } from "../../../../src/kms/azure/azure-kv.ts";
import { readChallenge } from "../../../../src/kms/azure/challenge.ts";
import { azureCli, azureDeveloperCli } from "../../../../src/kms/azure/command-line.ts";
import type { KmsPorts } from "../../../../src/kms/ports.ts";
import type { MasterKey } from "../../../../src/sops/index.ts";
import {
  type FakeAzureOptions,
  type FakeIdentityPlace,
  fakeArcAgent,
  fakeAzureLogin,
  fakeAzureMachine,
  fakeIdentityEndpoint,
  fakeKeyVault,
} from "../../../helpers/fakes/azure.ts";
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
import { makePfx } from "../../../helpers/pfx.ts";
import { makeSealingKey } from "../../../helpers/sealing-keys.ts";

const HOST = "team.vault.azure.net";
const LOGIN = "login.microsoftonline.com";
const NOW_MS = Date.UTC(2026, 5, 1);
const options: FakeAzureOptions = {
  token: "eyJ.canary-access-token",
  tenant: "11111111-2222-3333-4444-555555555555",
  clientId: "66666666-7777-8888-9999-000000000000",
  clientSecret: "canary~client~secret",
  federatedToken: "eyJ.canary-federated-token",
};
const SECRETS = [options.token, "canary~client~secret", "canary-federated-token", "canary-password", ...CANARY_TEXTS];
const NEW = "b".repeat(32);
const OLD = "a".repeat(32);
const vault = fakeKeyVault(options, [
  { name: "k", version: OLD },
  { name: "k", version: NEW },
]);

const CLIENT = { AZURE_TENANT_ID: options.tenant, AZURE_CLIENT_ID: options.clientId };
const SECRET = { ...CLIENT, AZURE_CLIENT_SECRET: "canary~client~secret" };

function key(more: { url?: string; name?: string; version?: string } = {}): MasterKey {
  return {
    type: "azure_kv",
    fields: new Map([
      ["vault_url", more.url ?? `https://${HOST}`],
      ["name", more.name ?? "k"],
      ["version", more.version ?? NEW],
    ]),
  };
}

interface World {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly services?: Readonly<Record<string, Service>>;
  readonly run?: KmsPorts["run"];
}

function open({ env = SECRET, files = {}, services = {}, run }: World = {}) {
  const own = recorded(services[HOST] ?? vault);
  const login = recorded(services[LOGIN] ?? fakeAzureLogin(options));
  const fetch = fetchOf({ ...services, [HOST]: own.service, [LOGIN]: login.service });
  const base = testPorts({ fetch, env, files, startMs: NOW_MS });
  const ports = run === undefined ? base : { ...base, run };
  return { ports, azure: azureKeyVault(ports), vault: own.requests, login: login.requests };
}

let certificate: {
  pfx: Uint8Array;
  pem: string;
  encrypted: string;
  keyPem: string;
  other: string;
  options: FakeAzureOptions;
};

beforeAll(async () => {
  const { certificatePem, privateKeyPem } = await makeSealingKey({ now: NOW_MS });
  const other = await makeSealingKey({ now: NOW_MS });
  const privateKey = createPrivateKey(privateKeyPem);
  const encrypted = privateKey.export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "canary-password",
  });
  const der = new X509Certificate(certificatePem).raw;
  const publicKey = createPublicKey(privateKeyPem);
  certificate = {
    pfx: makePfx(privateKeyPem, certificatePem, "canary-password"),
    pem: `${certificatePem}\n${privateKeyPem}`,
    encrypted: `${encrypted}\n${certificatePem}`,
    keyPem: privateKeyPem,
    other: `${other.certificatePem}\n${privateKeyPem}`,
    options: { ...options, certificate: { publicKey, der }, nowMs: () => NOW_MS },
  };
});

describe("azureKeyVault()", () => {
  test("opens what it wrapped, and logs in once", async () => {
    const { azure, vault: asked, login } = open();
    const enc = await azure.encrypt(key(), CANARY_DATA_KEY);
    expect(enc).toMatch(/^[\w-]{342}$/);
    expect(await azure.decrypt(withEnc(key(), enc))).toEqual(CANARY_DATA_KEY);
    expect(login).toHaveLength(1);
    expect(asked.map(({ headers, body }) => [headers.has("authorization"), body === ""])).toEqual([
      [false, true],
      [true, false],
      [true, false],
    ]);
  });

  test("opens what an older version wrapped", async () => {
    const { azure } = open();
    const enc = await azure.encrypt(key({ version: OLD }), CANARY_DATA_KEY);
    expect(await azure.decrypt(withEnc(key({ version: OLD }), enc))).toEqual(CANARY_DATA_KEY);
    expect((await failureOf(azure.decrypt(withEnc(key(), enc)))).code).toBe("KEY_SERVICE_BAD_DATA");
  });

  test("fills in the newest version, and leaves one that is there", async () => {
    const { azure, vault: asked } = open();
    const completed = await azure.complete?.(key({ version: "" }));
    expect(completed?.fields.get("version")).toBe(NEW);
    const before = asked.length;
    expect((await azure.complete?.(key({ version: OLD })))?.fields.get("version")).toBe(OLD);
    expect(asked).toHaveLength(before);
    const enc = await azure.encrypt(key({ version: "" }), CANARY_DATA_KEY);
    expect(await azure.decrypt(withEnc(key({ version: "" }), enc))).toEqual(CANARY_DATA_KEY);
  });

  test("asks again after trouble that passes", async () => {
    const services = { [HOST]: troubledFirst(2, { status: 503, body: {} }, vault) };
    expect(await open({ services }).azure.encrypt(key(), CANARY_DATA_KEY)).toMatch(/^[\w-]+$/);
  });
});

describe("azureKeyVault() logs in", () => {
  const azPrints =
    (json: object): KmsPorts["run"] =>
    async () => ({
      kind: "ended",
      stdout: new TextEncoder().encode(JSON.stringify(json)),
    });
  const machine = "169.254.169.254";
  const here = "127.0.0.1:41";
  const endpoint = (env: Readonly<Record<string, string>>, place: FakeIdentityPlace): World => ({
    env,
    services: { [here]: fakeIdentityEndpoint(options, place) },
  });
  const arcKey = { path: "/var/opt/azcmagent/tokens/0a-1.key", key: "canary-arc-key" };
  const cases: { name: string; world: () => World }[] = [
    { name: "with a client secret", world: () => ({}) },
    {
      name: "with a client certificate",
      world: () => ({
        env: { ...CLIENT, AZURE_CLIENT_CERTIFICATE_PATH: "/c.pem" },
        files: { "/c.pem": certificate.pem },
        services: { [LOGIN]: fakeAzureLogin(certificate.options) },
      }),
    },
    {
      name: "with an encrypted certificate and its chain",
      world: () => {
        const { publicKey, der } = certificate.options.certificate ?? { publicKey: undefined, der: undefined };
        if (publicKey === undefined) throw new Error("no certificate");
        const fake = { ...certificate.options, certificate: { publicKey, der, sendsChain: true } };
        return {
          env: {
            ...CLIENT,
            AZURE_CLIENT_CERTIFICATE_PATH: "/c.pem",
            AZURE_CLIENT_CERTIFICATE_PASSWORD: "canary-password",
            AZURE_CLIENT_SEND_CERTIFICATE_CHAIN: "true",
          },
          files: { "/c.pem": certificate.encrypted },
          services: { [LOGIN]: fakeAzureLogin(fake) },
        };
      },
    },
    {
      name: "as a workload",
      world: () => ({
        env: { ...CLIENT, AZURE_FEDERATED_TOKEN_FILE: "/run/token" },
        files: { "/run/token": "eyJ.canary-federated-token\n" },
      }),
    },
    { name: "as the machine", world: () => ({ env: {}, services: { [machine]: fakeAzureMachine(options) } }) },
    {
      name: "as one identity of the machine",
      world: () => ({
        env: { AZURE_CLIENT_ID: options.clientId },
        services: { [machine]: fakeAzureMachine(options, options.clientId) },
      }),
    },
    {
      name: "as App Service does",
      world: () =>
        endpoint(
          { IDENTITY_ENDPOINT: `http://${here}/msi`, IDENTITY_HEADER: "canary-password" },
          { method: "GET", query: { "api-version": "2019-08-01" }, header: ["x-identity-header", "canary-password"] },
        ),
    },
    {
      name: "as App Service does, for one identity",
      world: () =>
        endpoint(
          {
            IDENTITY_ENDPOINT: `http://${here}/msi?x=1`,
            IDENTITY_HEADER: "canary-password",
            AZURE_CLIENT_ID: options.clientId,
          },
          {
            method: "GET",
            query: { x: "1", "api-version": "2019-08-01", client_id: options.clientId },
            header: ["x-identity-header", "canary-password"],
          },
        ),
    },
    {
      name: "as Service Fabric does",
      world: () =>
        endpoint(
          {
            IDENTITY_ENDPOINT: `http://${here}/sf`,
            IDENTITY_HEADER: "canary-password",
            IDENTITY_SERVER_THUMBPRINT: "AA",
          },
          { method: "GET", query: { "api-version": "2019-07-01-preview" }, header: ["secret", "canary-password"] },
        ),
    },
    {
      name: "as Machine Learning does",
      world: () =>
        endpoint(
          { MSI_ENDPOINT: `http://${here}/msi`, MSI_SECRET: "canary-password" },
          {
            method: "GET",
            query: { "api-version": "2017-09-01", clientid: "" },
            header: ["secret", "canary-password"],
          },
        ),
    },
    {
      name: "as Cloud Shell does",
      world: () =>
        endpoint({ MSI_ENDPOINT: `http://${here}/msi` }, { method: "POST", query: {}, header: ["metadata", "true"] }),
    },
    {
      name: "as a server of Azure Arc does",
      world: () => ({
        env: { IDENTITY_ENDPOINT: `http://${here}/identity`, IMDS_ENDPOINT: `http://${here}` },
        files: { [arcKey.path]: arcKey.key },
        services: { [here]: fakeArcAgent(options, arcKey) },
      }),
    },
    {
      name: "with a PFX",
      world: () => ({
        env: {
          ...CLIENT,
          AZURE_CLIENT_CERTIFICATE_PATH: "/c.pfx",
          AZURE_CLIENT_CERTIFICATE_PASSWORD: "canary-password",
        },
        files: { "/c.pfx": certificate.pfx },
        services: { [LOGIN]: fakeAzureLogin(certificate.options) },
      }),
    },
    {
      name: "as a user",
      world: () => ({
        env: { ...CLIENT, AZURE_USERNAME: "u@contoso.example", AZURE_PASSWORD: "canary-password" },
        services: {
          [LOGIN]: fakeAzureLogin({ ...options, user: { name: "u@contoso.example", password: "canary-password" } }),
        },
      }),
    },
    {
      name: "as a guest in the tenant of the vault",
      world: () => ({
        env: {
          ...SECRET,
          AZURE_TENANT_ID: "99999999-2222-3333-4444-555555555555",
          AZURE_ADDITIONALLY_ALLOWED_TENANTS: `contoso.example; ${options.tenant}`,
        },
      }),
    },
    {
      name: "as azd does, where az is not",
      world: () => ({
        env: {},
        run: async (line) =>
          line.startsWith("azd ")
            ? {
                kind: "ended",
                stdout: new TextEncoder().encode(
                  JSON.stringify({ token: options.token, expiresOn: "2099-01-01T00:00:00Z" }),
                ),
              }
            : { kind: "failed", problem: "az cannot be started: ENOENT" },
      }),
    },
    {
      name: "as az does",
      world: () => ({ env: {}, run: azPrints({ accessToken: options.token, expires_on: 4_000_000_000 }) }),
    },
    {
      name: "as az does, when variables say so",
      world: () => ({
        env: { ...SECRET, AZURE_TOKEN_CREDENTIALS: "dev" },
        run: azPrints({ accessToken: options.token }),
      }),
    },
    {
      name: "at another authority",
      world: () => ({
        env: { ...SECRET, AZURE_AUTHORITY_HOST: "https://login.microsoftonline.us/" },
        services: { "login.microsoftonline.us": fakeAzureLogin(options) },
      }),
    },
  ];

  test.each(cases)("$name", async ({ world }) => {
    const { azure } = open(world());
    const enc = await azure.encrypt(key(), CANARY_DATA_KEY);
    expect(await azure.decrypt(withEnc(key(), enc))).toEqual(CANARY_DATA_KEY);
  });

  test.each([
    {
      choice: "AzureCLICredential",
      line: `az account get-access-token -o json --resource https://vault.azure.net --tenant ${options.tenant}`,
    },
    {
      choice: "azuredeveloperclicredential",
      line: `azd auth token -o json --no-prompt --scope https://vault.azure.net/.default --tenant-id ${options.tenant}`,
    },
  ])("and asks $choice for the tenant of the vault, unattended, for ten seconds", async ({ choice, line }) => {
    const calls: unknown[] = [];
    const run: KmsPorts["run"] = async (...call) => {
      calls.push(call);
      return { kind: "failed", problem: "it ended", complaint: `Please run 'az login'. ${"x".repeat(200)}` };
    };
    const env = { AZURE_TOKEN_CREDENTIALS: choice };
    const error = await failureOf(open({ env, run }).azure.encrypt(key(), CANARY_DATA_KEY));
    expect(calls).toEqual([[line, { timeoutMs: 10_000, isUnattended: true }]]);
    expect(error.code).toBe("KEY_SERVICE_NO_CREDENTIALS");
    expect(error.message).toContain("it ended: Please run 'az login'. [redacted]");
  });

  test("and what a vault wants stays one word of the line", async () => {
    const lines: string[] = [];
    const ports: KmsPorts = {
      ...testPorts({ fetch: async () => Promise.reject(new Error("no network")), env: {}, files: {}, startMs: NOW_MS }),
      async run(line) {
        lines.push(line);
        return { kind: "failed", problem: "it ended" };
      },
    };
    const wanted = { resource: "https://a'$(b)", scope: "https://a'$(b)/.default", tenant: "t" };
    await azureCli(ports, undefined).token(wanted);
    await azureDeveloperCli(ports, undefined).token(wanted);
    expect(lines.map((line) => splitCommand(line).slice(-3))).toEqual([
      [wanted.resource, "--tenant", "t"],
      [wanted.scope, "--tenant-id", "t"],
    ]);
  });

  test("and asks programs for the tenant that variables name", async () => {
    const lines: string[] = [];
    const run: KmsPorts["run"] = async (line) => {
      lines.push(line.slice(-19));
      return { kind: "ended", stdout: new TextEncoder().encode("{}") };
    };
    const env = { AZURE_TENANT_ID: "contoso.example", AZURE_TOKEN_CREDENTIALS: "dev" };
    await failureOf(open({ env, run }).azure.encrypt(key(), CANARY_DATA_KEY));
    expect(lines).toEqual(["ant contoso.example", "-id contoso.example"]);
  });
});

describe("azureKeyVault() refuses", () => {
  test.each<{ name: string; world: () => World; code: string; text?: string }>([
    {
      name: "a wrong secret",
      world: () => ({ env: { ...SECRET, AZURE_CLIENT_SECRET: "canary-password" } }),
      code: "KEY_SERVICE_DENIED",
      text: "AADSTS7000215",
    },
    { name: "no credentials", world: () => ({ env: {} }), code: "KEY_SERVICE_NO_CREDENTIALS", text: "az login" },
    {
      name: "a wrong secret, although the machine has an identity",
      world: () => ({
        env: { ...SECRET, AZURE_CLIENT_SECRET: "wrong" },
        services: { "169.254.169.254": fakeAzureMachine(options) },
      }),
      code: "KEY_SERVICE_DENIED",
    },
    {
      name: "a token that the vault does not take",
      world: () => ({ services: { [LOGIN]: fakeAzureLogin({ ...options, token: "eyJ.other" }) } }),
      code: "KEY_SERVICE_DENIED",
      text: "AKV10032",
    },
    {
      name: "a PFX under another password",
      world: () => ({
        env: { ...CLIENT, AZURE_CLIENT_CERTIFICATE_PATH: "/c.pfx" },
        files: { "/c.pfx": certificate.pfx },
      }),
      code: "KEY_SERVICE_BAD_SETTINGS",
      text: "does not open with this password",
    },
    {
      name: "a certificate in no format",
      world: () => ({
        env: { ...CLIENT, AZURE_CLIENT_CERTIFICATE_PATH: "/c" },
        files: { "/c": "canary-password" },
      }),
      code: "KEY_SERVICE_BAD_SETTINGS",
      text: "neither PEM nor PKCS #12",
    },
    {
      name: "the login of PowerShell",
      world: () => ({ env: { AZURE_TOKEN_CREDENTIALS: "AzurePowerShellCredential" } }),
      code: "KEY_SERVICE_BAD_SETTINGS",
      text: "PowerShell",
    },
    {
      name: "a vault of a foreign tenant",
      world: () => ({ env: { ...SECRET, AZURE_TENANT_ID: "99999999-2222-3333-4444-555555555555" } }),
      code: "KEY_SERVICE_BAD_SETTINGS",
      text: `AZURE_ADDITIONALLY_ALLOWED_TENANTS=${options.tenant}`,
    },
    {
      name: "tenants that are none",
      world: () => ({ env: { ...SECRET, AZURE_ADDITIONALLY_ALLOWED_TENANTS: "a b" } }),
      code: "KEY_SERVICE_BAD_SETTINGS",
    },
    {
      name: "a wrong password",
      world: () => ({
        env: { ...CLIENT, AZURE_USERNAME: "u", AZURE_PASSWORD: "canary-password" },
        services: { [LOGIN]: fakeAzureLogin({ ...options, user: { name: "u", password: "other" } }) },
      }),
      code: "KEY_SERVICE_DENIED",
      text: "AADSTS50126",
    },
    ...["/etc/passwd", "/var/opt/azcmagent/tokens/../x.key", "/var/opt/azcmagent/tokens/a/b.key", "x.key"].map(
      (path) => ({
        name: `an agent of Azure Arc that wants ${path}`,
        world: () => ({
          env: { IDENTITY_ENDPOINT: "http://localhost/i", IMDS_ENDPOINT: "http://localhost" },
          files: { [path]: "canary-password" },
          services: { localhost: fakeArcAgent(options, { path, key: "canary-password" }) },
        }),
        code: "KEY_SERVICE_BAD_ANSWER",
        text: "no key of its own",
      }),
    ),
    {
      name: "a key of Azure Arc that cannot be read",
      world: () => ({
        env: { IDENTITY_ENDPOINT: "http://localhost/i", IMDS_ENDPOINT: "http://localhost" },
        services: {
          localhost: fakeArcAgent(options, { path: "/var/opt/azcmagent/tokens/a.key", key: "canary-password" }),
        },
      }),
      code: "KEY_SERVICE_NO_CREDENTIALS",
      text: "usermod -aG himds",
    },
    ...[
      { IDENTITY_ENDPOINT: "http://localhost", IMDS_ENDPOINT: "http://localhost" },
      { MSI_ENDPOINT: "http://localhost" },
      { IDENTITY_ENDPOINT: "http://localhost", IDENTITY_HEADER: "h", IDENTITY_SERVER_THUMBPRINT: "AA" },
    ].map((env) => ({
      name: `one identity of ${Object.keys(env).join()}`,
      world: () => ({ env: { ...env, AZURE_CLIENT_ID: options.clientId } }),
      code: "KEY_SERVICE_NO_CREDENTIALS",
      text: "AZURE_CLIENT_ID asks for another",
    })),
    {
      name: "an older identity endpoint far away",
      world: () => ({ env: { MSI_ENDPOINT: "http://evil.example/", MSI_SECRET: "canary-password" } }),
      code: "KEY_SERVICE_BAD_SETTINGS",
    },
    {
      name: "a secret of an identity endpoint with a line break",
      world: () => ({ env: { MSI_ENDPOINT: "http://localhost/", MSI_SECRET: "canary-password\nx" } }),
      code: "KEY_SERVICE_BAD_SETTINGS",
    },
    {
      name: "a certificate of another key",
      world: () => ({ env: { ...CLIENT, AZURE_CLIENT_CERTIFICATE_PATH: "/c" }, files: { "/c": certificate.other } }),
      code: "KEY_SERVICE_BAD_SETTINGS",
      text: "none of its certificates",
    },
    {
      name: "a key without a certificate",
      world: () => ({ env: { ...CLIENT, AZURE_CLIENT_CERTIFICATE_PATH: "/c" }, files: { "/c": certificate.keyPem } }),
      code: "KEY_SERVICE_BAD_SETTINGS",
    },
    {
      name: "an encrypted key without its password",
      world: () => ({
        env: { ...CLIENT, AZURE_CLIENT_CERTIFICATE_PATH: "/c" },
        files: { "/c": certificate.encrypted },
      }),
      code: "KEY_SERVICE_BAD_SETTINGS",
      text: "no RSA private key",
    },
    {
      name: "a certificate that is not there",
      world: () => ({ env: { ...CLIENT, AZURE_CLIENT_CERTIFICATE_PATH: "/none" } }),
      code: "KEY_SERVICE_BAD_SETTINGS",
    },
    {
      name: "a workload without its token",
      world: () => ({ env: { ...CLIENT, AZURE_FEDERATED_TOKEN_FILE: "/none" } }),
      code: "KEY_SERVICE_NO_CREDENTIALS",
    },
    {
      name: "a workload with a wrong token",
      world: () => ({ env: { ...CLIENT, AZURE_FEDERATED_TOKEN_FILE: "/t" }, files: { "/t": "eyJ.eyJ9.x" } }),
      code: "KEY_SERVICE_DENIED",
    },
    {
      name: "a login without TLS",
      world: () => ({ env: { ...SECRET, AZURE_AUTHORITY_HOST: "http://login.example" } }),
      code: "KEY_SERVICE_BAD_SETTINGS",
    },
    {
      name: "a login with a path",
      world: () => ({ env: { ...SECRET, AZURE_AUTHORITY_HOST: "https://login.example/x" } }),
      code: "KEY_SERVICE_BAD_SETTINGS",
    },
    {
      name: "a tenant that climbs",
      world: () => ({ env: { ...SECRET, AZURE_TENANT_ID: "../x" } }),
      code: "KEY_SERVICE_BAD_SETTINGS",
    },
    {
      name: "a tenant with an option for az",
      world: () => ({ env: { AZURE_TENANT_ID: "x --debug" }, run: async () => ({ kind: "failed", problem: "x" }) }),
      code: "KEY_SERVICE_BAD_SETTINGS",
    },
    {
      name: "a kind of credential that is none",
      world: () => ({ env: { ...SECRET, AZURE_TOKEN_CREDENTIALS: "x" } }),
      code: "KEY_SERVICE_BAD_SETTINGS",
    },
    {
      name: "an identity endpoint far away",
      world: () => ({ env: { IDENTITY_ENDPOINT: "http://evil.example/", IDENTITY_HEADER: "canary-password" } }),
      code: "KEY_SERVICE_BAD_SETTINGS",
    },
    {
      name: "rubbish of az",
      world: () => ({
        env: {},
        run: async () => ({ kind: "ended", stdout: new TextEncoder().encode("canary-password") }),
      }),
      code: "KEY_SERVICE_NO_CREDENTIALS",
      text: "it printed no access token",
    },
  ])("$name", async ({ world, code, text = "" }) => {
    const error = await failureOf(open(world()).azure.encrypt(key(), CANARY_DATA_KEY));
    expect(error.code).toBe(code);
    expect([error.message, ...error.hints].join("\n")).toContain(text);
    expectNoSecret(error, SECRETS);
  });

  test.each([
    { name: "no URL", url: "team" },
    { name: "no TLS", url: `http://${HOST}` },
    { name: "a password", url: `https://user:canary-password@${HOST}` },
    { name: "a path", url: `https://${HOST}/x` },
    { name: "a query", url: `https://${HOST}?x` },
    { name: "a blank", url: `https://${HOST} ` },
    { name: "nothing", url: "" },
    { name: "a name that climbs", keyName: ".." },
    { name: "a name with a step", keyName: "a/b" },
    { name: "no name", keyName: "" },
    { name: "a version that climbs", version: ".." },
    { name: "a version with a query", version: "x?y" },
  ])("a key with $name", async ({ url, keyName, version }) => {
    const asked = key({
      ...(url === undefined ? {} : { url }),
      ...(keyName === undefined ? {} : { name: keyName }),
      ...(version === undefined ? {} : { version }),
    });
    const { azure, vault: requests } = open();
    for (const call of [azure.encrypt(asked, CANARY_DATA_KEY), azure.decrypt(withEnc(asked, "AAAA"))]) {
      const error = await failureOf(call);
      expect(error.code).toBe("KEY_SERVICE_BAD_KEY");
      expectNoSecret(error, SECRETS);
    }
    expect(requests).toEqual([]);
  });

  test.each(["", "?", "AA==", "A", "AAAA"])("to open the entry %j", async (enc) => {
    expect((await failureOf(open().azure.decrypt(withEnc(key(), enc)))).code).toBe("KEY_SERVICE_BAD_DATA");
  });

  test("an unknown key or version, as the original says it", async () => {
    const error = await failureOf(open().azure.encrypt(key({ name: "none" }), CANARY_DATA_KEY));
    expect(error.code).toBe("KEY_SERVICE_MISSING_KEY");
    expect(error.original).toBe(
      `failed to encrypt sops data key with Azure Key Vault key 'https://${HOST}/keys/none/${NEW}': RESPONSE 404\nERROR CODE: KeyNotFound\nA key with (name/id) none/${NEW} was not found in this key vault.`,
    );
    const unknown = await failureOf(open().azure.complete?.(key({ name: "none", version: "" })) ?? Promise.resolve());
    expect(unknown.original).toMatch(/^failed to fetch Azure Key to retrieve key version: /);
  });

  test.each([
    { resource: "https://management.azure.com", why: "a token for another service" },
    { resource: "https://azure.net.evil.example", why: "a token for a look-alike" },
    { resource: `https://${HOST}`, why: "a token for itself" },
    { resource: "https://am.vault.azure.net", why: "a token for a domain that only ends alike" },
    { resource: "http://vault.azure.net", why: "a token without TLS" },
    { resource: "vault", why: "rubbish" },
  ])("a vault that wants $why", async ({ resource }) => {
    const services = { [HOST]: fakeKeyVault({ ...options, resource }, []) };
    const { azure, login } = open({ services });
    expect((await failureOf(azure.encrypt(key(), CANARY_DATA_KEY))).code).toBe("KEY_SERVICE_BAD_ANSWER");
    expect(login).toEqual([]);
  });

  test.each([
    { name: "no header", header: undefined },
    { name: "Basic", header: 'Basic realm="x"' },
    { name: "no resource", header: 'Bearer authorization="https://login.microsoftonline.com/x"' },
    { name: "a flood", header: `Bearer resource="${"x".repeat(5000)}"` },
  ])("a challenge with $name", ({ header }) => {
    expect(readChallenge(header, new URL(`https://${HOST}`))).toBeTypeOf("string");
  });

  test("no challenge whose resource is a scope", () => {
    const challenge = readChallenge('Bearer scope="https://vault.azure.net/.default"', new URL(`https://${HOST}`));
    expect(challenge).toEqual({ resource: "https://vault.azure.net", scope: "https://vault.azure.net/.default" });
  });

  test.each(Object.entries(TROUBLES))("a service that %s", async (_, { answer, code }) => {
    const login = await failureOf(open({ services: { [LOGIN]: () => answer } }).azure.encrypt(key(), CANARY_DATA_KEY));
    expect(login.code).toBe(code);
    const unasked = await failureOf(open({ services: { [HOST]: () => answer } }).azure.encrypt(key(), CANARY_DATA_KEY));
    expect(unasked.code).toBe(code);
    const later: Service = (request) => (request.headers.has("authorization") ? answer : vault(request));
    const asked = await failureOf(open({ services: { [HOST]: later } }).azure.encrypt(key(), CANARY_DATA_KEY));
    expect(asked.code).toBe(code);
    for (const error of [login, unasked, asked]) expectNoSecret(error, SECRETS);
  });

  test("to repeat what a service sends back", async () => {
    const mirror: Service = ({ headers, body }) => ({
      status: 400,
      body: { error: { code: headers.get("authorization"), message: `${headers.get("authorization")} ${body}` } },
    });
    const later: Service = (request) => (request.headers.has("authorization") ? mirror(request) : vault(request));
    const error = await failureOf(open({ services: { [HOST]: later } }).azure.encrypt(key(), CANARY_DATA_KEY));
    expectNoSecret(error, SECRETS);
    const oauth: Service = ({ body }) => ({
      status: 400,
      body: { error: "x", error_description: decodeURIComponent(body) },
    });
    const denied = await failureOf(open({ services: { [LOGIN]: oauth } }).azure.encrypt(key(), CANARY_DATA_KEY));
    expectNoSecret(denied, SECRETS);
  });
});

describe("azureKeyVaultWith()", () => {
  const utf16 = (text: string, bigEndian: boolean) => {
    const bytes = Buffer.from(`\ufeff${text}`, "utf16le");
    return new Uint8Array(bigEndian ? bytes.swap16() : bytes);
  };
  const fields = { tenantId: options.tenant, clientId: options.clientId, clientSecret: "canary~client~secret" };
  const json = JSON.stringify(fields, undefined, "\t");
  const yaml = Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("");
  const plain = (text: string) => new TextEncoder().encode(text);

  function controller(entry: Uint8Array, world: World = {}, allowManagedIdentity = false) {
    const opened = open({ env: { ...SECRET, AZURE_CLIENT_SECRET: "ambient" }, ...world });
    const azure = azureKeyVaultWith(opened.ports, new ClearText(entry), { allowManagedIdentity });
    return { ...opened, azure };
  }

  test.each([
    { name: "JSON", entry: plain(json) },
    { name: "YAML", entry: plain(yaml) },
    { name: "JSON in UTF-16, little end first", entry: utf16(json, false) },
    { name: "YAML in UTF-16, big end first", entry: utf16(yaml, true) },
    { name: "UTF-8 with a byte order mark", entry: plain(`\ufeff${json}`) },
    {
      name: "what az prints",
      entry: plain(
        JSON.stringify({
          appId: options.clientId,
          displayName: "x",
          password: "canary~client~secret",
          tenant: options.tenant,
        }),
      ),
    },
    {
      name: "an authority of Microsoft's",
      entry: plain(`${yaml}authorityHost: https://login.microsoftonline.us\n`),
      services: { "login.microsoftonline.us": fakeAzureLogin(options) },
    },
  ])("takes $name, and nothing of the environment", async ({ entry, services = {} }) => {
    const { azure, ports } = controller(entry, { services });
    const enc = await azure.encrypt(key(), CANARY_DATA_KEY);
    expect(await azure.decrypt(withEnc(key(), enc))).toEqual(CANARY_DATA_KEY);
    expect((ports as { read?: unknown }).read).toEqual([]);
  });

  test("takes a certificate", async () => {
    const entry = plain(
      JSON.stringify({
        ...fields,
        clientSecret: "",
        clientCertificate: certificate.encrypted,
        clientCertificatePassword: "canary-password",
      }),
    );
    const { azure } = controller(entry, { services: { [LOGIN]: fakeAzureLogin(certificate.options) } });
    expect(await azure.encrypt(key(), CANARY_DATA_KEY)).toMatch(/^[\w-]+$/);
  });

  test("uses the identity of the machine only when that is allowed", async () => {
    const entry = plain(JSON.stringify({ clientId: options.clientId }));
    const services = { "169.254.169.254": fakeAzureMachine(options, options.clientId) };
    expect(await controller(entry, { services }, true).azure.encrypt(key(), CANARY_DATA_KEY)).toMatch(/^[\w-]+$/);
    const error = await failureOf(controller(entry, { services }).azure.encrypt(key(), CANARY_DATA_KEY));
    expect(error.code).toBe("KEY_SERVICE_BAD_SETTINGS");
  });

  /** An encrypted private key in PEM that wants so many rounds, and is none. */
  function encryptedKey(rounds: number): string {
    const sequence = (...parts: Uint8Array[]) => der(TAG.sequence, ...parts);
    const octets = (bytes: number) => der(TAG.octetString, Buffer.alloc(bytes));
    const count = derInteger(Buffer.from(rounds.toString(16).padStart(8, "0"), "hex"));
    const derivation = sequence(derOid("1.2.840.113549.1.5.12"), sequence(octets(8), count));
    const cipher = sequence(derOid("2.16.840.1.101.3.4.1.42"), octets(16));
    const scheme = sequence(derOid("1.2.840.113549.1.5.13"), sequence(derivation, cipher));
    const body = Buffer.from(sequence(scheme, octets(64))).toString("base64");
    return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${body}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
  }

  const curve = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" });

  test.each<{ name: string; entry: Uint8Array }>([
    { name: "nothing", entry: plain("") },
    { name: "a text", entry: plain("canary-password") },
    { name: "a list", entry: plain("- canary-password\n") },
    { name: "broken YAML", entry: plain("a: [canary-password\n") },
    { name: "half UTF-16", entry: utf16(json, false).subarray(0, 21) },
    { name: "bytes that are no text", entry: new Uint8Array([0x80, 0x81]) },
    { name: "a double name", entry: plain(`${yaml}clientId: other\n`) },
    { name: "no client", entry: plain(yaml.replace("clientId", "x")) },
    { name: "no secret", entry: plain(yaml.replace("clientSecret", "x")) },
    { name: "a tenant that is none", entry: plain(yaml.replace(options.tenant, "a/b")) },
    {
      name: "a certificate that is none",
      entry: plain(JSON.stringify({ ...fields, clientSecret: "", clientCertificate: curve })),
    },
    {
      name: "a key of so many rounds that the controller would stand still",
      entry: plain(
        JSON.stringify({
          ...fields,
          clientSecret: "",
          clientCertificate: encryptedKey(2 ** 31 - 1),
          clientCertificatePassword: "canary-password",
        }),
      ),
    },
    {
      name: "PKCS #12, of whose rounds a text of a Secret could say as many",
      entry: plain(JSON.stringify({ ...fields, clientSecret: "", clientCertificate: "0\u0003\u0002\u0001\u0003" })),
    },
    { name: "another authority", entry: plain(`${yaml}authorityHost: https://evil.example\n`) },
    { name: "an authority without TLS", entry: plain(`${yaml}authorityHost: http://login.microsoftonline.com\n`) },
    { name: "too much", entry: plain(`x: ${"y".repeat(200_000)}\n`) },
  ])("refuses $name", async ({ entry }) => {
    const { azure, login } = controller(entry);
    const error = await failureOf(azure.encrypt(key(), CANARY_DATA_KEY));
    expect(error.code).toBe("KEY_SERVICE_BAD_SETTINGS");
    expectNoSecret(error, SECRETS);
    expect(login).toEqual([]);
  });

  test("asks no vault beyond Microsoft's clouds", async () => {
    const { azure, vault: asked } = controller(plain(json), { services: { "vault.evil.example": vault } });
    for (const url of [
      "https://vault.evil.example",
      "https://vault.azure.net",
      "https://127.0.0.1",
      "https://xvault.azure.net",
    ]) {
      expect((await failureOf(azure.encrypt(key({ url }), CANARY_DATA_KEY))).code).toBe("KEY_SERVICE_NOT_ALLOWED");
    }
    expect(asked).toEqual([]);
  });
});
