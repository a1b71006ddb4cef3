import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type ClusterSelection,
  contextNamespace,
  inClusterConfig,
  loadClusterConfig,
} from "../../../src/kube/index.ts";

let cwd = "";
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "sealkit-kubeconfig-"));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const write = (path: string, content: unknown) => {
  mkdirSync(dirname(join(cwd, path)), { recursive: true });
  writeFileSync(join(cwd, path), typeof content === "string" ? content : JSON.stringify(content));
};
const select = (more: Partial<ClusterSelection> = {}): ClusterSelection => ({
  env: { HOME: join(cwd, "home") },
  cwd,
  ...more,
});
const config = (user: Record<string, unknown> = { token: "t" }, cluster: Record<string, unknown> = {}) => ({
  "current-context": "x",
  clusters: [{ name: "c", cluster: { server: "https://c:6443", ...cluster } }],
  users: [{ name: "u", user }],
  contexts: [
    { name: "x", context: { cluster: "c", user: "u", namespace: "apps" } },
    { name: "y", context: { cluster: "c", user: "u" } },
  ],
});
const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("loadClusterConfig()", () => {
  test("reads YAML with everything that kubectl writes", async () => {
    write(
      "kc.yaml",
      `apiVersion: v1
kind: Config
current-context: x
clusters:
- name: c
  cluster:
    server: https://c:6443
    certificate-authority-data: ${base64("CA")}
    tls-server-name: other
contexts:
- name: x
  context: {cluster: c, user: u, namespace: apps}
users:
- name: u
  user:
    client-certificate-data: ${base64("CERT")}
    client-key: keys/k.pem
`,
    );
    write("keys/k.pem", "KEY");
    const loaded = await loadClusterConfig(select({ kubeconfig: "kc.yaml" }));
    expect(loaded).toMatchObject({
      server: "https://c:6443",
      ca: "CA",
      tlsServerName: "other",
      clientCertificate: "CERT",
      clientKey: "KEY",
      namespace: "apps",
    });
    expect(await loaded.authorize(false)).toEqual({});
  });

  test.each([
    { name: "a token", user: { token: "t" }, want: { authorization: "Bearer t" } },
    { name: "a password", user: { username: "a", password: "b" }, want: { authorization: `Basic ${base64("a:b")}` } },
    {
      name: "a token file, which may change",
      user: { tokenFile: "TOKENFILE" },
      want: { authorization: "Bearer from-file" },
    },
    { name: "nothing", user: {}, want: {} },
  ])("a user with $name", async ({ user, want }) => {
    write("token", "from-file\n");
    write("kc", JSON.stringify(config(user)).replace("TOKENFILE", join(cwd, "token")));
    const loaded = await loadClusterConfig(select({ kubeconfig: "kc" }));
    expect(await loaded.authorize(false)).toEqual(want);
  });

  test("a login plugin is asked through the client library, and again on refresh", async () => {
    write(
      "plugin.mjs",
      `import { appendFileSync } from "node:fs"; appendFileSync("${cwd}/asked", "x"); console.log(JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token: "from-plugin" } }));`,
    );
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: process.execPath,
      args: [join(cwd, "plugin.mjs")],
      interactiveMode: "Never",
    };
    write("kc", config({ exec }));
    const loaded = await loadClusterConfig(select({ kubeconfig: "kc" }));
    expect(await loaded.authorize(false)).toEqual({ authorization: "Bearer from-plugin" });
  });

  test("a login plugin that fails says nothing of what it printed", async () => {
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: process.execPath,
      args: ["-e", "console.log('hunter2');process.exit(3)"],
      interactiveMode: "Never",
    };
    write("kc", config({ exec }));
    const error = await loadClusterConfig(select({ kubeconfig: "kc" })).catch((failure) => failure);
    expect(error).toMatchObject({ code: "KUBE_CREDENTIALS", message: 'Cannot log in as "u": its login plugin failed' });
    expect(JSON.stringify([error.message, error.details, error.hints, error.apiMessage])).not.toContain("hunter2");
  });

  test("KUBECONFIG lists files; the first entry of a name counts and missing files do not matter", async () => {
    write("one", { ...config(), "current-context": "" });
    write("two", { ...config({ token: "other" }), "current-context": "y" });
    const env = { KUBECONFIG: `${cwd}/none:${cwd}/one:${cwd}/two` };
    const loaded = await loadClusterConfig(select({ env }));
    expect(await loaded.authorize(false)).toEqual({ authorization: "Bearer t" });
    expect(loaded.namespace).toBeUndefined();
  });

  test("finds ~/.kube/config", async () => {
    write("home/.kube/config", config());
    expect((await loadClusterConfig(select())).server).toBe("https://c:6443");
    expect(await contextNamespace(select())).toBe("apps");
  });

  test("the command line wins over the file, and a credential of its own over a plugin", async () => {
    write("kc", config({ exec: { command: "/does/not/exist" } }));
    const loaded = await loadClusterConfig(
      select({
        kubeconfig: "kc",
        server: "https://other",
        token: "mine",
        namespace: "n",
        insecureSkipTlsVerify: true,
        as: "bob",
        asGroups: ["g1", "g2"],
      }),
    );
    expect(loaded).toMatchObject({ server: "https://other", namespace: "n", insecureSkipTlsVerify: true });
    expect(await loaded.authorize(false)).toEqual({
      authorization: "Bearer mine",
      "impersonate-user": "bob",
      "impersonate-group": ["g1", "g2"],
    });
  });

  test("no cluster anywhere: the files that KUBECONFIG names are told, with what is wrong with each", async () => {
    write("empty", {});
    const selection = select({ env: { KUBECONFIG: "none:empty" } });
    await expect(loadClusterConfig(selection)).rejects.toMatchObject({
      code: "KUBE_CONFIG_NONE",
      details: ["none: no such file", "empty: it names none"],
    });
  });

  test.each([
    { name: "another host", noProxy: "", want: "http://proxy:3128" },
    { name: "an exempt host", noProxy: "x,c", want: undefined },
    { name: "an exempt domain", noProxy: ".c", want: "http://proxy:3128" },
  ])("HTTPS_PROXY counts for $name", async ({ noProxy, want }) => {
    write("kc", config());
    const env = { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: noProxy };
    expect((await loadClusterConfig(select({ kubeconfig: "kc", env }))).proxyUrl).toBe(want);
  });

  test.each([
    {
      name: "nothing at all",
      files: {},
      more: {},
      code: "KUBE_CONFIG_NONE",
      says: "invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable",
    },
    {
      name: "KUBECONFIG naming a missing file",
      files: {},
      more: { env: { KUBECONFIG: "none" } },
      code: "KUBE_CONFIG_NONE",
      says: "invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable",
    },
    {
      name: "a config without clusters",
      files: { kc: "{}" },
      more: { kubeconfig: "kc" },
      code: "KUBE_CONFIG_NONE",
      says: "invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable",
    },
    {
      name: "a named file that is missing",
      files: {},
      more: { kubeconfig: "none" },
      code: "KUBE_CONFIG_UNREADABLE",
      says: "stat none: no such file or directory",
    },
    {
      name: "a broken file",
      files: { kc: "a: [" },
      more: { kubeconfig: "kc" },
      code: "KUBE_CONFIG_BROKEN",
      says: /^error loading config file "kc": yaml: /,
    },
    {
      name: "a list instead of a mapping",
      files: { kc: "- a" },
      more: { kubeconfig: "kc" },
      code: "KUBE_CONFIG_BROKEN",
      says: /not a mapping/,
    },
    {
      name: "clusters that are no list",
      files: { kc: "clusters: 5" },
      more: { kubeconfig: "kc" },
      code: "KUBE_CONFIG_BROKEN",
      says: /"clusters" is not a list/,
    },
    {
      name: "a context that is not there",
      files: { kc: config() },
      more: { kubeconfig: "kc", context: "nope" },
      code: "KUBE_CONFIG_CONTEXT",
      says: 'context "nope" does not exist',
    },
    {
      name: "a cluster that is not there",
      files: { kc: config() },
      more: { kubeconfig: "kc", cluster: "nope" },
      code: "KUBE_CONFIG_CONTEXT",
      says: 'cluster "nope" does not exist',
    },
    {
      name: "a key file that is not there",
      files: { kc: config({ "client-key": "nope.pem" }) },
      more: { kubeconfig: "kc" },
      code: "KUBE_CREDENTIALS",
      says: /unable to read nope\.pem/,
    },
  ] as readonly {
    name: string;
    files: Record<string, unknown>;
    more: Partial<ClusterSelection>;
    code: string;
    says: string | RegExp;
  }[])("$name: $code", async ({ files, more, code, says }) => {
    for (const [path, content] of Object.entries(files)) write(path, content);
    const error = await loadClusterConfig(select(more)).catch((failure) => failure);
    expect(error.code).toBe(code);
    if (typeof says === "string") expect(error.apiMessage).toBe(says);
    else expect(error.apiMessage).toMatch(says);
  });
});

describe("inClusterConfig()", () => {
  const env = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };
  test("reads the account of the pod", async () => {
    for (const [name, content] of Object.entries({ token: "tok\n", "ca.crt": "CA", namespace: "ns\n" }))
      write(name, content);
    const found = inClusterConfig(env, cwd);
    expect(found).toMatchObject({ server: "https://[fd00::1]:443", ca: "CA", namespace: "ns" });
    expect(await found?.authorize(false)).toEqual({ authorization: "Bearer tok" });
  });
  test("is nothing without the environment or the token", () => {
    expect(inClusterConfig(env, cwd)).toBeUndefined();
    write("token", "t");
    expect(inClusterConfig({}, cwd)).toBeUndefined();
  });
});
