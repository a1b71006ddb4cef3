import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sourceFamily } from "../../controller/gitrepository/set-up.ts";
import { kustomizationFamily } from "../../controller/kustomization/set-up.ts";
import { createLog } from "../../controller/log.ts";
import { type RunningControllers, startControllers } from "../../controller/start.ts";
import { createKubeClient, type KubeClient, loadClusterConfig, systemClock } from "../../src/kube/index.ts";
import { accountToken } from "../helpers/account-token.ts";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { ALICE, startAws } from "../helpers/fakes/aws.ts";
import { fakeVault } from "../helpers/fakes/vault.ts";
import { type Listening, listen } from "../helpers/fakes/wire.ts";
import { startTestGit, type TestGit } from "../helpers/git-server.ts";
import { until } from "../helpers/process.ts";
import { IDENTITY_A, RECIPIENT_A } from "../helpers/sops.ts";
import { original } from "../peers/sops/original.ts";

const deploy = (name: string) => fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url));
const KS = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/tenant/kustomizations";
const GIT = "/apis/source.toolkit.fluxcd.io/v1/namespaces/tenant/gitrepositories";
const CANARY = "hunter2-canary";
const yaml = (...objects: object[]) => objects.map((object) => JSON.stringify(object)).join("\n---\n");
const map = (name: string, namespace: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
  data: { a: "b" },
});
const rbac = "rbac.authorization.k8s.io";
const tenantSubject = { kind: "ServiceAccount", name: "sealkit-applier", namespace: "tenant" };

/** What a repository may contain that wants more than its tenant has; each in a directory of its own. */
const ATTACKS: Readonly<Record<string, object[]>> = {
  "config-in-key-namespace": [map("evil", "kube-system")],
  "config-beside-sync": [map("evil", "sealkit-system")],
  "config-in-other-tenant": [map("evil", "other")],
  "read-keys-by-role": [
    {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata: { name: "evil", namespace: "kube-system" },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "admin" },
      subjects: [tenantSubject],
    },
  ],
  "cluster-admin": [
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: "evil" },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "cluster-admin" },
      subjects: [tenantSubject],
    },
  ],
  "more-in-own-namespace": [
    {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata: { name: "evil", namespace: "tenant" },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "cluster-admin" },
      subjects: [tenantSubject],
    },
  ],
  "let-sync-into-key-namespace": [
    {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata: { name: "evil", namespace: "kube-system" },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "sealkit-tenant" },
      subjects: [{ kind: "ServiceAccount", name: "sealkit-sync", namespace: "sealkit-system" }],
    },
  ],
  "pod-beside-keys": [
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "evil", namespace: "kube-system" },
      spec: { serviceAccountName: "sealed-secrets-controller", containers: [{ name: "c", image: "i" }] },
    },
  ],
  "kustomization-beside-sync": [
    {
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      kind: "Kustomization",
      metadata: { name: "evil", namespace: "sealkit-system" },
      spec: {
        interval: "1m",
        prune: false,
        serviceAccountName: "sealkit-sync",
        sourceRef: { kind: "GitRepository", name: "x" },
      },
    },
  ],
  "repository-with-their-credentials": [
    {
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "GitRepository",
      metadata: { name: "evil", namespace: "sealkit-system" },
      spec: { interval: "1m", url: "http://127.0.0.1:1/x", secretRef: { name: "known" } },
    },
  ],
  "webhook-for-everything": [
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: { name: "evil" },
      webhooks: [],
    },
  ],
};

const ROLE = "arn:aws:iam::111122223333:role/decryptor";
const VAULT_SESSION = "hvs.session-canary";
const ACCOUNT = "system:serviceaccount:tenant:decryptor";

interface Clouds {
  readonly aws: Awaited<ReturnType<typeof startAws>>;
  readonly vault: Listening;
  /** Who took a token of the account. */
  readonly logins: readonly string[];
}

/**
 * AWS, which knows the public key of the cluster, and a Vault, which asks the cluster's API server whose a token is. Each takes
 * tokens of one account that were made for it and nobody else, and that live no longer than ten minutes.
 */
async function startClouds(cluster: Cluster): Promise<Clouds> {
  const logins: string[] = [];
  const publicKey = readFileSync(join(cluster.folder, "sa.pub"), "utf8");
  const taken = (who: string, token: string, audience: string) => {
    const found = accountToken(token, publicKey);
    const isFine = found?.subject === ACCOUNT && found.audiences.join() === audience && found.lifetimeS <= 600;
    logins.push(isFine ? who : `${who} refuses ${JSON.stringify(found)}`);
    return isFine;
  };
  const aws = await startAws();
  aws.roles.push({ arn: ROLE, trustsToken: (token) => taken("aws", token, "sts.amazonaws.com") });
  const reviewed = async (token: string, audiences: readonly string[]) => {
    const spec = { token, ...(audiences.length === 0 ? {} : { audiences }) };
    const { json } = await cluster.api("POST", "/apis/authentication.k8s.io/v1/tokenreviews", { spec });
    return json.status.authenticated === true && json.status.user.username === ACCOUNT;
  };
  const vault = await listen((request) =>
    fakeVault({
      token: VAULT_SESSION,
      keys: ["transit/k"],
      kubernetes: {
        role: "tenant_decryptor",
        // The API server itself must not take it.
        jwt: async (jwt) =>
          taken("vault", jwt, vault.url) && (await reviewed(jwt, [vault.url])) && !(await reviewed(jwt, [])),
        leaseSeconds: 600,
      },
    }).service(request),
  );
  return { aws, vault, logins };
}

describe("a hostile repository, with the rights of deploy/", () => {
  let cluster: Cluster;
  let client: KubeClient;
  let git: TestGit;
  let controllers: RunningControllers;
  let storage: string;
  let log = "";
  let clouds: Clouds;

  beforeAll(async () => {
    storage = mkdtempSync(join(tmpdir(), "sealkit-test-hostile-"));
    cluster = await startCluster({ controllerManager: true });
    await until(
      "kube-system is there",
      async () => (await cluster.api("GET", "/api/v1/namespaces/kube-system")).status === 200,
    );
    await cluster.apply(readFileSync(deploy("sealkit.yaml"), "utf8"));
    await cluster.apply(readFileSync(deploy("tenant.yaml"), "utf8"));
    await cluster.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n");
    for (const namespace of ["kube-system", "sealkit-system", "other"]) {
      const known = {
        metadata: { name: "known" },
        stringData: { username: "u", password: CANARY, "a.agekey": CANARY },
      };
      await cluster.api("POST", `/api/v1/namespaces/${namespace}/secrets`, known);
    }
    await until("the tenant's account may write", async () => {
      const as = "system:serviceaccount:tenant:sealkit-applier";
      const made = await cluster.api("POST", "/api/v1/namespaces/tenant/configmaps?dryRun=All", map("x", "tenant"), {
        as,
      });
      return made.status === 201;
    });
    git = await startTestGit();
    clouds = await startClouds(cluster);
    const token = await cluster.serviceAccountToken("sealkit-system", "sealkit-sync");
    client = createKubeClient(
      await loadClusterConfig({ env: {}, cwd: "/", kubeconfig: cluster.kubeconfigWith(token) }),
    );
    controllers = await startControllers({
      client,
      namespace: "sealkit-system",
      log: createLog({ clock: systemClock, level: "debug", format: "text", write: (line) => (log += line) }),
      families: [
        sourceFamily({ storagePath: storage }),
        kustomizationFamily({
          defaultServiceAccount: "sealkit-applier",
          noCrossNamespaceRefs: true,
          requeueDependencyMs: 300,
          objectLevelWorkloadIdentity: true,
          sopsVaultConfigMap: "sops-vaults",
          sopsAgeSecret: "sops-age",
          env: { AWS_ENDPOINT_URL: clouds.aws.url },
        }),
      ],
    });
    await controllers.ready;
    const repository = git.repository("hostile");
    repository.commit({
      "good/a.yaml": yaml(map("good", "tenant")),
      ...Object.fromEntries(
        Object.entries(ATTACKS).map(([name, objects]) => [
          `${name}/a.yaml`,
          yaml(...objects, map(`with-${name}`, "tenant")),
        ]),
      ),
    });
    await cluster.api("POST", GIT, {
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "GitRepository",
      metadata: { name: "hostile" },
      spec: { interval: "10m", url: git.at(repository), ref: { branch: "main" } },
    });
  }, 120_000);
  afterAll(async () => {
    await controllers?.stop(2000);
    await client?.close();
    await git?.close();
    await Promise.all([clouds?.aws.close(), clouds?.vault.close()]);
    await cluster?.stop();
    rmSync(storage, { recursive: true, force: true });
    expect(log).not.toContain(CANARY);
  });

  const sync = async (name: string, spec: object) => {
    const made = await cluster.api("POST", KS, {
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      kind: "Kustomization",
      metadata: { name },
      spec: {
        interval: "10m",
        retryInterval: "1h",
        prune: true,
        sourceRef: { kind: "GitRepository", name: "hostile" },
        ...spec,
      },
    });
    expect(made.status, made.text).toBe(201);
  };
  const readyOf = async (name: string, status: string, reason?: string) => {
    let last: { type: string; status: string; reason: string; message: string } | undefined;
    await until(
      `${name} is ${status}`,
      async () => {
        const { conditions = [] } = (await cluster.api("GET", `${KS}/${name}`)).json.status ?? {};
        last = conditions.find(({ type }: { type: string }) => type === "Ready");
        return last?.status === status && (reason === undefined || last.reason === reason);
      },
      { timeoutMs: 30_000, why: () => JSON.stringify(last) },
    );
    return last?.message ?? "";
  };

  test("what the tenant may do is done", async () => {
    await sync("good", { path: "good" });
    await readyOf("good", "True");
    expect((await cluster.api("GET", "/api/v1/namespaces/tenant/configmaps/good")).status).toBe(200);
  });

  test("a tenant's account logs in to Vault and AWS, by tokens that nobody else takes", async () => {
    const { aws, vault, logins } = clouds;
    const repository = git.repository("encrypted");
    const secret = (name: string) =>
      yaml({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "tenant" }, stringData: { a: CANARY } });
    const encrypted = async (name: string, key: readonly string[]) => {
      const args = ["encrypt", "--encrypted-regex", "^stringData$", "--filename-override", `${name}.yaml`, ...key];
      const env = {
        ...{ VAULT_TOKEN: VAULT_SESSION, AWS_ENDPOINT_URL: aws.url },
        ...{ AWS_ACCESS_KEY_ID: ALICE.accessKeyId, AWS_SECRET_ACCESS_KEY: ALICE.secretAccessKey },
      };
      const made = await original(args, { cwd: storage, env, stdin: secret(name) });
      expect([made.code, made.stderr]).toEqual([0, ""]);
      return made.stdout;
    };
    repository.commit({
      "app/vault.yaml": await encrypted("from-vault", ["--hc-vault-transit", `${vault.url}/v1/transit/keys/k`]),
      "app/age.yaml": await encrypted("from-age", ["--age", RECIPIENT_A]),
      "app/aws.yaml": await encrypted("from-aws", ["--kms", aws.keys[0]?.arn ?? ""]),
    });
    const to = async (path: string, body: object) => {
      const made = await cluster.api("POST", path, body);
      expect(made.status, made.text).toBe(201);
    };
    await to(GIT, {
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "GitRepository",
      metadata: { name: "encrypted" },
      spec: { interval: "10m", url: git.at(repository), ref: { branch: "main" } },
    });
    const instances = `instances: [{address: "${vault.url}", loginPath: auth/kubernetes/login}]`;
    await to("/api/v1/namespaces/sealkit-system/configmaps", {
      metadata: { name: "sops-vaults" },
      data: { "config.yaml": instances },
    });
    await to("/api/v1/namespaces/sealkit-system/secrets", {
      metadata: { name: "sops-age" },
      stringData: { "common.agekey": IDENTITY_A },
    });
    const annotations = { "eks.amazonaws.com/role-arn": ROLE };
    await to("/api/v1/namespaces/tenant/serviceaccounts", { metadata: { name: "decryptor", annotations } });
    await sync("logged-in", {
      sourceRef: { kind: "GitRepository", name: "encrypted" },
      path: "app",
      decryption: { provider: "sops", serviceAccountName: "decryptor" },
    });
    expect(await readyOf("logged-in", "False", "BuildFailed")).toMatch(/decryptor/);
    expect(logins).toEqual([]);
    await to(`/apis/${rbac}/v1/namespaces/tenant/rolebindings`, {
      metadata: { name: "tokens" },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "sealkit-tenant-identity" },
      subjects: [{ kind: "ServiceAccount", name: "sealkit-sync", namespace: "sealkit-system" }],
    });
    const { json } = await cluster.api("GET", `${KS}/logged-in`);
    await cluster.api(
      "PATCH",
      `${KS}/logged-in`,
      { metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": "1" } } },
      { contentType: "application/merge-patch+json" },
    );
    expect(json.status.inventory).toBeUndefined();
    await readyOf("logged-in", "True");
    for (const name of ["from-vault", "from-aws", "from-age"]) {
      const { data } = (await cluster.api("GET", `/api/v1/namespaces/tenant/secrets/${name}`)).json;
      expect(Buffer.from(data.a, "base64").toString()).toBe(CANARY);
    }
    expect(logins.toSorted()).toEqual(["aws", "vault"]);
  });

  test.each(Object.keys(ATTACKS))("%s: forbidden, and nothing of it applied", async (name) => {
    await sync(name, { path: name });
    const message = await readyOf(name, "False", "ReconciliationFailed");
    expect(message).toMatch(/\(Forbidden\)/);
    expect(message).toContain("system:serviceaccount:tenant:sealkit-applier");
    expect((await cluster.api("GET", `/api/v1/namespaces/tenant/configmaps/with-${name}`)).status).toBe(404);
  });

  test.each<[string, object, string, RegExp]>([
    [
      "as-sync-itself",
      { serviceAccountName: "sealkit-sync" },
      "ReconciliationFailed",
      /system:serviceaccount:tenant:sealkit-sync" cannot/,
    ],
    ["as-a-foreign-account", { serviceAccountName: "x:system:masters" }, "AccessDenied", /no name of a ServiceAccount/],
    ["as-a-path", { serviceAccountName: "../kube-system/default" }, "AccessDenied", /no name of a ServiceAccount/],
    [
      "source-of-others",
      { sourceRef: { kind: "GitRepository", name: "x", namespace: "sealkit-system" } },
      "AccessDenied",
      /cross-namespace references/,
    ],
    [
      "keys-of-others",
      { decryption: { provider: "sops", secretRef: { name: "../../kube-system/secrets/known" } } },
      "BuildFailed",
      /./,
    ],
    ["kubeconfig-of-others", { kubeConfig: { secretRef: { name: "known" } } }, "UnsupportedField", /spec\.kubeConfig/],
  ])("%s is refused", async (name, spec, reason, pattern) => {
    await sync(name, { path: "good", ...spec });
    expect(await readyOf(name, "False", reason)).toMatch(pattern);
  });

  test("a repository cannot be fetched with a foreign Secret", async () => {
    await cluster.api("POST", GIT, {
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "GitRepository",
      metadata: { name: "thief" },
      spec: { interval: "10m", url: `${git.url}/hostile`, secretRef: { name: "../../kube-system/secrets/known" } },
    });
    await until("it is refused", async () => {
      const { conditions = [] } = (await cluster.api("GET", `${GIT}/thief`)).json.status ?? {};
      return conditions.some(({ reason }: { reason: string }) => reason === "AuthenticationFailed");
    });
  });

  test("nothing of it is anywhere, and no answer holds a foreign value", async () => {
    for (const path of [
      "/api/v1/namespaces/kube-system/configmaps/evil",
      "/api/v1/namespaces/sealkit-system/configmaps/evil",
      "/api/v1/namespaces/other/configmaps/evil",
      "/api/v1/namespaces/kube-system/pods/evil",
      `/apis/${rbac}/v1/namespaces/kube-system/rolebindings/evil`,
      `/apis/${rbac}/v1/namespaces/tenant/rolebindings/evil`,
      `/apis/${rbac}/v1/clusterrolebindings/evil`,
      "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/sealkit-system/kustomizations/evil",
      "/apis/source.toolkit.fluxcd.io/v1/namespaces/sealkit-system/gitrepositories/evil",
    ]) {
      expect([path, (await cluster.api("GET", path)).status]).toEqual([path, 404]);
    }
    const told = [KS, GIT, "/api/v1/namespaces/tenant/events"].map(
      async (path) => (await cluster.api("GET", path)).text,
    );
    expect((await Promise.all(told)).join("")).not.toContain(CANARY);
  });

  test("an account that can no longer be used holds no deletion up", async () => {
    await sync("orphaned", { path: "good", serviceAccountName: "sealkit-applier" });
    await readyOf("orphaned", "True");
    const bindings = `/apis/${rbac}/v1/namespaces/tenant/rolebindings`;
    const all = (await cluster.api("GET", bindings)).json.items;
    const letIn = all.find((one: { roleRef: { name: string } }) => one.roleRef.name === "sealkit-tenant");
    await cluster.api("DELETE", `${bindings}/${letIn.metadata.name}`);
    await cluster.api("DELETE", `${KS}/orphaned`);
    await until("it is gone", async () => (await cluster.api("GET", `${KS}/orphaned`)).status === 404);
    expect((await cluster.api("GET", "/api/v1/namespaces/tenant/configmaps/good")).status).toBe(200);
    const { metadata, roleRef, subjects } = letIn;
    await cluster.api("POST", bindings, { metadata: { name: metadata.name }, roleRef, subjects });
    await cluster.api(
      "PATCH",
      `${KS}/good`,
      { metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": "1" } } },
      { contentType: "application/merge-patch+json" },
    );
    await until("it is owned again", async () => {
      const { labels } = (await cluster.api("GET", "/api/v1/namespaces/tenant/configmaps/good")).json.metadata;
      return labels["kustomize.toolkit.fluxcd.io/name"] === "good";
    });
  });

  test("deleting it removes what it made, and nothing is left hanging", async () => {
    for (const name of ["good", ...Object.keys(ATTACKS)]) await cluster.api("DELETE", `${KS}/${name}`);
    await until("they are gone", async () => {
      const names = (await cluster.api("GET", KS)).json.items.map(
        (one: { metadata: { name: string } }) => one.metadata.name,
      );
      return !names.some((name: string) => name === "good" || name in ATTACKS);
    });
    expect((await cluster.api("GET", "/api/v1/namespaces/tenant/configmaps/good")).status).toBe(404);
  });
});
