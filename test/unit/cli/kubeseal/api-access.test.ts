import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createServerIdentity, type ServerIdentity } from "../../../../sandbox/tls/certificates.ts";
import { type FakeApi, kubeconfigOf, startFakeApi } from "../../../helpers/fakes/api.ts";
import { type ConnectProxy, startConnectProxy } from "../../../helpers/fakes/connect-proxy.ts";
import { runCli } from "../../../helpers/run-cli.ts";

let server: ServerIdentity;
let client: ServerIdentity;
let api: FakeApi;
let proxy: ConnectProxy;
let folder: string;

beforeAll(async () => {
  server = createServerIdentity(Date.now());
  client = createServerIdentity(Date.now());
  const tls = { key: server.keyPem, cert: server.certificatePem, requestCert: true, rejectUnauthorized: false };
  api = await startFakeApi({ certificates: { "*": "the certificate\n" }, tls });
  proxy = await startConnectProxy();
  folder = mkdtempSync(join(tmpdir(), "sealkit-plugin-"));
  const plugin = join(folder, "plugin");
  const credential =
    '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-plugin"}}';
  writeFileSync(plugin, `#!/bin/sh\necho '${credential}'\n`);
  chmodSync(plugin, 0o755);
});
afterAll(async () => {
  await api.close();
  await proxy.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => api.forget());

const inline = (pem: string) => Buffer.from(pem).toString("base64");
const trusted = () => ({ "certificate-authority-data": inline(server.caPem) });

function fetchCertificate(line: string, more: { cluster?: object; user?: object; env?: Record<string, string> } = {}) {
  const files = {
    kc: kubeconfigOf(api.url, { cluster: more.cluster ?? trusted(), user: more.user ?? { token: "t" } }),
    "ca.pem": server.caPem,
    "client.pem": client.certificatePem,
    "client-key.pem": client.keyPem,
    token: "from-file\n",
  };
  return runCli(`kubeseal --fetch-cert ${line}`, {
    files,
    env: { KUBECONFIG: "kc", PATH: process.env["PATH"] ?? "", ...more.env },
  });
}

const CERTIFICATE = { "client-certificate-data": "", "client-key-data": "" };

describe("who asks", () => {
  test.each<[string, string, object, object]>([
    ["a token", "", { token: "t" }, { authorization: "Bearer t" }],
    ["a token in a file", "", { tokenFile: "token" }, { authorization: "Bearer from-file" }],
    ["--token", "--token mine", { token: "t" }, { authorization: "Bearer mine" }],
    ["a password", "", { username: "u", password: "p" }, { authorization: "Basic dTpw" }],
    ["--username", "--username a --password b", {}, { authorization: "Basic YTpi" }],
    ["a variable", "", {}, { authorization: "Bearer by-variable" }],
    ["nobody", "", {}, {}],
    ["a client certificate", "", CERTIFICATE, { "(client certificate)": "sealkit-sandbox" }],
    [
      "--client-certificate",
      "--client-certificate client.pem --client-key client-key.pem",
      {},
      { "(client certificate)": "sealkit-sandbox" },
    ],
    [
      "--as",
      "--as a --as-uid 7",
      { token: "t" },
      { authorization: "Bearer t", "impersonate-user": "a", "impersonate-uid": "7" },
    ],
    ["--as-group", "--as a --as-group b --as-group c", {}, { "impersonate-user": "a", "impersonate-group": "b, c" }],
    [
      "as of the kubeconfig",
      "",
      { as: "a", "as-groups": ["b"] },
      { "impersonate-user": "a", "impersonate-group": "b" },
    ],
    ["--as over the kubeconfig", "--as z", { as: "a" }, { "impersonate-user": "z" }],
    ["a login plugin", "", { exec: true }, { authorization: "Bearer from-plugin" }],
    ["--token over a plugin", "--token mine", { exec: true }, { authorization: "Bearer mine" }],
  ])("%s", async (name, line, given, want) => {
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: join(folder, "plugin"),
      interactiveMode: "Never",
    };
    const certificate = {
      "client-certificate-data": inline(client.certificatePem),
      "client-key-data": inline(client.keyPem),
    };
    const user = "exec" in given ? { exec } : given === CERTIFICATE ? certificate : given;
    const env = name === "a variable" ? { SEALED_SECRETS_TOKEN: "by-variable" } : {};
    const result = await fetchCertificate(line, { user, env });
    expect([result.stderr, result.stdout]).toEqual(["", "the certificate\n"]);
    expect(api.requests).toHaveLength(2);
    expect(api.requests[1]?.headers).toEqual({ accept: "application/x-pem-file, */*", ...want });
  });

  test("a plugin that fails is named, and what it printed is not shown", async () => {
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "none-such-plugin",
      interactiveMode: "Never",
    };
    const result = await fetchCertificate("", { user: { exec } });
    expect([result.code, api.requests.length]).toEqual([1, 0]);
    expect(result.stderr).toMatch(/^error: .*\n(.*\n)*hint: /);
  });
});

describe("how the server is checked", () => {
  test.each<[string, string, object]>([
    ["an authority in the kubeconfig", "", { trusted: true }],
    ["--certificate-authority", "--certificate-authority ca.pem", {}],
    ["--insecure-skip-tls-verify", "--insecure-skip-tls-verify", {}],
    ["insecure in the kubeconfig", "", { "insecure-skip-tls-verify": true }],
    ["--tls-server-name", "--tls-server-name kubernetes", { trusted: true }],
    ["tls-server-name in the kubeconfig", "", { trusted: true, "tls-server-name": "kubernetes" }],
  ])("%s", async (_, line, given) => {
    const { trusted: isTrusted, ...cluster } = { trusted: false, ...given };
    const result = await fetchCertificate(line, { cluster: isTrusted ? { ...trusted(), ...cluster } : cluster });
    expect([result.stderr, result.code]).toEqual(["", 0]);
  });

  test.each<[string, string, object]>([
    ["no authority", "", {}],
    ["another authority", "--certificate-authority client.pem", {}],
    ["another name", "--tls-server-name other.example", { trusted: true }],
  ])("%s is refused before anything is asked", async (_, line, given) => {
    const result = await fetchCertificate(line, { cluster: "trusted" in given ? trusted() : {} });
    expect([result.code, result.stdout, api.requests.length]).toEqual([1, "", 0]);
    expect(result.stderr).toMatch(
      /^error: cannot get sealed secret service: Get "https:.*tls: failed to verify certificate/,
    );
    expect(result.stderr).toContain("hint: check certificate-authority and tls-server-name of your kubeconfig\n");
  });
});

describe("the way there", () => {
  test("--proxy-url: a tunnel", async () => {
    const result = await fetchCertificate(`--proxy-url ${proxy.url}`);
    expect([result.stderr, result.code]).toEqual(["", 0]);
    expect(new Set(proxy.tunnels)).toEqual(new Set([new URL(api.url).host]));
  });

  test("HTTPS_PROXY does not reach for loopback", async () => {
    const env = { HTTPS_PROXY: "http://127.0.0.1:1" };
    expect((await fetchCertificate("", { env })).code).toBe(0);
  });

  test("--request-timeout ends what hangs, and is told to the server", async () => {
    const result = await fetchCertificate("--request-timeout 100ms --controller-namespace slow");
    expect(result.stderr).toMatch(
      /^error: cannot fetch certificate: Get ".*\?timeout=100ms": net\/http: request canceled \(Client\.Timeout exceeded/,
    );
    expect(result.stderr).toContain("hint: give it more time with --request-timeout");
  });

  test.each(["soon", "5x", "1d", ""])("--request-timeout '%s' is none", async (typed) => {
    const result = await fetchCertificate(`--request-timeout=${typed}`);
    expect([result.code, result.stderr.split(".")[0], api.requests.length]).toEqual([
      typed === "" ? 0 : 1,
      typed === "" ? "" : "error: Invalid timeout value",
      typed === "" ? 2 : 0,
    ]);
  });
});

describe("a cluster that cannot be reached says what to do", () => {
  test.each([
    ["--fetch-cert", "hint: check that the cluster runs, and which one is meant: kubectl config view --minify\n"],
    ["--validate", "hint: check that the cluster runs, and which one is meant: kubectl config view --minify\n"],
    [
      "",
      "hint: without the cluster: keep its certificate (sealkit kubeseal --fetch-cert > cert.pem) and give --cert cert.pem\n",
    ],
  ])("kubeseal %s", async (line, hint) => {
    const { stderr } = await runCli(`kubeseal ${line}`, {
      files: { kc: kubeconfigOf("https://127.0.0.1:1") },
      env: { KUBECONFIG: "kc" },
    });
    expect(stderr).toMatch(
      /^error: cannot get sealed secret service: Get "https:\/\/127\.0\.0\.1:1\/.*connection refused\.\nPlease, use the flag /,
    );
    expect(stderr).toContain(hint);
  });
});

describe("at a terminal", () => {
  test.each([
    ["--cert c", "(tty detected: expecting json/yaml k8s resource in stdin)\n"],
    ["--cert c --merge-into t", "(tty detected: expecting json/yaml k8s resource in stdin)\n"],
    ["--validate", "(tty detected: expecting json/yaml k8s resource in stdin)\n"],
    ["--re-encrypt", "(tty detected: expecting json/yaml k8s resource in stdin)\n"],
    ["--recovery-unseal", "(tty detected: expecting json/yaml k8s resource in stdin)\n"],
    ["--cert c --raw --scope cluster-wide", "(tty detected: expecting a secret to encrypt in stdin)\n"],
  ])("%s says what it waits for", async (line, text) => {
    const { stderr } = await runCli(`kubeseal ${line}`, { tty: true, files: { c: "x", t: "x" } });
    expect(stderr).toContain(text);
  });

  test.each([
    "--cert c -f t",
    "--fetch-cert --cert c",
    "--version",
    "--cert c --raw --from-file t --scope cluster-wide",
  ])("%s does not read it, and says nothing of it", async (line) => {
    const { stderr } = await runCli(`kubeseal ${line}`, { tty: true, files: { c: "x", t: "x" } });
    expect(stderr).not.toContain("tty detected");
  });

  test("keys without --recovery-unseal are mentioned, only there", async () => {
    const text = "warning: ignoring --recovery-private-key because unseal command not chosen with --recovery-unseal\n";
    const line = "kubeseal --fetch-cert --cert c --recovery-private-key k";
    expect((await runCli(line, { tty: true, files: { c: "x" } })).stderr.replace(/\u001b\[[0-9;]*m/g, "")).toContain(
      text,
    );
    expect((await runCli(line, { files: { c: "x" } })).stderr).toBe("");
  });
});
