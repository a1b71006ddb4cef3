import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { buildSealkit, type OurController, startController } from "../helpers/controller.ts";
import { startTestGit, type TestGit, type TestRepository } from "../helpers/git-server.ts";
import { until } from "../helpers/process.ts";

const file = (name: string) => fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url));
/** Stands in the Secrets that nobody but their owners may see. */
const CANARY = "canary-5f1c0d7a";
const CONTROLLER_NAMESPACES = ["kube-system", "sealkit-system"];

const git = (namespace: string) => `/apis/source.toolkit.fluxcd.io/v1/namespaces/${namespace}/gitrepositories`;
const ks = (namespace: string) => `/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/${namespace}/kustomizations`;
const aGitRepository = { apiVersion: "source.toolkit.fluxcd.io/v1", kind: "GitRepository" };
const aKustomization = { apiVersion: "kustomize.toolkit.fluxcd.io/v1", kind: "Kustomization" };
const configMap = (namespace: string, name: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
});
const rbac = { apiVersion: "rbac.authorization.k8s.io/v1" };
const tenantAccount = { kind: "ServiceAccount", name: "sealkit-applier", namespace: "tenant" };
const role = (name: string) => ({ apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name });

interface Attempt {
  readonly name: string;
  /** What the hostile repository holds, below a folder of its own. */
  readonly files: Readonly<Record<string, object | string | { link: string }>>;
  readonly spec?: object;
  /** Must not exist afterwards. */
  readonly not?: string;
  readonly says: RegExp;
  /** Status of the Ready condition; default False. */
  readonly verdict?: string;
}

const ATTEMPTS: readonly Attempt[] = [
  {
    name: "writes into the namespace of the sealing keys",
    files: { "a.yaml": configMap("kube-system", "hostile") },
    not: "/api/v1/namespaces/kube-system/configmaps/hostile",
    says: /forbidden/i,
  },
  {
    name: "writes into the namespace of the controller",
    files: { "a.yaml": configMap("sealkit-system", "hostile") },
    not: "/api/v1/namespaces/sealkit-system/configmaps/hostile",
    says: /forbidden/i,
  },
  {
    name: "makes its account an administrator",
    files: {
      "a.yaml": {
        ...rbac,
        kind: "ClusterRoleBinding",
        metadata: { name: "hostile" },
        roleRef: role("cluster-admin"),
        subjects: [tenantAccount],
      },
    },
    not: "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/hostile",
    says: /forbidden/i,
  },
  {
    name: "grants itself the Secrets of the keys' namespace",
    files: {
      "a.yaml": {
        ...rbac,
        kind: "RoleBinding",
        metadata: { name: "hostile", namespace: "kube-system" },
        roleRef: role("view"),
        subjects: [tenantAccount],
      },
    },
    not: "/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/rolebindings/hostile",
    says: /forbidden/i,
  },
  {
    name: "lets the controller into another tenant's namespace",
    files: {
      "a.yaml": {
        ...rbac,
        kind: "RoleBinding",
        metadata: { name: "hostile", namespace: "other" },
        roleRef: role("sealkit-tenant"),
        subjects: [{ kind: "ServiceAccount", name: "sealkit-sync", namespace: "sealkit-system" }],
      },
    },
    not: "/apis/rbac.authorization.k8s.io/v1/namespaces/other/rolebindings/hostile",
    says: /forbidden/i,
  },
  {
    name: "starts a pod that mounts the sealing keys",
    files: {
      "a.yaml": {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "hostile", namespace: "kube-system" },
        spec: { containers: [{ name: "c", image: "i" }], volumes: [{ name: "v", secret: { secretName: "known" } }] },
      },
    },
    not: "/api/v1/namespaces/kube-system/pods/hostile",
    says: /forbidden/i,
  },
  {
    name: "gives the key holder's account to a pod of its own through a token Secret there",
    files: {
      "a.yaml": {
        apiVersion: "v1",
        kind: "Secret",
        type: "kubernetes.io/service-account-token",
        metadata: {
          name: "hostile",
          namespace: "kube-system",
          annotations: { "kubernetes.io/service-account.name": "sealed-secrets-controller" },
        },
      },
    },
    not: "/api/v1/namespaces/kube-system/secrets/hostile",
    says: /forbidden/i,
  },
  {
    name: "names the key holder's account",
    files: { "a.yaml": configMap("kube-system", "hostile-account") },
    spec: { serviceAccountName: "sealed-secrets-controller" },
    not: "/api/v1/namespaces/kube-system/configmaps/hostile-account",
    says: /forbidden/i,
  },
  {
    name: "names a user instead of an account",
    files: { "a.yaml": configMap("kube-system", "hostile-user") },
    spec: { serviceAccountName: "x:system:masters" },
    not: "/api/v1/namespaces/kube-system/configmaps/hostile-user",
    says: /no name of a ServiceAccount/,
  },
  {
    name: "takes the source of another namespace",
    files: {},
    spec: { sourceRef: { kind: "GitRepository", name: "secret-plans", namespace: "other" } },
    says: /cross-namespace/,
  },
  {
    name: "makes a Kustomization that has more rights than it",
    files: {
      "a.yaml": {
        apiVersion: "kustomize.toolkit.fluxcd.io/v1",
        kind: "Kustomization",
        metadata: { name: "hostile", namespace: "kube-system" },
        spec: { interval: "1m", prune: true, sourceRef: { kind: "GitRepository", name: "r" } },
      },
    },
    not: `${ks("kube-system")}/hostile`,
    says: /forbidden/i,
  },
  {
    name: "leaves its folder by the path",
    files: {},
    spec: { path: "../../../../../../var/run/secrets/kubernetes.io/serviceaccount" },
    says: /path|outside|not found/i,
  },
  {
    name: "leaves its folder by a symbolic link",
    files: { "stolen.yaml": { link: "/etc/passwd" } },
    // A link that leads out of the repository is left out, with an event that names it: nothing is applied.
    verdict: "True",
    says: /Applied revision/,
  },
  {
    name: "leaves its folder by a resource of a kustomization",
    files: { "kustomization.yaml": "resources: [../../../../../../etc/passwd]\n" },
    says: /outside|not found|path|leads|escape/i,
  },
  {
    name: "lets the controller fetch from the network",
    files: { "kustomization.yaml": "resources: ['https://kubernetes.default.svc/api']\n" },
    says: /remote|http|not supported/i,
  },
];

describe("a hostile repository, the sync controller with the rights of deploy/, a real API server", () => {
  let cluster: Cluster;
  let server: TestGit;
  let controller: OurController;
  let repository: TestRepository;

  const waitForVerdict = async (path: string) => {
    let object: { status?: { conditions?: { type: string; status: string; message: string }[] } } = {};
    await until(
      `${path} has a verdict`,
      async () => {
        object = (await cluster.api("GET", path)).json;
        const ready = object.status?.conditions?.find(({ type }) => type === "Ready");
        return ready !== undefined && ready.status !== "Unknown";
      },
      { timeoutMs: 20_000, why: () => `${JSON.stringify(object.status)}\n${controller.running.tail()}` },
    );
    return object.status?.conditions?.find(({ type }) => type === "Ready") ?? { status: "", message: "" };
  };

  beforeAll(async () => {
    await buildSealkit();
    cluster = await startCluster({ controllerManager: true });
    server = await startTestGit();
    repository = server.repository("hostile");
    const plans = server.repository("plans");
    plans.commit({ "a.yaml": JSON.stringify(configMap("tenant", "stolen-plans")) });
    await until(
      "kube-system is there",
      async () => (await cluster.api("GET", "/api/v1/namespaces/kube-system")).status === 200,
    );
    await cluster.apply(readFileSync(file("sealkit.yaml"), "utf8"));
    await cluster.apply(readFileSync(file("tenant.yaml"), "utf8"));
    await cluster.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: other}");
    for (const namespace of [...CONTROLLER_NAMESPACES, "other"]) {
      const secret = {
        metadata: { name: "known" },
        stringData: { key: CANARY, "age.agekey": CANARY, password: CANARY },
      };
      expect((await cluster.api("POST", `/api/v1/namespaces/${namespace}/secrets`, secret)).status).toBe(201);
    }
    const files: Record<string, string | { link: string }> = {
      "good/a.yaml": JSON.stringify(configMap("tenant", "good")),
      "key/a.yaml": JSON.stringify(configMap("kube-system", "by-key")),
    };
    for (const [at, attempt] of ATTEMPTS.entries()) {
      files[`attempt-${at}/.keep`] = "";
      for (const [path, content] of Object.entries(attempt.files)) {
        const isText = typeof content === "string" || "link" in content;
        files[`attempt-${at}/${path}`] = isText ? (content as string | { link: string }) : JSON.stringify(content);
      }
    }
    repository.commit(files);
    const source = (namespace: string, name: string, url: string, more: object = {}) =>
      cluster.api("POST", git(namespace), {
        ...aGitRepository,
        metadata: { name },
        spec: { interval: "1h", url, ref: { branch: "main" }, ...more },
      });
    for (const [namespace, name, url] of [
      ["tenant", "r", server.at(repository)],
      ["kube-system", "r", server.at(repository)],
      ["other", "secret-plans", server.at(plans)],
    ] as const) {
      expect((await source(namespace, name, url)).status).toBe(201);
    }
    await until("the tenant's account has its rights", async () => {
      const review = await cluster.api("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
        spec: {
          user: "system:serviceaccount:tenant:sealkit-applier",
          resourceAttributes: { namespace: "tenant", verb: "patch", resource: "configmaps" },
        },
      });
      return review.json.status.allowed === true;
    });
    const deployment = "/apis/apps/v1/namespaces/sealkit-system/deployments/sealkit-sync";
    const args: string[] = (await cluster.api("GET", deployment)).json.spec.template.spec.containers[0].args;
    const token = await cluster.serviceAccountToken("sealkit-system", "sealkit-sync");
    controller = await startController(cluster, {
      controllers: "source,kustomization",
      kubeconfig: cluster.kubeconfigWith(token),
      args: [
        ...args.filter((arg) => !/^--(controllers|listen|storage)/.test(arg)),
        `--storage-path=${join(cluster.folder, "storage")}`,
        "--storage-addr=127.0.0.1:0",
        "--own-namespace=sealkit-system",
      ],
    });
    for (const path of [`${git("tenant")}/r`, `${git("kube-system")}/r`, `${git("other")}/secret-plans`]) {
      expect(await waitForVerdict(path), path).toMatchObject({ status: "True" });
    }
  });
  afterAll(async () => {
    await cluster?.stop();
    await server?.close();
  });

  const kustomization = (namespace: string, name: string, spec: object) =>
    cluster.api("POST", ks(namespace), {
      ...aKustomization,
      metadata: { name },
      spec: {
        interval: "1h",
        retryInterval: "1h",
        prune: true,
        sourceRef: { kind: "GitRepository", name: "r" },
        ...spec,
      },
    });

  test("an honest Kustomization of the same tenant is applied", async () => {
    expect((await kustomization("tenant", "good", { path: "good" })).status).toBe(201);
    expect(await waitForVerdict(`${ks("tenant")}/good`)).toMatchObject({ status: "True" });
    expect((await cluster.api("GET", "/api/v1/namespaces/tenant/configmaps/good")).status).toBe(200);
  });

  test.each(ATTEMPTS.map((attempt, at) => ({ ...attempt, at })))(
    "refused: $name",
    async ({ at, spec, not, says, verdict: wanted = "False" }) => {
      expect((await kustomization("tenant", `attempt-${at}`, { path: `attempt-${at}`, ...spec })).status).toBe(201);
      const verdict = await waitForVerdict(`${ks("tenant")}/attempt-${at}`);
      expect(verdict.status, verdict.message).toBe(wanted);
      expect(verdict.message).toMatch(says);
      if (not !== undefined) expect((await cluster.api("GET", not)).status).toBe(404);
    },
  );

  test.each([
    { name: "as the account of that namespace", spec: {} },
    { name: "as the key holder", spec: { serviceAccountName: "sealed-secrets-controller" } },
    {
      name: "with a Secret of that namespace as its key",
      spec: { decryption: { provider: "sops", secretRef: { name: "known" } } },
    },
  ])("even a Kustomization beside the keys applies nothing $name", async ({ spec }) => {
    const name = `key-${Object.keys(spec)[0]?.toLowerCase() ?? "plain"}`;
    expect((await kustomization("kube-system", name, { path: "key", ...spec })).status).toBe(201);
    const verdict = await waitForVerdict(`${ks("kube-system")}/${name}`);
    expect(verdict.status).toBe("False");
    expect(verdict.message).toMatch(/forbidden|cannot impersonate|cannot get/i);
    expect((await cluster.api("GET", "/api/v1/namespaces/kube-system/configmaps/by-key")).status).toBe(404);
  });

  test("a source beside the keys does not get their Secret as its credentials", async () => {
    const made = await cluster.api("POST", git("kube-system"), {
      ...aGitRepository,
      metadata: { name: "with-known" },
      spec: { interval: "1h", url: server.at(repository), secretRef: { name: "known" } },
    });
    expect(made.status).toBe(201);
    expect((await waitForVerdict(`${git("kube-system")}/with-known`)).status).toBe("False");
  });

  test("nothing that was not its own is seen anywhere", async () => {
    const seen: string[] = [readFileSync(controller.running.log, "utf8")];
    for (const path of [
      "/api/v1/events",
      "/apis/source.toolkit.fluxcd.io/v1/gitrepositories",
      "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations",
      "/api/v1/configmaps",
    ]) {
      seen.push((await cluster.api("GET", path)).text);
    }
    seen.push(await fetch(`http://127.0.0.1:${controller.metricsPort}/metrics`).then((answer) => answer.text()));
    for (const text of seen) {
      expect(text.length).toBeGreaterThan(10);
      expect(text).not.toContain(CANARY);
      expect(text).not.toContain(btoa(CANARY));
      expect(text).not.toContain("root:x:0:0");
    }
    expect((await cluster.api("GET", "/api/v1/namespaces/tenant/configmaps/stolen-plans")).status).toBe(404);
    expect(controller.running.alive()).toBe(true);
  });
});
