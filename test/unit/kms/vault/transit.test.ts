import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClearText } from "../../../../src/clear-text.ts";
import type { Fetch } from "../../../../src/kms/ports.ts";
import { serversOf } from "../../../../src/kms/vault/allow-list.ts";
import { kubernetesLogin } from "../../../../src/kms/vault/login.ts";
import { fixedVaultSettings } from "../../../../src/kms/vault/settings.ts";
import { vaultTransit, vaultTransitWith } from "../../../../src/kms/vault/transit.ts";
import type { MasterKey } from "../../../../src/sops/index.ts";
import {
  CANARY_DATA_KEY,
  CANARY_TEXTS,
  expectNoSecret,
  failureOf,
  withEnc,
} from "../../../helpers/fakes/key-failure.ts";
import { TROUBLES, troubledFirst } from "../../../helpers/fakes/trouble.ts";
import { fakeVault } from "../../../helpers/fakes/vault.ts";
import { fetchOf, recorded, type Service, type WireAnswer } from "../../../helpers/fakes/wire.ts";
import { testPorts } from "../../../helpers/kms-ports.ts";

const TOKEN = "hvs.canary-token-of-vault";
const HOST = "vault.example:8200";
const keys = ["transit/k", "team/a/b/k", "transit/key name", "transit/k?x=1"];

function key(fields: { address?: string; engine?: string; name?: string } = {}): MasterKey {
  return {
    type: "hc_vault",
    fields: new Map([
      ["vault_address", fields.address ?? `https://${HOST}`],
      ["engine_path", fields.engine ?? "transit"],
      ["key_name", fields.name ?? "k"],
    ]),
  };
}

function open(env: Record<string, string> = {}, service: Service = fakeVault({ token: TOKEN, keys }).service) {
  const { service: watched, requests } = recorded(service);
  const ports = testPorts({ fetch: fetchOf({ [HOST]: watched }), env: { VAULT_TOKEN: TOKEN, ...env } });
  return { vault: vaultTransit(ports), requests, ports };
}

const CA = "-----BEGIN CERTIFICATE-----";

describe("vaultTransit()", () => {
  test.each([
    { name: "an engine of one step", engine: "transit", keyName: "k" },
    { name: "an engine of several steps", engine: "team/a/b", keyName: "k" },
    { name: "a name with a blank", engine: "transit", keyName: "key name" },
    { name: "a name with what looks like a query", engine: "transit", keyName: "k?x=1" },
  ])("opens what it wrapped: $name", async ({ engine, keyName }) => {
    const { vault, requests } = open();
    const own = key({ engine, name: keyName });
    const enc = await vault.encrypt(own, CANARY_DATA_KEY);
    expect(enc).toMatch(/^vault:v1:/);
    expect(await vault.decrypt(withEnc(own, enc))).toEqual(CANARY_DATA_KEY);
    expect(requests.map(({ method }) => method)).toEqual(["PUT", "PUT"]);
  });

  test("opens data keys and shares of any length", async () => {
    const { vault } = open();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 64 }), async (dataKey) => {
        const enc = await vault.encrypt(key(), dataKey);
        expect(await vault.decrypt(withEnc(key(), enc))).toEqual(dataKey);
      }),
      { numRuns: 20 },
    );
  });

  test.each([
    { name: "in upper case and with the standard port", address: "HTTPS://VAULT.example:8200" },
    { name: "with a slash at the end", address: `https://${HOST}/` },
  ])("takes an address $name", async ({ address }) => {
    expect(await open().vault.encrypt(key({ address }), CANARY_DATA_KEY)).toMatch(/^vault:/);
  });

  test("takes the token from ~/.vault-token when the variable is not set", async () => {
    const { service, requests } = recorded(fakeVault({ token: TOKEN, keys }).service);
    const files = { "/home/tester/.vault-token": ` ${TOKEN}\n` };
    const vault = vaultTransit(testPorts({ fetch: fetchOf({ [HOST]: service }), files }));
    await vault.encrypt(key(), CANARY_DATA_KEY);
    expect(requests[0]?.headers.get("x-vault-token")).toBe(TOKEN);
  });

  test("names the namespace, and headers of one's own without those that are ours", async () => {
    const env = { VAULT_NAMESPACE: "team/x", VAULT_HEADERS: '{"X-Own":"1","X-Vault-Token":"other","Host":"evil"}' };
    const { vault, requests } = open(env, fakeVault({ token: TOKEN, keys, namespace: "team/x" }).service);
    await vault.encrypt(key(), CANARY_DATA_KEY);
    expect(requests[0]?.headers.get("x-own")).toBe("1");
    expect(requests[0]?.headers.has("host")).toBe(false);
  });

  test("an agent is asked in place of the server, which still has to be allowed", async () => {
    const agent = { VAULT_AGENT_ADDR: `https://${HOST}`, SOPS_HC_VAULT_ALLOWLIST: "https://far.example" };
    const { vault } = open(agent);
    expect(await vault.encrypt(key({ address: "https://far.example" }), CANARY_DATA_KEY)).toMatch(/^vault:/);
    const { code } = await failureOf(vault.encrypt(key(), CANARY_DATA_KEY));
    expect(code).toBe("KEY_SERVICE_NOT_ALLOWED");
  });

  test("asks again after throttling, and as often as VAULT_MAX_RETRIES says", async () => {
    const throttled: WireAnswer = { status: 429, body: { errors: ["slow down"] } };
    const once = open({}, troubledFirst(1, throttled, fakeVault({ token: TOKEN, keys }).service));
    expect(await once.vault.encrypt(key(), CANARY_DATA_KEY)).toMatch(/^vault:/);
    const never = open({ VAULT_MAX_RETRIES: "0" }, () => throttled);
    expect((await failureOf(never.vault.encrypt(key(), CANARY_DATA_KEY))).code).toBe("KEY_SERVICE_THROTTLED");
    expect(never.requests).toHaveLength(1);
  });

  test.each([
    { name: "every file of VAULT_CAPATH", env: { VAULT_CAPATH: "/cas" }, wanted: { ca: `${CA} 1\n${CA} 2\n` } },
    { name: "VAULT_CAPATH that is a file", env: { VAULT_CAPATH: "/cas/1" }, wanted: { ca: `${CA} 1\n` } },
    {
      name: "VAULT_CACERT before the two others",
      env: { VAULT_CAPATH: "/cas", VAULT_CACERT: "/cas/2", VAULT_CACERT_BYTES: "x" },
      wanted: { ca: `${CA} 2` },
    },
    {
      name: "VAULT_CACERT_BYTES before VAULT_CAPATH",
      env: { VAULT_CAPATH: "/none", VAULT_CACERT_BYTES: CA },
      wanted: { ca: CA },
    },
    {
      name: "VAULT_PROXY_ADDR before VAULT_HTTP_PROXY",
      env: { VAULT_PROXY_ADDR: "http://u:p@proxy:3128", VAULT_HTTP_PROXY: "x" },
      wanted: { proxy: "http://u:p@proxy:3128/" },
    },
    { name: "a SOCKS proxy", env: { VAULT_HTTP_PROXY: "socks5h://p" }, wanted: { proxy: "socks5h://p" } },
    { name: "VAULT_HTTP_PROXY", env: { VAULT_HTTP_PROXY: "https://proxy" }, wanted: { proxy: "https://proxy/" } },
    {
      name: "an agent at a socket",
      env: { VAULT_AGENT_ADDR: "unix:///run/agent.sock" },
      wanted: { socketPath: "/run/agent.sock" },
      host: "localhost",
    },
  ])("goes with $name", async ({ env, wanted, host = HOST }) => {
    const asked: unknown[] = [];
    const plain = fetchOf({ [host]: fakeVault({ token: TOKEN, keys }).service });
    const fetchWith = (settings: unknown): Fetch => {
      asked.push(settings);
      return plain;
    };
    const files = { "/cas/1": `${CA} 1`, "/cas/2": `${CA} 2` };
    const given = { VAULT_TOKEN: TOKEN, ...(env as Record<string, string>) };
    const ports = { ...testPorts({ env: given, files }), fetchWith };
    expect(await vaultTransit(ports).encrypt(key(), CANARY_DATA_KEY)).toMatch(/^vault:/);
    expect(asked).toEqual([wanted]);
  });

  test("private certificates go to the connection", async () => {
    const files = { "/ca.pem": "-----BEGIN CERTIFICATE-----\n", "/c.pem": "-----BEGIN C", "/k.pem": "-----BEGIN K" };
    const env = {
      VAULT_TOKEN: TOKEN,
      VAULT_CACERT: "/ca.pem",
      VAULT_CLIENT_CERT: "/c.pem",
      VAULT_CLIENT_KEY: "/k.pem",
      VAULT_TLS_SERVER_NAME: "inner.example",
      VAULT_SKIP_VERIFY: "0",
    };
    const asked: unknown[] = [];
    const plain = fetchOf({ [HOST]: fakeVault({ token: TOKEN, keys }).service });
    const fetchWith = (tls: unknown): Fetch => {
      asked.push(tls);
      return plain;
    };
    const ports = { ...testPorts({ env, files }), fetchWith };
    await vaultTransit(ports).encrypt(key(), CANARY_DATA_KEY);
    expect(asked).toEqual([
      {
        ca: files["/ca.pem"],
        clientCertificate: "-----BEGIN C",
        clientKey: "-----BEGIN K",
        serverName: "inner.example",
      },
    ]);
  });
});

describe("vaultTransit() refuses", () => {
  const prefix = "failed to encrypt sops data key to Vault transit backend";
  const http = "Error making API request.\n\nURL: PUT https://vault.example:8200/v1/transit/encrypt";

  test.each([
    {
      name: "a wrong token",
      env: { VAULT_TOKEN: "hvs.wrong-token" },
      code: "KEY_SERVICE_DENIED",
      original: `${prefix} 'transit/encrypt/k': ${http}/k\nCode: 403. Errors:\n\n* 1 error occurred:\n\t* permission denied\n\n`,
    },
    {
      name: "an unknown key",
      key: key({ name: "none" }),
      code: "KEY_SERVICE_MISSING_KEY",
      original: `${prefix} 'transit/encrypt/none': ${http}/none\nCode: 400. Errors:\n\n* encryption key not found`,
    },
    { name: "an unknown host", key: key({ address: "https://x.example" }), code: "KEY_SERVICE_UNREACHABLE" },
  ])("$name, as the original says it", async ({ env = {}, key: asked = key(), code, original }) => {
    const error = await failureOf(open(env).vault.encrypt(asked, CANARY_DATA_KEY));
    expect(error.code).toBe(code);
    if (original !== undefined) expect(error.original).toBe(original);
    expectNoSecret(error, [TOKEN, "hvs.wrong-token", ...CANARY_TEXTS]);
  });

  test.each([
    { enc: "vault:v1:AAAA", code: "KEY_SERVICE_BAD_DATA" },
    { enc: "vault:v9:AAAA", code: "KEY_SERVICE_BAD_DATA" },
    { enc: "", code: "KEY_SERVICE_BAD_DATA" },
    { enc: "rubbish", code: "KEY_SERVICE_BAD_DATA" },
  ])("to open $enc", async ({ enc, code }) => {
    expect((await failureOf(open().vault.decrypt(withEnc(key(), enc)))).code).toBe(code);
  });

  test("what another key has wrapped", async () => {
    const { vault } = open();
    const enc = await vault.encrypt(key(), CANARY_DATA_KEY);
    const error = await failureOf(vault.decrypt(withEnc(key({ engine: "team/a/b" }), enc)));
    expect(error.code).toBe("KEY_SERVICE_BAD_DATA");
  });

  test.each([
    { name: "no URL", address: "vault.example" },
    { name: "another scheme", address: "ftp://vault.example" },
    { name: "a file", address: "file:///etc/passwd" },
    { name: "credentials", address: "https://user:canary-password@vault.example" },
    { name: "a host behind an @", address: "https://vault.example@evil.example" },
    { name: "a query", address: "https://vault.example?x=1" },
    { name: "an empty query", address: "https://vault.example?" },
    { name: "a fragment", address: "https://vault.example#x" },
    { name: "a line break", address: "https://vault.\nexample" },
    { name: "a blank in front", address: " https://vault.example" },
    { name: "backslashes", address: "https:\\\\vault.example" },
    { name: "nothing", address: "" },
    { name: "an engine that climbs", engine: "transit/../sys" },
    { name: "an engine that is a dot", engine: "." },
    { name: "an engine with an empty step", engine: "a//b" },
    { name: "an empty engine", engine: "" },
    { name: "an engine with a line break", engine: "a\nb" },
    { name: "a long engine", engine: "a".repeat(2000) },
    { name: "a name that climbs", keyName: ".." },
    { name: "a name with a step", keyName: "a/b" },
    { name: "an empty name", keyName: "" },
    { name: "half a character", keyName: "\ud800" },
  ])("a key whose place is malformed: $name", async ({ address, engine, keyName }) => {
    const { vault, requests } = open();
    const asked = key({
      ...(address === undefined ? {} : { address }),
      ...(engine === undefined ? {} : { engine }),
      ...(keyName === undefined ? {} : { name: keyName }),
    });
    for (const call of [vault.encrypt(asked, CANARY_DATA_KEY), vault.decrypt(withEnc(asked, "vault:v1:AAAA"))]) {
      const error = await failureOf(call);
      expect(error.code).toBe("KEY_SERVICE_BAD_KEY");
      expectNoSecret(error, ["canary-password", ...CANARY_TEXTS]);
    }
    expect(requests).toEqual([]);
  });

  test.each([
    { env: { VAULT_SKIP_VERIFY: "maybe" }, original: "could not parse VAULT_SKIP_VERIFY" },
    { env: { VAULT_CLIENT_TIMEOUT: "soon" }, original: 'could not parse "VAULT_CLIENT_TIMEOUT"' },
    { env: { VAULT_CLIENT_TIMEOUT: "0" }, original: "" },
    { env: { VAULT_MAX_RETRIES: "x" }, original: "" },
    { env: { VAULT_MAX_RETRIES: "99" }, original: "" },
    { env: { VAULT_HEADERS: "[1]" }, original: "" },
    { env: { VAULT_HEADERS: '{"a":"b\\nc"}' }, original: "" },
    { env: { VAULT_CACERT: "/none" }, original: "open /none: no such file or directory" },
    { env: { VAULT_CLIENT_CERT: "/pem" }, original: "both client cert and client key must be provided" },
    { env: { VAULT_CAPATH: "/none" }, original: "lstat /none: no such file or directory" },
    { env: { VAULT_CAPATH: "/empty" }, original: "" },
    { env: { VAULT_CAPATH: "/mixed" }, original: "Error loading CA Path: Couldn't parse PEM in: /mixed/readme" },
    { env: { VAULT_PROXY_ADDR: "127.0.0.1:1" }, original: "" },
    { env: { VAULT_PROXY_ADDR: "::" }, original: "missing protocol scheme" },
    { env: { VAULT_HTTP_PROXY: "ftp://u:canary-password@127.0.0.1:1" }, original: "" },
    { env: { VAULT_AGENT_ADDR: "unix:///run/agent\u0007" }, original: "" },
    { env: { VAULT_AGENT_ADDR: "unix://" }, original: "" },
    { env: { VAULT_TOKEN: "canary\nsecond" }, original: "configured Vault token contains non-printable characters" },
    { env: { SOPS_HC_VAULT_ALLOWLIST: "," }, original: "SOPS_HC_VAULT_ALLOWLIST's entry 1 is empty" },
    { env: { SOPS_HC_VAULT_ALLOWLIST: "https://a,all" }, original: "SOPS_HC_VAULT_ALLOWLIST" },
  ])("to work with $env", async ({ env, original }) => {
    const { service, requests } = recorded(fakeVault({ token: TOKEN, keys }).service);
    const ports = testPorts({
      fetch: fetchOf({ [HOST]: service }),
      env: { VAULT_TOKEN: TOKEN, ...(env as Record<string, string>) },
      files: { "/pem": "-----BEGIN X", "/mixed/ca.pem": "-----BEGIN CERTIFICATE-----", "/mixed/readme": "x" },
    });
    const error = await failureOf(vaultTransit(ports).encrypt(key(), CANARY_DATA_KEY));
    expect(error.code).toBe("KEY_SERVICE_BAD_SETTINGS");
    expect(error.original).toContain(original);
    expectNoSecret(error, [TOKEN, "canary\nsecond", "canary-password", ...CANARY_TEXTS]);
    expect(requests).toEqual([]);
  });

  test.each(Object.entries(TROUBLES))("a server that %s", async (_, { answer, code }) => {
    for (const direction of ["encrypt", "decrypt"] as const) {
      const { vault } = open({}, () => answer);
      const call =
        direction === "encrypt" ? vault.encrypt(key(), CANARY_DATA_KEY) : vault.decrypt(withEnc(key(), "vault:v1:x"));
      const error = await failureOf(call);
      expect(error.code).toBe(code);
      expectNoSecret(error, [TOKEN, ...CANARY_TEXTS]);
    }
  });

  test("a server that does not answer", async () => {
    const ports = testPorts({
      env: { VAULT_TOKEN: TOKEN, VAULT_CLIENT_TIMEOUT: "3s", VAULT_MAX_RETRIES: "0" },
      hurry: false,
      fetch: (_, { signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
    const failure = failureOf(vaultTransit(ports).encrypt(key(), CANARY_DATA_KEY));
    await ports.clock.advance(3000);
    const error = await failure;
    expect(error.code).toBe("KEY_SERVICE_TIMEOUT");
    expectNoSecret(error, [TOKEN, ...CANARY_TEXTS]);
  });

  test.each([
    { name: "the data of the answer is a list", data: [] },
    { name: "the data is a text", data: "vault:v1:x" },
    { name: "the ciphertext is a number", data: { ciphertext: 7, plaintext: 7 } },
    { name: "the ciphertext is empty", data: { ciphertext: "", plaintext: "?" } },
    { name: "the ciphertext has line breaks", data: { ciphertext: "vault:v1:\nx", plaintext: "AA=\n=" } },
    { name: "the ciphertext has no end", data: { ciphertext: "x".repeat(9000), plaintext: "A" } },
  ])("an answer when $name", async ({ data }) => {
    const { vault } = open({}, () => ({ status: 200, body: { data } }));
    expect((await failureOf(vault.encrypt(key(), CANARY_DATA_KEY))).code).toBe("KEY_SERVICE_BAD_ANSWER");
    expect((await failureOf(vault.decrypt(withEnc(key(), "x")))).code).toBe("KEY_SERVICE_BAD_ANSWER");
  });

  test("to repeat what a server sends back of the token, the data key and escape sequences", async () => {
    const mirror: Service = ({ headers, body }) => ({
      status: 400,
      body: { errors: [`\u001b[31m${headers.get("x-vault-token")} ${body} ${"z".repeat(2000)}`] },
    });
    const error = await failureOf(open({}, mirror).vault.encrypt(key(), CANARY_DATA_KEY));
    expectNoSecret(error, [TOKEN, "\u001b", "z".repeat(500), ...CANARY_TEXTS]);
    expect(error.message).toContain("[redacted]");
  });
});

describe("the allow list", () => {
  const refused = { allowed: false } as const;
  const allowed = { allowed: true } as const;

  test.each([
    { list: "", ...allowed },
    { list: "all", ...allowed },
    { list: "none", ...refused },
    { list: "https://vault.example:8200", ...allowed },
    { list: "https://vault.example:8200/", ...allowed },
    { list: "HTTPS://Vault.Example:8200", ...allowed },
    { list: "https://a.example, https://vault.example:8200", ...allowed },
    { list: "https://vault.example", ...refused },
    { list: "https://vault.example:820", ...refused },
    { list: "https://vault.exampl", ...refused },
    { list: "http://vault.example:8200", ...refused },
    { list: "https://vault.example:8200/sub", ...refused },
    { list: "https://vault.example:8200", address: "https://vault.example:8200/sub", ...allowed },
    { list: "https://vault.example:8200/sub", address: "https://vault.example:8200/sub/x", ...allowed },
    { list: "https://vault.example:8200/sub", address: "https://vault.example:8200/subway", ...refused },
    { list: "https://vault.example:8200/sub", address: "https://vault.example:8200/sub/../x", ...refused },
    { list: "https://vault.example:8200", address: "https://vault.example:8200.evil.example", ...refused },
    { list: "https://vault.example", address: "https://vault.example.evil.example", ...refused },
    { list: "https://vault.example", address: "https://vault.example:443", ...allowed },
  ])("$list with $address", async (row) => {
    const { list, allowed: isAllowed } = row;
    const { vault, requests } = open({ SOPS_HC_VAULT_ALLOWLIST: list, VAULT_MAX_RETRIES: "0" });
    const place = "address" in row ? row.address : `https://${HOST}`;
    const result = await vault.encrypt(key({ address: place }), CANARY_DATA_KEY).catch((error: unknown) => error);
    const code = typeof result === "object" && result !== null && "code" in result ? result.code : undefined;
    expect(code !== "KEY_SERVICE_NOT_ALLOWED" && code !== "KEY_SERVICE_BAD_KEY").toBe(isAllowed);
    if (!isAllowed) expect(requests).toEqual([]);
  });

  test("names the server as the original does, and how to allow it", async () => {
    const error = await failureOf(open({ SOPS_HC_VAULT_ALLOWLIST: "none" }).vault.encrypt(key(), CANARY_DATA_KEY));
    expect(error.original).toBe(`Allowlist does not allow https://${HOST}`);
    expect(error.hints.join()).toContain(`export SOPS_HC_VAULT_ALLOWLIST=https://${HOST}`);
  });
});

describe("kubernetesLogin()", () => {
  const jwt = "eyJ.canary-service-account-token";
  const kubernetes = { role: "apps_deployer", jwt, leaseSeconds: 600 };
  const settings = fixedVaultSettings({ allowed: serversOf([`https://${HOST}`]), allowHint: () => "ask" });

  function controller(service: Service, more: { role?: string; loginPath?: string } = {}) {
    const { service: watched, requests } = recorded(service);
    const ports = testPorts({
      fetch: fetchOf({ [HOST]: watched, "evil.example": watched }),
      env: { VAULT_TOKEN: "x" },
    });
    const login = kubernetesLogin(ports, {
      role: more.role ?? kubernetes.role,
      loginPath: () => more.loginPath ?? "auth/kubernetes/login",
      jwt: async () => ClearText.fromText(jwt),
    });
    return { vault: vaultTransitWith(ports, settings, login), requests, ports };
  }

  test("logs in once for as long as the token lives", async () => {
    const { vault, requests, ports } = controller(fakeVault({ token: TOKEN, keys, kubernetes }).service);
    const logins = () => requests.filter(({ url }) => url.pathname === "/v1/auth/kubernetes/login").length;
    const enc = await vault.encrypt(key(), CANARY_DATA_KEY);
    expect(await vault.decrypt(withEnc(key(), enc))).toEqual(CANARY_DATA_KEY);
    expect(logins()).toBe(1);
    ports.clock.jump(600_000);
    await vault.decrypt(withEnc(key(), enc));
    expect(logins()).toBe(2);
  });

  test.each([
    { name: "a role that is not there", role: "other", code: "KEY_SERVICE_FAILED" },
    { name: "a login path that climbs", loginPath: "auth/../sys", code: "KEY_SERVICE_BAD_SETTINGS" },
    {
      name: "an answer without a token",
      service: () => ({ status: 200, body: { auth: {} } }),
      code: "KEY_SERVICE_BAD_ANSWER",
    },
    {
      name: "a token with a line break",
      service: () => ({ status: 200, body: { auth: { client_token: "a\r\nb" } } }),
      code: "KEY_SERVICE_BAD_ANSWER",
    },
    {
      name: "a refused proof",
      service: fakeVault({ token: TOKEN, keys, kubernetes: { ...kubernetes, jwt: "x" } }).service,
      code: "KEY_SERVICE_DENIED",
    },
  ])("fails for $name", async ({ service, code, ...more }) => {
    const { vault } = controller(service ?? fakeVault({ token: TOKEN, keys, kubernetes }).service, more);
    const error = await failureOf(vault.encrypt(key(), CANARY_DATA_KEY));
    expect(error.code).toBe(code);
    expectNoSecret(error, [jwt, TOKEN, ...CANARY_TEXTS]);
  });

  test("sends nothing to a server beyond the allow list", async () => {
    const { vault, requests } = controller(fakeVault({ token: TOKEN, keys, kubernetes }).service);
    const error = await failureOf(vault.encrypt(key({ address: "https://evil.example" }), CANARY_DATA_KEY));
    expect(error.code).toBe("KEY_SERVICE_NOT_ALLOWED");
    expect(error.hints).toEqual(["ask"]);
    expect(requests).toEqual([]);
  });
});
