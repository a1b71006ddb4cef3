import { createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FakeAzureOptions, fakeAzureLogin, fakeKeyVault } from "../../helpers/fakes/azure.ts";
import { type ConnectProxy, startConnectProxy } from "../../helpers/fakes/connect-proxy.ts";
import {
  type FakeGoogleOptions,
  fakeGoogleExchange,
  fakeGoogleKms,
  fakeGoogleTokens,
} from "../../helpers/fakes/google.ts";
import { fakeVault } from "../../helpers/fakes/vault.ts";
import { type Listening, listen, type Service, type WireRequest } from "../../helpers/fakes/wire.ts";
import { runCli } from "../../helpers/run-cli.ts";
import { makeSealingKey } from "../../helpers/sealing-keys.ts";
import { makeTlsAuthority } from "../../helpers/tls-authority.ts";
import { goesBothWays, type Scene } from "./cloud-scene.ts";
import { original, workspace } from "./original.ts";

const folder = workspace();
const ends: (() => Promise<void>)[] = [];

afterAll(async () => {
  await Promise.all(ends.map((end) => end()));
  folder.end();
});

const VAULT_TOKEN = "hvs.peer-token-0123456789";
const GOOGLE_TOKEN = "ya29.peer-token-0123456789";
const RING = "projects/p/locations/global/keyRings/r/cryptoKeys";
const AZURE_HOST = "peers.vault.azure.net";
const VERSION = "0123456789abcdef0123456789abcdef";
const federation = {
  audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x",
  subjectTokenType: "urn:ietf:params:oauth:token-type:jwt",
  subjectToken: "eyJ.peer-subject-token",
};
const azure: FakeAzureOptions = {
  token: "eyJ.peer-token-0123456789",
  tenant: "11111111-2222-3333-4444-555555555555",
  clientId: "66666666-7777-8888-9999-000000000000",
  clientSecret: "peer~client~secret",
  federatedToken: "eyJ.peer-federated-token",
};

const scenes = new Map<string, Scene>();
let vault: Listening;
let google: Listening;
let proxy: ConnectProxy;

async function up(service: Service, tls?: Parameters<typeof listen>[1]): Promise<Listening> {
  const server = await listen(service, tls);
  ends.push(() => server.close());
  return server;
}

beforeAll(async () => {
  const keys = ["transit/k", "team/a/k"];
  vault = await up(fakeVault({ token: VAULT_TOKEN, keys, namespace: "team" }).service);
  const vaultEnv = { VAULT_TOKEN, VAULT_NAMESPACE: "team", SOPS_HC_VAULT_ALLOWLIST: `https://x.example,${vault.url}` };
  scenes.set("Vault", { flags: ["--hc-vault-transit", `${vault.url}/v1/transit/keys/k`], env: vaultEnv });
  const two = ["transit", "team/a"].map((engine) => `${vault.url}/v1/${engine}/keys/k`).join();
  scenes.set("Vault, two keys", { flags: ["--hc-vault-transit", two], env: vaultEnv });
  scenes.set("Vault, a deep engine", { flags: ["--hc-vault-transit", `${vault.url}/v1/team/a/keys/k`], env: vaultEnv });

  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const account = { publicKey: pair.publicKey, keyId: "key-1", email: "robot@p.iam", nowMs: Date.now };
  const tokens: { service: Service } = { service: () => ({ status: 500 }) };
  const options: FakeGoogleOptions = { token: GOOGLE_TOKEN, keys: [`${RING}/k`], federation };
  const pages = new Map([
    ["/token", (request: WireRequest) => tokens.service(request)],
    ["/v1/token", fakeGoogleExchange(options)],
  ]);
  const kms = fakeGoogleKms(options);
  google = await up((request) => (pages.get(request.url.pathname) ?? kms)(request));
  const tokenUrl = `${google.url}/token`;
  tokens.service = fakeGoogleTokens({ ...options, serviceAccount: { ...account, tokenUrl } });
  const keyFile = join(folder.path, "key.json");
  const privateKey = pair.privateKey.export({ type: "pkcs8", format: "pem" });
  const file = {
    type: "service_account",
    private_key_id: "key-1",
    private_key: privateKey,
    client_email: "robot@p.iam",
  };
  writeFileSync(keyFile, JSON.stringify({ ...file, token_uri: tokenUrl }));
  const rest = { SOPS_GCP_KMS_CLIENT_TYPE: "rest", SOPS_GCP_KMS_ENDPOINT: google.url };
  const flags = ["--gcp-kms", `${RING}/k`];
  scenes.set("Google Cloud, a token", { flags, env: { ...rest, GOOGLE_OAUTH_ACCESS_TOKEN: GOOGLE_TOKEN } });
  scenes.set("Google Cloud, a service account", { flags, env: { ...rest, GOOGLE_CREDENTIALS: keyFile } });
  const subject = join(folder.path, "subject");
  writeFileSync(subject, federation.subjectToken);
  const external = join(folder.path, "external.json");
  const source = { credential_source: { file: subject }, token_url: `${google.url}/v1/token` };
  const { audience, subjectTokenType } = federation;
  writeFileSync(
    external,
    JSON.stringify({ type: "external_account", audience, subject_token_type: subjectTokenType, ...source }),
  );
  scenes.set("Google Cloud, another provider", { flags, env: { ...rest, GOOGLE_APPLICATION_CREDENTIALS: external } });
  scenes.set("Google Cloud, the default file", { flags, env: { ...rest, GOOGLE_APPLICATION_CREDENTIALS: keyFile } });

  const authority = makeTlsAuthority([AZURE_HOST, "login.microsoftonline.com"]);
  const { certificatePem, privateKeyPem } = await makeSealingKey();
  const der = new X509Certificate(certificatePem).raw;
  const certificate = { publicKey: createPublicKey(privateKeyPem), der };
  const login = fakeAzureLogin({ ...azure, certificate, nowMs: Date.now });
  const keyVault = fakeKeyVault(azure, [{ name: "k", version: VERSION }]);
  const both: Service = (request) => (request.url.hostname === AZURE_HOST ? keyVault(request) : login(request));
  proxy = await startConnectProxy((await up(both, authority)).port);
  ends.push(() => proxy.close());
  const roots = join(folder.path, "roots.pem");
  writeFileSync(roots, authority.ca);
  const led = { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: roots };
  const client = { ...led, AZURE_TENANT_ID: azure.tenant, AZURE_CLIENT_ID: azure.clientId };
  const azureEnv = { ...client, AZURE_CLIENT_SECRET: azure.clientSecret ?? "" };
  const url = `https://${AZURE_HOST}/keys/k`;
  scenes.set("Azure, a version", { flags: ["--azure-kv", `${url}/${VERSION}`], env: azureEnv });
  const statement = join(folder.path, "statement");
  writeFileSync(statement, azure.federatedToken ?? "");
  const pem = join(folder.path, "client.pem");
  writeFileSync(pem, certificatePem + privateKeyPem);
  const programs = join(folder.path, "bin");
  mkdirSync(programs);
  const printed = JSON.stringify({ accessToken: azure.token, expires_on: 4_000_000_000, tokenType: "Bearer" });
  writeFileSync(join(programs, "az"), `#!/bin/sh\necho '${printed}'\n`, { mode: 0o755 });
  const azureFlags = ["--azure-kv", `${url}/${VERSION}`];
  scenes.set("Azure, a workload", { flags: azureFlags, env: { ...client, AZURE_FEDERATED_TOKEN_FILE: statement } });
  scenes.set("Azure, a certificate", { flags: azureFlags, env: { ...client, AZURE_CLIENT_CERTIFICATE_PATH: pem } });
  const dev = { ...led, AZURE_TOKEN_CREDENTIALS: "dev", PATH: `${programs}:${process.env["PATH"] ?? ""}` };
  scenes.set("Azure, the login of az", { flags: azureFlags, env: dev });
  scenes.set("Azure, the newest version", { flags: ["--azure-kv", url], env: azureEnv });
});

const NAMES = [
  "Vault",
  "Vault, a deep engine",
  "Vault, two keys",
  "Google Cloud, a token",
  "Google Cloud, a service account",
  "Google Cloud, the default file",
  "Google Cloud, another provider",
  "Azure, a version",
  "Azure, a workload",
  "Azure, a certificate",
  "Azure, the login of az",
  "Azure, the newest version",
];

const FILES = [
  ["f.yaml", "a: 1\nb:\n    - x\n    - 2.5\n"],
  ["f.json", '{\n\t"a": "b"\n}\n'],
] as const;

describe.each(NAMES)("%s", (name) => {
  test.each(FILES)("%s goes both ways", async (file, text) => {
    const scene = scenes.get(name) ?? { flags: [], env: {} };
    await goesBothWays(folder.path, scene, { name: `${name.replace(/\W+/g, "-")}-${file}`, text });
  });
});

describe("what both refuse", () => {
  /** The lines of the original that a script may look for; ours has more behind them. */
  async function refusals(args: readonly string[], env: Readonly<Record<string, string>>) {
    const inFolder = { cwd: folder.path, env: { ...env, HOME: folder.path } };
    const [theirs, ours] = await Promise.all([original(args, inFolder), runCli(["sops", ...args], inFolder)]);
    return { theirs, ours };
  }

  test.each([
    { name: "an unknown transit key", path: "/v1/transit/keys/none", env: {} },
    { name: "a wrong token", path: "/v1/transit/keys/k", env: { VAULT_TOKEN: "hvs.wrong-token" } },
    { name: "an allow list without the server", path: "/v1/transit/keys/k", env: { SOPS_HC_VAULT_ALLOWLIST: "none" } },
    { name: "an empty entry of the list", path: "/v1/transit/keys/k", env: { SOPS_HC_VAULT_ALLOWLIST: "," } },
    { name: "a setting that is none", path: "/v1/transit/keys/k", env: { VAULT_SKIP_VERIFY: "maybe" } },
    { name: "no folder of certificates", path: "/v1/transit/keys/k", env: { VAULT_CAPATH: "/none" } },
    { name: "a folder of something else", path: "/v1/transit/keys/k", env: { VAULT_CAPATH: "/proc/self/comm" } },
    { name: "half a client certificate", path: "/v1/transit/keys/k", env: { VAULT_CLIENT_CERT: "/x" } },
    { name: "a token of two lines", path: "/v1/transit/keys/k", env: { VAULT_TOKEN: "a\nb" } },
  ])("Vault: $name, in the same words", async ({ path, env }) => {
    const clear = join(folder.path, "clear.yaml");
    writeFileSync(clear, "a: 1\n");
    const scene = scenes.get("Vault")?.env ?? {};
    const { theirs, ours } = await refusals(["encrypt", "--hc-vault-transit", vault.url + path, clear], {
      ...scene,
      ...env,
    });
    expect(theirs.code).toBe(1);
    expect(ours.code).toBe(1);
    expect(ours.stderr.slice(0, theirs.stderr.trimEnd().length)).toBe(theirs.stderr.trimEnd());
  });

  test.each([
    { name: "an unknown key", resource: `${RING}/none`, env: {} },
    { name: "a malformed key", resource: "foo", env: {} },
    { name: "a wrong token", resource: `${RING}/k`, env: { GOOGLE_OAUTH_ACCESS_TOKEN: "ya29.wrong" } },
    { name: "credentials without a type", resource: `${RING}/k`, env: { GOOGLE_CREDENTIALS: "{}" } },
    { name: "credentials of an unknown type", resource: `${RING}/k`, env: { GOOGLE_CREDENTIALS: '{"type":"foo"}' } },
    {
      name: "a key file that is not there",
      resource: `${RING}/k`,
      env: { GOOGLE_APPLICATION_CREDENTIALS: "/nope", GOOGLE_OAUTH_ACCESS_TOKEN: "" },
    },
  ])("Google Cloud: $name, in the same words", async ({ resource, env }) => {
    const clear = join(folder.path, "clear.yaml");
    writeFileSync(clear, "a: 1\n");
    const scene = scenes.get("Google Cloud, a token")?.env ?? {};
    const { theirs, ours } = await refusals(["encrypt", "--gcp-kms", resource, clear], { ...scene, ...env });
    expect(theirs.code).toBe(1);
    expect(ours.code).toBe(1);
    expect(ours.stderr.slice(0, theirs.stderr.trimEnd().length)).toBe(theirs.stderr.trimEnd());
  });

  test.each([
    { name: "Vault", env: { VAULT_TOKEN: "hvs.wrong-token" } },
    { name: "Vault, two keys", env: { VAULT_TOKEN: "hvs.wrong-token" } },
    { name: "Vault", env: { SOPS_HC_VAULT_ALLOWLIST: "none" } },
    { name: "Google Cloud, a token", env: { GOOGLE_OAUTH_ACCESS_TOKEN: "ya29.wrong" } },
    { name: "Google Cloud, a token", env: { GOOGLE_CREDENTIALS: "{}" } },
  ])("$name: to decrypt with $env, in the same words", async ({ name, env }) => {
    const { flags, env: good } = scenes.get(name) ?? { flags: [], env: {} };
    const clear = join(folder.path, "clear.yaml");
    writeFileSync(clear, "a: 1\n");
    const { theirs: made } = await refusals(["encrypt", ...flags, clear], good);
    const locked = join(folder.path, "locked.yaml");
    writeFileSync(locked, made.stdout);
    const { theirs, ours } = await refusals(["decrypt", locked], { ...good, ...env });
    expect([theirs.code, ours.code]).toEqual([128, 128]);
    expect(ours.stderr.slice(0, theirs.stderr.trimEnd().length)).toBe(theirs.stderr.trimEnd());
  });
});
