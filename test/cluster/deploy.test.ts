import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { readWorkload } from "../../controller/kustomization/workload.ts";
import { createKubeClient, loadClusterConfig } from "../../src/kube/index.ts";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { buildSealkit, startController } from "../helpers/controller.ts";
import { CHART, render } from "../helpers/helm.ts";
import { peer } from "../helpers/peers.ts";
import { until } from "../helpers/process.ts";

const file = (name: string) => fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url));
const SYNC = "system:serviceaccount:sealkit-system:sealkit-sync";
const KEEPER = "system:serviceaccount:kube-system:sealed-secrets-controller";
const APPLIER = "system:serviceaccount:tenant:sealkit-applier";
const secret = (name: string) => ({ apiVersion: "v1", kind: "Secret", metadata: { name }, stringData: { a: "b" } });
const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "c-" } };
const pod = { metadata: { generateName: "p-" }, spec: { containers: [{ name: "c", image: "i" }] } };
const in_ = (namespace: string, plural: string, name = "") =>
  `/api/v1/namespaces/${namespace}/${plural}${name === "" ? "" : `/${name}`}`;
const rbac = (namespace: string, plural: string) =>
  `/apis/rbac.authorization.k8s.io/v1/${namespace === "" ? "" : `namespaces/${namespace}/`}${plural}`;
const binding = (role: string) => ({
  metadata: { generateName: "b-" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
  subjects: [{ kind: "ServiceAccount", name: "sealkit-sync", namespace: "sealkit-system" }],
});

const documents = parseAllDocuments(readFileSync(file("sealkit.yaml"), "utf8")).map((one) => one.toJS());

/** The arguments that a Deployment of the static manifest gives to its container. */
function containerArgs(deployment: string): string[] {
  const found = documents.find(({ kind, metadata }) => kind === "Deployment" && metadata.name === deployment);
  return found.spec.template.spec.containers[0].args;
}

/** The Deployment of the original's static manifest, as far as taking it over can go wrong. */
const formerDeployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    name: "sealed-secrets-controller",
    namespace: "kube-system",
    labels: { name: "sealed-secrets-controller" },
  },
  spec: {
    replicas: 1,
    minReadySeconds: 30,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
    selector: { matchLabels: { name: "sealed-secrets-controller" } },
    template: {
      metadata: { labels: { name: "sealed-secrets-controller" } },
      spec: {
        containers: [{ name: "sealed-secrets-controller", image: "former:1", command: ["controller"], args: [] }],
      },
    },
  },
};

describe("deploy/ on a real API server", () => {
  let cluster: Cluster;
  const tokens = { sync: "", keeper: "" };

  beforeAll(async () => {
    await buildSealkit();
    cluster = await startCluster({ controllerManager: true, users: { alice: ["developers"] } });
    await until(
      "kube-system is there",
      async () => (await cluster.api("GET", "/api/v1/namespaces/kube-system")).status === 200,
    );
    await cluster.apply(JSON.stringify(formerDeployment), ["--field-manager=former"]);
    const dryRun = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-"];
    const keeper = readFileSync(file("secrets.yaml"), "utf8");
    const serverSide = await cluster.kubectl(dryRun, { input: keeper });
    expect(serverSide.code, serverSide.stderr).toBe(0);
    const applied = await cluster.kubectl(["apply", "-f", file("sealkit.yaml")]);
    expect(applied.code, applied.stderr).toBe(0);
    await cluster.apply(readFileSync(file("tenant.yaml"), "utf8"));
    await cluster.apply(["apiVersion: v1", "kind: Namespace", "metadata: {name: other}"].join("\n"));
    for (const namespace of ["kube-system", "sealkit-system", "tenant", "other"]) {
      expect((await cluster.api("POST", in_(namespace, "secrets"), secret("known"))).status).toBe(201);
    }
    tokens.sync = await cluster.serviceAccountToken("sealkit-system", "sealkit-sync");
    tokens.keeper = await cluster.serviceAccountToken("kube-system", "sealed-secrets-controller");
    // The roles `edit` and `admin` are filled by a controller, a moment after the start.
    await until("the tenant's account may write", async () => {
      const made = await cluster.api("POST", in_("tenant", "configmaps"), configMap, {
        token: tokens.sync,
        as: APPLIER,
      });
      return made.status === 201;
    });
  });
  afterAll(() => cluster?.stop());

  test("kubectl apply took it over a former installation, and takes it again without a change", async () => {
    // kubectl says "configured" of an empty list and of a PodDisruptionBudget even when nothing comes of it.
    const versions = async () => {
      const template = '{range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}';
      return (await cluster.kubectl(["get", "-f", file("sealkit.yaml"), "-o", `jsonpath=${template}`])).stdout;
    };
    const before = await versions();
    expect(before.split("\n").length).toBeGreaterThan(20);
    expect((await cluster.kubectl(["apply", "-f", file("sealkit.yaml")])).code).toBe(0);
    expect(await versions()).toBe(before);
    const server = await cluster.kubectl(["apply", "--server-side", "--force-conflicts", "-f", file("sealkit.yaml")]);
    expect(server.code, server.stderr).toBe(0);
    expect(server.stderr).not.toContain("Warning");
    const path = "/apis/apps/v1/namespaces/kube-system/deployments/sealed-secrets-controller";
    const { spec } = (await cluster.api("GET", path)).json;
    expect(spec.strategy).toEqual({ type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } });
    expect(spec.template.spec.containers).toHaveLength(1);
    expect(spec.template.spec.containers[0]).toMatchObject({
      image: "sealkit:0.1.0",
      command: ["controller"],
    });
  });

  test("the pods of both Deployments keep the restricted pod security standard", async () => {
    const templates = documents.filter(({ kind }) => kind === "Deployment").map(({ spec }) => spec.template);
    expect(templates).toHaveLength(2);
    for (const { metadata, spec } of templates) {
      const made = await cluster.api("POST", in_("sealkit-system", "pods"), {
        metadata: { generateName: "check-", labels: metadata.labels },
        spec: { ...spec, serviceAccountName: "sealkit-sync" },
      });
      expect(made.status, made.text).toBe(201);
    }
    const refused = await cluster.api("POST", in_("sealkit-system", "pods"), pod);
    expect(refused.json.message).toContain('violates PodSecurity "restricted');
  });

  test.each([
    // Beside what was applied above: the selector of a Deployment cannot change.
    { name: "its own values", values: { namespace: "other" } },
    {
      name: "most values",
      values: {
        namespace: "other",
        additionalNamespaces: ["tenant"],
        rbac: { clusterRole: false, namespacedRoles: true },
        ingress: { enabled: true, tls: true, selfSigned: true },
        networkPolicy: { egress: { enabled: true } },
        metrics: { dashboards: { create: true } },
        pdb: { minAvailable: 1 },
        replicaCount: 2,
        hostUsers: false,
        rateLimit: 5,
        keySize: 3072,
      },
    },
  ])("the API server takes what the chart makes of $name", async ({ values }) => {
    const objects = render(CHART, values);
    const input = objects.map((object) => JSON.stringify(object)).join("\n---\n");
    const taken = await cluster.kubectl(["apply", "--dry-run=server", "-f", "-"], { input });
    expect(taken.code, taken.stderr).toBe(0);
    expect(taken.stderr).not.toContain("Warning");
    expect(taken.stdout.trim().split("\n")).toHaveLength(objects.length);
    const { spec } = objects.find(({ kind }) => kind === "Deployment").spec.template;
    const made = await cluster.api("POST", in_("sealkit-system", "pods"), {
      metadata: { generateName: "chart-" },
      spec: { ...spec, serviceAccountName: "sealkit-sync" },
    });
    expect(made.status, made.text).toBe(201);
  });

  test.each(["static/controller.yaml", "static/controller-norbac.yaml"])("the API server takes %s", async (name) => {
    const taken = await cluster.kubectl(["apply", "--dry-run=server", "-f", file(name)]);
    expect([taken.code, taken.stderr]).toEqual([0, ""]);
  });

  describe("the sync account", () => {
    test.each([
      { name: "reads the sealing keys' namespace", method: "GET", path: in_("kube-system", "secrets") },
      { name: "reads one Secret there", method: "GET", path: in_("kube-system", "secrets", "known") },
      { name: "reads a Secret of its own namespace", method: "GET", path: in_("sealkit-system", "secrets", "known") },
      { name: "lists all Secrets", method: "GET", path: "/api/v1/secrets" },
      { name: "watches all Secrets", method: "GET", path: "/api/v1/secrets?watch=true" },
      {
        name: "reads a Secret of a namespace it was not let into",
        method: "GET",
        path: in_("other", "secrets", "known"),
      },
      { name: "lists the Secrets of a tenant", method: "GET", path: in_("tenant", "secrets") },
      { name: "writes a Secret of a tenant itself", method: "POST", path: in_("tenant", "secrets"), body: secret("x") },
      { name: "applies something itself", method: "POST", path: in_("tenant", "configmaps"), body: configMap },
      { name: "starts a pod beside the keys", method: "POST", path: in_("kube-system", "pods"), body: pod },
      {
        name: "makes a token of the key holder",
        method: "POST",
        path: in_("kube-system", "serviceaccounts", "sealed-secrets-controller/token"),
        body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
      },
      {
        name: "makes a token of a tenant's account",
        method: "POST",
        path: in_("tenant", "serviceaccounts", "sealkit-applier/token"),
        body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
      },
      {
        name: "lets itself into a namespace",
        method: "POST",
        path: rbac("other", "rolebindings"),
        body: binding("sealkit-tenant"),
      },
      {
        name: "makes itself administrator",
        method: "POST",
        path: rbac("", "clusterrolebindings"),
        body: binding("cluster-admin"),
      },
      {
        name: "reaches the keys through the service proxy",
        method: "GET",
        path: "/api/v1/namespaces/kube-system/pods",
      },
    ])("may not: $name", async ({ method, path, body }) => {
      const answer = await cluster.api(method, path, body, { token: tokens.sync });
      expect([answer.status, answer.json.reason], answer.text).toEqual([403, "Forbidden"]);
    });

    test.each([
      { who: KEEPER },
      { who: SYNC },
      { who: "system:serviceaccount:kube-system:default" },
      { who: "system:serviceaccount:sealkit-system:default" },
      { who: "system:serviceaccount:other:default" },
      { who: "admin" },
      { who: "system:admin" },
      { who: "system:kube-controller-manager" },
    ])("may not act as $who", async ({ who }) => {
      const answer = await cluster.api("GET", in_("tenant", "configmaps"), undefined, { token: tokens.sync, as: who });
      expect([answer.status, answer.json.reason]).toEqual([403, "Forbidden"]);
      expect(answer.json.message).toContain("impersonate");
    });

    test("may act as an account of a namespace it was let into, and then only what that one may", async () => {
      const asTenant = { token: tokens.sync, as: APPLIER };
      expect((await cluster.api("POST", in_("tenant", "configmaps"), configMap, asTenant)).status).toBe(201);
      expect((await cluster.api("POST", in_("tenant", "secrets"), secret("made"), asTenant)).status).toBe(201);
      for (const namespace of ["kube-system", "sealkit-system", "other"]) {
        expect((await cluster.api("POST", in_(namespace, "configmaps"), configMap, asTenant)).status).toBe(403);
        expect((await cluster.api("GET", in_(namespace, "secrets", "known"), undefined, asTenant)).status).toBe(403);
      }
      const escalated = await cluster.api("POST", rbac("tenant", "rolebindings"), binding("cluster-admin"), asTenant);
      expect(escalated.status).toBe(403);
    });

    test("may read the Secret that a tenant's source names", async () => {
      const answer = await cluster.api("GET", in_("tenant", "secrets", "known"), undefined, { token: tokens.sync });
      expect(answer.status).toBe(200);
    });

    test("may do what it is for", async () => {
      for (const path of [
        "/apis/source.toolkit.fluxcd.io/v1/gitrepositories",
        "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations",
      ]) {
        expect((await cluster.api("GET", path, undefined, { token: tokens.sync })).status).toBe(200);
      }
    });
  });

  test.each([
    { name: "in the namespace of the keys", path: rbac("kube-system", "rolebindings") },
    { name: "in the namespace of the controller", path: rbac("sealkit-system", "rolebindings") },
    { name: "in the whole cluster", path: rbac("", "clusterrolebindings") },
  ])("not even an administrator lets the sync account in $name", async ({ path }) => {
    for (const role of ["sealkit-tenant", "sealkit-tenant-identity"]) {
      const answer = await cluster.api("POST", path, binding(role));
      expect(answer.status).toBe(403);
      expect(answer.json.message).toContain("it would give the sync controller the sealing keys");
    }
  });

  test("an administrator lets it log in as the accounts of a namespace, each token for one service", async () => {
    const config = await loadClusterConfig({
      ...{ env: {}, cwd: cluster.folder, context: undefined },
      kubeconfig: cluster.kubeconfigWith(tokens.sync),
    });
    const client = createKubeClient(config);
    const { signal } = new AbortController();
    const account = {
      metadata: { name: "decryptor", annotations: { "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/r" } },
    };
    expect((await cluster.api("POST", in_("other", "serviceaccounts"), account)).status).toBe(201);
    const place = { namespace: "other", name: "decryptor" };
    await expect(readWorkload(client, place, signal)).rejects.toThrow("forbidden");
    const bound = await cluster.api("POST", rbac("other", "rolebindings"), binding("sealkit-tenant-identity"));
    expect(bound.status).toBe(201);
    await until("the binding counts", async () => {
      return (await readWorkload(client, place, signal).catch(() => undefined)) !== undefined;
    });
    const workload = await readWorkload(client, place, signal);
    expect(workload?.annotations["eks.amazonaws.com/role-arn"]).toBe("arn:aws:iam::1:role/r");
    const [, claims = ""] = (await workload?.token("sts.amazonaws.com"))?.split(".") ?? [];
    const { aud, sub, iat, exp } = JSON.parse(Buffer.from(claims, "base64url").toString());
    expect([aud, sub, exp - iat]).toEqual([["sts.amazonaws.com"], "system:serviceaccount:other:decryptor", 600]);
    await expect(readWorkload(client, { namespace: "kube-system", name: "default" }, signal)).rejects.toThrow(
      "forbidden",
    );
    const secrets = await cluster.api("GET", in_("other", "secrets", "known"), undefined, { token: tokens.sync });
    expect(secrets.status).toBe(403);
    await client.close();
  });

  describe("the key holder's account", () => {
    test.each([
      { name: "deletes a Secret", method: "DELETE", path: in_("tenant", "secrets", "known") },
      { name: "reads a ConfigMap", method: "GET", path: in_("tenant", "configmaps") },
      { name: "starts a pod", method: "POST", path: in_("kube-system", "pods"), body: pod },
      {
        name: "changes a SealedSecret",
        method: "DELETE",
        path: "/apis/bitnami.com/v1alpha1/namespaces/tenant/sealedsecrets/x",
      },
      { name: "binds a role", method: "POST", path: rbac("tenant", "rolebindings"), body: binding("edit") },
    ])("may not: $name", async ({ method, path, body }) => {
      const answer = await cluster.api(method, path, body, { token: tokens.keeper });
      expect([answer.status, answer.json.reason], answer.text).toEqual([403, "Forbidden"]);
    });

    test("may not act as anybody", async () => {
      const answer = await cluster.api("GET", "/api/v1/namespaces", undefined, { token: tokens.keeper, as: SYNC });
      expect(answer.status).toBe(403);
    });

    test("may do what it is for", async () => {
      const token = tokens.keeper;
      expect((await cluster.api("GET", "/api/v1/secrets", undefined, { token })).status).toBe(200);
      expect((await cluster.api("POST", in_("other", "secrets"), secret("unsealed"), { token })).status).toBe(201);
      expect((await cluster.api("GET", "/apis/bitnami.com/v1alpha1/sealedsecrets", undefined, { token })).status).toBe(
        200,
      );
    });
  });

  test("with these rights the controller does all its work", async () => {
    const controller = await startController(cluster, {
      kubeconfig: cluster.kubeconfigWith(tokens.keeper),
      args: containerArgs("sealed-secrets-controller").filter((arg) => !/^--(listen|controllers)/.test(arg)),
    });
    const certFile = join(cluster.folder, "cert.pem");
    // The first key takes seconds to make.
    await until("a certificate is served", async () => {
      const answer = await controller.ask("/v1/cert.pem");
      if (answer?.status === 200) writeFileSync(certFile, answer.text);
      return answer?.status === 200;
    });
    const plain = { ...secret("sealed"), metadata: { name: "sealed", namespace: "tenant" } };
    const sealed = await cluster.run([peer("kubeseal"), "--cert", certFile], { input: JSON.stringify(plain) });
    expect(sealed.code, sealed.stderr).toBe(0);
    const asTenant = { token: tokens.sync, as: APPLIER };
    const path = "/apis/bitnami.com/v1alpha1/namespaces/tenant/sealedsecrets";
    expect((await cluster.api("POST", path, sealed.stdout, asTenant)).status).toBe(201);
    await until("it is synced", async () => {
      const { status } = (await cluster.api("GET", `${path}/sealed`)).json;
      return status?.conditions?.[0]?.status === "True";
    });
    expect((await cluster.api("GET", in_("tenant", "secrets", "sealed"))).json.data).toEqual({ a: btoa("b") });
    await until("there is an event", async () => {
      const { items } = (await cluster.api("GET", in_("tenant", "events"))).json;
      return items.some((event: { reason: string }) => event.reason === "Unsealed");
    });
    await controller.stop();
    expect(readFileSync(controller.running.log, "utf8")).not.toMatch(/forbidden/i);
  });

  test("any user reaches the certificate through the service proxy, and nothing else there", async () => {
    const token = cluster.token("alice");
    const service = in_("kube-system", "services", "sealed-secrets-controller");
    expect((await cluster.api("GET", service, undefined, { token })).status).toBe(200);
    const proxied = in_("kube-system", "services", "http:sealed-secrets-controller:/proxy/v1/cert.pem");
    // Nothing runs pods here: the right is there, an endpoint is not.
    expect((await cluster.api("GET", proxied, undefined, { token })).status).toBe(404);
    expect((await cluster.api("GET", in_("kube-system", "services"), undefined, { token })).status).toBe(403);
    expect((await cluster.api("GET", in_("kube-system", "secrets"), undefined, { token })).status).toBe(403);
  });

  test("who may edit a namespace may edit its SealedSecrets", async () => {
    const path = "/apis/bitnami.com/v1alpha1/namespaces/tenant/sealedsecrets";
    const answer = await cluster.api("GET", path, undefined, { token: tokens.sync, as: APPLIER });
    expect(answer.status, answer.text).toBe(200);
  });
});
