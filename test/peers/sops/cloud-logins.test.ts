import { createPublicKey, X509Certificate } from "node:crypto";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import {
  type FakeAzureOptions,
  type FakeIdentityPlace,
  fakeAzureLogin,
  fakeIdentityEndpoint,
  fakeKeyVault,
} from "../../helpers/fakes/azure.ts";
import { startConnectProxy } from "../../helpers/fakes/connect-proxy.ts";
import { type FakeGoogleOptions, fakeGoogleExchange, fakeGoogleKms } from "../../helpers/fakes/google.ts";
import { checkSigV4, type Principal } from "../../helpers/fakes/sigv4-check.ts";
import { startSocksProxy } from "../../helpers/fakes/socks-proxy.ts";
import { fakeVault } from "../../helpers/fakes/vault.ts";
import { type Listening, listen, type Service } from "../../helpers/fakes/wire.ts";
import { makePfx } from "../../helpers/pfx.ts";
import { makeSealingKey } from "../../helpers/sealing-keys.ts";
import { makeTlsAuthority } from "../../helpers/tls-authority.ts";
import { goesBothWays, type Scene } from "./cloud-scene.ts";
import { workspace } from "./original.ts";

/** Further ways to reach a key service and to log in there: one file shows each. */
const folder = workspace();
const ends: (() => Promise<void>)[] = [];

afterAll(async () => {
  await Promise.all(ends.map((end) => end()));
  folder.end();
});

async function up(service: Service, more?: Parameters<typeof listen>[1]): Promise<Listening> {
  const server = await listen(service, more);
  ends.push(() => server.close());
  return server;
}

async function proxyTo({ port }: Listening): Promise<string> {
  const proxy = await startConnectProxy(port);
  ends.push(() => proxy.close());
  return proxy.url;
}

function inFolder(name: string, content: string | Uint8Array, mode = 0o600): string {
  const path = join(folder.path, name);
  writeFileSync(path, content, { mode });
  return path;
}

async function both(scene: Scene | undefined, name: string): Promise<void> {
  if (scene === undefined) throw new Error("no such scene");
  await goesBothWays(folder.path, scene, { name: `${name.replace(/\W+/g, "-")}.yaml`, text: "a: 1\nb:\n    - x\n" });
}

describe("Azure", () => {
  const HOST = "peers.vault.azure.net";
  const VERSION = "0123456789abcdef0123456789abcdef";
  const PFX_PASSWORD = "peer-pfx-password";
  const user = { name: "u@contoso.example", password: "peer~password" };
  const azure: FakeAzureOptions = {
    token: "eyJ.peer-token-0123456789",
    tenant: "11111111-2222-3333-4444-555555555555",
    clientId: "66666666-7777-8888-9999-000000000000",
    user,
  };
  const identityHeader = "peer-identity-header";

  /** Where the identity of a machine is asked for, and what its variables are. */
  const PLACES: Readonly<Record<string, FakeIdentityPlace & { readonly env: (url: string) => Scene["env"] }>> = {
    "App Service": {
      method: "GET",
      query: { "api-version": "2019-08-01" },
      header: ["x-identity-header", identityHeader],
      env: (url) => ({ IDENTITY_ENDPOINT: url, IDENTITY_HEADER: identityHeader }),
    },
    "App Service, one identity": {
      method: "GET",
      query: { "api-version": "2019-08-01", client_id: azure.clientId },
      header: ["x-identity-header", identityHeader],
      env: (url) => ({ IDENTITY_ENDPOINT: url, IDENTITY_HEADER: identityHeader, AZURE_CLIENT_ID: azure.clientId }),
    },
    "Service Fabric": {
      method: "GET",
      query: { "api-version": "2019-07-01-preview" },
      header: ["secret", identityHeader],
      env: (url) => ({
        IDENTITY_ENDPOINT: url,
        IDENTITY_HEADER: identityHeader,
        IDENTITY_SERVER_THUMBPRINT: "AA",
      }),
    },
    "Machine Learning": {
      method: "GET",
      query: { "api-version": "2017-09-01", clientid: "" },
      header: ["secret", identityHeader],
      env: (url) => ({ MSI_ENDPOINT: url, MSI_SECRET: identityHeader }),
    },
    "Cloud Shell": {
      method: "POST",
      query: {},
      header: ["metadata", "true"],
      env: (url) => ({ MSI_ENDPOINT: url }),
    },
  };

  let led: Scene["env"];
  const envs = new Map<string, Scene["env"]>();

  beforeAll(async () => {
    const { certificatePem, privateKeyPem } = await makeSealingKey();
    const der = new X509Certificate(certificatePem).raw;
    const certificate = { publicKey: createPublicKey(privateKeyPem), der };
    const login = fakeAzureLogin({ ...azure, certificate, nowMs: Date.now });
    const vault = fakeKeyVault(azure, [{ name: "k", version: VERSION }]);
    const authority = makeTlsAuthority([HOST, "login.microsoftonline.com"]);
    const server = await up((request) => (request.url.hostname === HOST ? vault : login)(request), authority);
    led = { HTTPS_PROXY: await proxyTo(server), SSL_CERT_FILE: inFolder("roots.pem", authority.ca) };
    const client = { AZURE_TENANT_ID: azure.tenant, AZURE_CLIENT_ID: azure.clientId };
    const pfx = inFolder("client.pfx", makePfx(privateKeyPem, certificatePem, PFX_PASSWORD));
    const pfxEnv = { AZURE_CLIENT_CERTIFICATE_PATH: pfx, AZURE_CLIENT_CERTIFICATE_PASSWORD: PFX_PASSWORD };
    envs.set("a PFX", { ...client, ...pfxEnv });
    envs.set("a user", { ...client, AZURE_USERNAME: user.name, AZURE_PASSWORD: user.password });
    mkdirSync(join(folder.path, "bin"));
    const printed = JSON.stringify({ token: azure.token, expiresOn: "2099-01-01T00:00:00Z" });
    // Only with exactly these words.
    const line = `auth token -o json --no-prompt --scope https://vault.azure.net/.default --tenant-id ${azure.tenant}`;
    inFolder("bin/azd", `#!/bin/sh\n[ "$*" = "${line}" ] && echo '${printed}'\n`, 0o755);
    const path = `${join(folder.path, "bin")}:${process.env["PATH"] ?? ""}`;
    envs.set("the login of azd", { AZURE_TOKEN_CREDENTIALS: "dev", PATH: path });
    const identity = await up((request) => {
      const place = PLACES[decodeURIComponent(request.url.pathname.slice(1))];
      return place === undefined ? { status: 404 } : fakeIdentityEndpoint(azure, place)(request);
    });
    for (const [name, { env }] of Object.entries(PLACES)) {
      envs.set(name, env(`${identity.url}/${encodeURIComponent(name)}`));
    }
  });

  test.each(["a PFX", "a user", "the login of azd", ...Object.keys(PLACES)])("%s", async (name) => {
    const flags = ["--azure-kv", `https://${HOST}/keys/k/${VERSION}`];
    await both({ flags, env: { ...led, ...envs.get(name) } }, `azure ${name}`);
  });
});

describe("Vault", () => {
  const token = "hvs.peer-token-0123456789";
  const scenes = new Map<string, Scene>();
  const names = [
    "a folder of certificates",
    "another name in the certificate",
    "any certificate",
    "a client certificate",
    "a proxy of its own",
    "a SOCKS proxy",
    "an agent at a socket",
  ];

  beforeAll(async () => {
    const { service } = fakeVault({ token, keys: ["transit/k"], namespace: "team" });
    const authority = makeTlsAuthority(["localhost"]);
    const server = await up(service, authority);
    const roots = join(folder.path, "vault-roots");
    mkdirSync(join(roots, "below"), { recursive: true });
    const ca = inFolder("vault-roots/below/ca.crt", authority.ca);
    inFolder("vault-roots/other.pem", makeTlsAuthority(["x"]).ca);
    symlinkSync("other.pem", join(roots, "link.pem"));
    const choosy = await up(service, { ...authority, clientCa: authority.ca });
    const own = {
      VAULT_CLIENT_CERT: inFolder("c.pem", authority.cert),
      VAULT_CLIENT_KEY: inFolder("k.pem", authority.key),
    };
    const socket = join(folder.path, "agent.sock");
    await up(service, { path: socket });
    const set = (name: string, address: string, env: Scene["env"]) => {
      const flags = ["--hc-vault-transit", `${address}/v1/transit/keys/k`];
      scenes.set(name, { flags, env: { VAULT_TOKEN: token, VAULT_NAMESPACE: "team", ...env } });
    };
    const named = { VAULT_TLS_SERVER_NAME: "localhost", VAULT_CACERT: ca };
    const far = "https://vault.example:8200";
    set("a folder of certificates", `https://localhost:${server.port}`, { VAULT_CAPATH: roots });
    set("another name in the certificate", server.url, named);
    set("any certificate", server.url, { VAULT_SKIP_VERIFY: "true" });
    set("a client certificate", choosy.url, { ...named, ...own });
    const wrong = { HTTPS_PROXY: "http://127.0.0.1:1", NO_PROXY: "*" };
    set("a proxy of its own", far, { ...named, ...wrong, VAULT_PROXY_ADDR: await proxyTo(server) });
    const socks = await startSocksProxy(server.port, "u:p@ss");
    ends.push(() => socks.close());
    set("a SOCKS proxy", far, { ...named, ...wrong, VAULT_PROXY_ADDR: `socks5://u:p%40ss@127.0.0.1:${socks.port}` });
    set("an agent at a socket", far, { VAULT_AGENT_ADDR: `unix://${socket}` });
  });

  test.each(names)("%s", async (name) => {
    await both(scenes.get(name), `vault ${name}`);
  });
});

describe("Google Cloud", () => {
  const RING = "projects/p/locations/global/keyRings/r/cryptoKeys";
  const AUDIENCE = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x";
  const JWT = "urn:ietf:params:oauth:token-type:jwt";
  const SUBJECT = "eyJ.peer-subject-token";
  const alice: Principal = { accessKeyId: "AKIDPEER", secretAccessKey: "peer-secret", arn: "arn:aws:iam::1:user/a" };
  const envs = new Map<string, Scene["env"]>();

  /** The request to AWS inside the token, checked as AWS would. */
  const signedByAlice = (given: string) => {
    const asked = JSON.parse(decodeURIComponent(given.replaceAll("+", " "))) as {
      url: string;
      method: string;
      headers: { key: string; value: string }[];
    };
    const { origin, pathname, search } = new URL(asked.url);
    const headers = new Map(asked.headers.map(({ key, value }) => [key.toLowerCase(), value]));
    const request = { method: asked.method, target: pathname + search, headers, body: Buffer.alloc(0) };
    const verdict = checkSigV4(request, [alice], { service: "sts", nowMs: Date.now() });
    const isFor = headers.get("x-goog-cloud-target-resource") === AUDIENCE;
    return "principal" in verdict && isFor && origin === `https://sts.${verdict.region}.amazonaws.com`;
  };

  beforeAll(async () => {
    const token = "ya29.peer-token-0123456789";
    const keys = [`${RING}/k`];
    const exchanges = new Map<string, Service>();
    const kms = fakeGoogleKms({ token, keys });
    const authority = makeTlsAuthority(["localhost"]);
    const serve: Service = (request) => {
      const found = exchanges.get(request.url.port + request.url.pathname.split("/")[1]);
      return found === undefined ? kms(request) : found({ ...request, url: new URL("/v1/token", request.url) });
    };
    const plain = await up(serve);
    const mutual = await up(serve, { ...authority, clientCa: authority.ca });
    const rest = { SOPS_GCP_KMS_CLIENT_TYPE: "rest", SOPS_GCP_KMS_ENDPOINT: plain.url };
    const set = (
      name: string,
      source: object,
      more: {
        readonly federation?: Partial<NonNullable<FakeGoogleOptions["federation"]>>;
        readonly file?: object;
        readonly env?: Scene["env"];
        readonly host?: string;
      } = {},
    ) => {
      const type = more.file !== undefined && "subject_token_type" in more.file ? more.file.subject_token_type : JWT;
      const federation = {
        audience: AUDIENCE,
        subjectTokenType: String(type),
        subjectToken: SUBJECT,
        ...more.federation,
      };
      const host = more.host ?? plain.url;
      const step = name.replace(/\W+/g, "-");
      exchanges.set(new URL(host).port + step, fakeGoogleExchange({ token, keys, federation }));
      const file = {
        ...{ type: "external_account", audience: AUDIENCE, subject_token_type: JWT, credential_source: source },
        token_url: `${host}/${step}`,
        ...more.file,
      };
      const path = inFolder(`${step}.json`, JSON.stringify(file));
      envs.set(name, { ...rest, GOOGLE_APPLICATION_CREDENTIALS: path, ...more.env });
    };

    const answer = { version: 1, success: true, token_type: JWT, id_token: SUBJECT, expiration_time: 4_000_000_000 };
    const isAsked = `[ "$GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE" = "${AUDIENCE}" ] && [ "$GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE" = 0 ]`;
    const words = `[ "$*" = "--for 'a b'" ]`;
    const program = inFolder(
      "get-token",
      `#!/bin/sh\n${isAsked} && ${words} && echo '${JSON.stringify(answer)}'\n`,
      0o755,
    );
    const allowed = { GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: "1" };
    set("a program", { executable: { command: `${program} --for 'a b'` } }, { env: allowed });
    const kept = inFolder("kept.json", JSON.stringify(answer));
    set("what a program kept", { executable: { command: "/nope", output_file: kept } }, { env: allowed });
    const aws = { AWS_ACCESS_KEY_ID: alice.accessKeyId, AWS_SECRET_ACCESS_KEY: alice.secretAccessKey };
    const awsFile = { subject_token_type: "urn:ietf:params:aws:token-type:aws4_request" };
    set(
      "AWS",
      { environment_id: "aws1" },
      { file: awsFile, federation: { subjectToken: signedByAlice }, env: { ...aws, AWS_REGION: "eu-west-1" } },
    );
    const raw = new X509Certificate(authority.cert).raw.toString("base64");
    const workload = { cert_path: inFolder("g.pem", authority.cert), key_path: inFolder("g-key.pem", authority.key) };
    const config = inFolder("certificates.json", JSON.stringify({ cert_configs: { workload }, version: 1 }));
    set(
      "a certificate",
      { certificate: { certificate_config_location: config } },
      {
        file: { subject_token_type: "urn:ietf:params:oauth:token-type:mtls" },
        federation: { subjectToken: JSON.stringify([raw]) },
        env: { SSL_CERT_FILE: inFolder("g-roots.pem", authority.ca) },
        host: `https://localhost:${mutual.port}`,
      },
    );
    const client = { client_id: "peer", client_secret: "peer-client-secret" };
    const basic = Buffer.from("peer:peer-client-secret").toString("base64");
    set("a client", { file: inFolder("subject", SUBJECT) }, { file: client, federation: { basic } });
  });

  test.each(["a program", "what a program kept", "AWS", "a certificate", "a client"])("%s", async (name) => {
    await both({ flags: ["--gcp-kms", `${RING}/k`], env: envs.get(name) ?? {} }, `google ${name}`);
  });
});
