import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { SEALED_SECRETS } from "../../controller/api/index.ts";
import { createLog } from "../../controller/log.ts";
import { sealedSecretFamily } from "../../controller/sealedsecret/set-up.ts";
import { startControllers } from "../../controller/start.ts";
import { ClearText } from "../../src/clear-text.ts";
import { createKubeClient, type KubeClient, loadClusterConfig, systemClock } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { sealSecret } from "../../src/secrets/index.ts";
import { readCertificate } from "../../src/x509/index.ts";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { CHART, render } from "../helpers/helm.ts";
import { until } from "../helpers/process.ts";
import { CONTROLLER_NAMESPACE, prepareCluster } from "../helpers/upstream.ts";

const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;
const EVENTS = { group: "", version: "v1", plural: "events", kind: "Event", namespaced: true } as const;

/** What the original's manifest grants its controller. */
const RIGHTS = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: secrets-unsealer}
rules:
- {apiGroups: [bitnami.com], resources: [sealedsecrets], verbs: [get, list, watch]}
- {apiGroups: [bitnami.com], resources: [sealedsecrets/status], verbs: [update]}
- {apiGroups: [""], resources: [secrets], verbs: [get, list, create, update, delete, watch]}
- {apiGroups: [""], resources: [events], verbs: [create, patch]}
- {apiGroups: [""], resources: [namespaces], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: secrets-unsealer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secrets-unsealer}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: unsealer}]
`;

/** The rights of our own manifest, as it stands. */
const SHIPPED = parseAllDocuments(readFileSync(new URL("../../deploy/static/controller.yaml", import.meta.url), "utf8"))
  .map((document) => document.toJS())
  .filter(({ apiVersion, kind }) => apiVersion.startsWith("rbac.") || kind === "ServiceAccount");
const ACCOUNT = `system:serviceaccount:${CONTROLLER_NAMESPACE}:sealed-secrets-controller`;

/** What `--old-gc-behavior` wants beside them. */
const MAY_DELETE = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: may-delete}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: may-delete}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: may-delete}
subjects: [{kind: ServiceAccount, name: sealed-secrets-controller, namespace: ${CONTROLLER_NAMESPACE}}]
`;

/** All calls that the controller makes without further flags; anything else would be news for the manual. */
const MAY_CALL = [
  "create events",
  "create leases",
  "create secrets",
  "get leases",
  "get secrets",
  "list sealedsecrets",
  "list secrets",
  "patch events",
  "update leases",
  "update sealedsecrets/status",
  "update secrets",
  "watch sealedsecrets",
  "watch secrets",
];

const AUDIT = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived", "ResponseStarted"],
  rules: [{ level: "Metadata", users: [ACCOUNT, "unsealer"] }, { level: "None" }],
};

describe("the rights of the SealedSecret controller", () => {
  let cluster: Cluster;
  let admin: KubeClient;
  let client: KubeClient;
  let shipped: KubeClient;
  const folder = mkdtempSync(join(tmpdir(), "sealkit-audit-"));
  const auditLog = join(folder, "audit.log");

  beforeAll(async () => {
    writeFileSync(join(folder, "policy.json"), JSON.stringify(AUDIT));
    cluster = await startCluster({
      users: { unsealer: [] },
      apiServerArgs: [`--audit-policy-file=${join(folder, "policy.json")}`, `--audit-log-path=${auditLog}`],
    });
    await prepareCluster(cluster);
    await cluster.apply(RIGHTS);
    await cluster.apply(SHIPPED.map((one) => JSON.stringify(one)).join("\n---\n"));
    const configOf = (kubeconfig: string) => loadClusterConfig({ env: {}, cwd: "/", kubeconfig });
    admin = createKubeClient(await configOf(cluster.kubeconfig));
    client = createKubeClient(await configOf(cluster.kubeconfigOf("unsealer")));
    const token = await cluster.serviceAccountToken(CONTROLLER_NAMESPACE, "sealed-secrets-controller");
    shipped = createKubeClient(await configOf(cluster.kubeconfigWith(token)));
  });
  afterAll(async () => {
    await admin?.close();
    await client?.close();
    await shipped?.close();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /**
   * Every kind of call that a user has made so far, to the object of that name or to any, from the audit log; a trailing
   * ! where it was refused.
   */
  const calls = (user: string, name?: string): string[] => {
    // The server may be writing the last line.
    const lines = readFileSync(auditLog, "utf8").split("\n").slice(0, -1);
    const made = lines
      .map((line) => JSON.parse(line))
      .filter((event) => event.user.username === user && event.objectRef !== undefined)
      .filter((event) => name === undefined || event.objectRef.name === name)
      .map(({ verb, objectRef: to, responseStatus }) => {
        const what = to.subresource === undefined ? to.resource : `${to.resource}/${to.subresource}`;
        return `${verb} ${what}${responseStatus?.code === 403 ? "!" : ""}`;
      });
    return [...new Set(made)].sort();
  };

  const recorder = () => {
    const lines: string[] = [];
    const log = createLog({ clock: systemClock, level: "debug", format: "text", write: (line) => lines.push(line) });
    return { log, complaints: () => lines.filter((line) => /forbidden|level=(WARN|ERROR)|Cannot record/i.test(line)) };
  };

  const seal = async (url: string | undefined, key: { namespace: string; name: string }): Promise<void> => {
    const { spki } = readCertificate(await (await fetch(`${url}/v1/cert.pem`)).text());
    const data = new Map([["a", ClearText.fromText("1")]]);
    const sealed = await sealSecret({ metadata: key, type: undefined, immutable: undefined, data }, { spki });
    await admin.create(SEALED_SECRETS, sealed);
    await until(`${key.name} is there`, async () => (await admin.get(SECRETS, key)) !== undefined);
  };

  test("those of our manifest are enough for all that runs by default, and these are all its calls", async () => {
    const { log, complaints } = recorder();
    const running = await startControllers({
      client: shipped,
      log,
      families: [sealedSecretFamily({ keySizeBits: 2048 })],
      namespace: CONTROLLER_NAMESPACE,
      election: { name: "sealkit-secrets", identity: "one" },
      listen: "127.0.0.1:0",
    });
    try {
      await running.ready;
      await until("there is a certificate", async () => (await fetch(`${running.url}/v1/cert.pem`)).status === 200);
      await running.renewKey();
      const key = { namespace: "default", name: "mine" };
      await seal(running.url, key);
      await admin.delete(SECRETS, key);
      await until("it is made anew", async () => (await admin.get(SECRETS, key)) !== undefined);
      await admin.patch(
        SEALED_SECRETS,
        key,
        { spec: { template: { metadata: { labels: { a: "b" } } } } },
        { type: "merge" },
      );
      const labels = async () => (await admin.get<KubeObject>(SECRETS, key))?.metadata.labels;
      await until("it has changed", async () => (await labels())?.["a"] === "b");
      const verified = JSON.stringify(await admin.get(SEALED_SECRETS, key));
      expect((await fetch(`${running.url}/v1/verify`, { method: "POST", body: verified })).status).toBe(200);
      expect((await fetch(`${running.url}/v1/rotate`, { method: "POST", body: verified })).status).toBe(200);
      await admin.delete(SEALED_SECRETS, key);
    } finally {
      await running.stop();
    }
    expect(complaints()).toEqual([]);
    const made = calls(ACCOUNT);
    expect(made.filter((call) => !MAY_CALL.includes(call))).toEqual([]);
    expect(made).toEqual(expect.arrayContaining(["create leases", "update leases", "create secrets", "watch secrets"]));
  });

  test.each([
    { name: "one namespace only", settings: {}, options: { namespaces: [CONTROLLER_NAMESPACE, "default"] } },
    { name: "no status", settings: { updateStatus: false }, options: {} },
    { name: "no watch of Secrets", settings: { skipRecreate: true }, options: {} },
    { name: "a selector", settings: { labelSelector: "no!=such" }, options: {} },
    {
      name: "no metrics of objects",
      settings: { metricsOmitSecretLabels: true },
      options: { listenMetrics: "127.0.0.1:0" },
    },
  ])("and with $name", async ({ name, settings, options }) => {
    const { log, complaints } = recorder();
    const families = [sealedSecretFamily({ keySizeBits: 2048, ...settings })];
    const common = { client: shipped, log, families, namespace: CONTROLLER_NAMESPACE, listen: "127.0.0.1:0" };
    const running = await startControllers({ ...common, ...options });
    try {
      await running.ready;
      await seal(running.url, { namespace: "default", name: `with-${name.replaceAll(" ", "-").toLowerCase()}` });
    } finally {
      await running.stop();
    }
    expect(complaints()).toEqual([]);
    expect(calls(ACCOUNT).filter((call) => !MAY_CALL.includes(call))).toEqual([]);
  });

  test("the chart's roles of namespaces are enough for these namespaces, without any right in the whole cluster", async () => {
    const values = {
      fullnameOverride: "narrow",
      additionalNamespaces: ["default"],
      rbac: { clusterRole: false, namespacedRoles: true, namespacedRolesName: "narrow" },
      crds: { create: false },
    };
    const rights = render(CHART, values).filter(
      ({ apiVersion, kind }) => apiVersion.startsWith("rbac.") || kind === "ServiceAccount",
    );
    expect(rights.map(({ kind }) => kind)).not.toContain("ClusterRole");
    await cluster.apply(rights.map((one) => JSON.stringify(one)).join("\n---\n"));
    const token = await cluster.serviceAccountToken(CONTROLLER_NAMESPACE, "narrow");
    const kubeconfig = cluster.kubeconfigWith(token);
    const narrow = createKubeClient(await loadClusterConfig({ env: {}, cwd: "/", kubeconfig }));
    const { log, complaints } = recorder();
    const running = await startControllers({
      client: narrow,
      log,
      families: [sealedSecretFamily({ keySizeBits: 2048 })],
      namespace: CONTROLLER_NAMESPACE,
      namespaces: [CONTROLLER_NAMESPACE, "default"],
      election: { name: "narrow-lead", identity: "one" },
      listen: "127.0.0.1:0",
    });
    try {
      await running.ready;
      await until("there is a certificate", async () => (await fetch(`${running.url}/v1/cert.pem`)).status === 200);
      await seal(running.url, { namespace: "default", name: "narrow" });
    } finally {
      await running.stop();
      await narrow.close();
    }
    expect(complaints()).toEqual([]);
  });

  test("deleting Secrets itself wants the one right more that the manual names", async () => {
    const run = async (name: string) => {
      const families = [sealedSecretFamily({ keySizeBits: 2048, oldGcBehavior: true })];
      const running = await startControllers({
        client: shipped,
        families,
        namespace: CONTROLLER_NAMESPACE,
        listen: "127.0.0.1:0",
      });
      const key = { namespace: "default", name };
      try {
        await running.ready;
        await seal(running.url, key);
        await admin.delete(SEALED_SECRETS, key);
        const tried = () => calls(ACCOUNT, name).some((call) => call.startsWith("delete secrets"));
        await until("it was tried", async () => tried());
      } finally {
        await running.stop();
      }
      return (await admin.get(SECRETS, key)) === undefined;
    };
    expect(await run("kept")).toBe(false);
    expect(calls(ACCOUNT)).toContain("delete secrets!");
    await cluster.apply(MAY_DELETE);
    await until("the right counts", async () => await run(`gone-${Date.now()}`));
    expect(calls(ACCOUNT)).toContain("delete secrets");
  });

  test("with those of the original's manifest it makes keys, opens, tells, makes anew, and is refused nothing", async () => {
    const lines: string[] = [];
    const log = createLog({ clock: systemClock, level: "debug", format: "text", write: (line) => lines.push(line) });
    const families = [sealedSecretFamily({ keySizeBits: 2048 })];
    const running = await startControllers({
      client,
      log,
      families,
      namespace: CONTROLLER_NAMESPACE,
      listen: "127.0.0.1:0",
    });
    try {
      await running.ready;
      await running.renewKey();
      const { spki } = readCertificate(await (await fetch(`${running.url}/v1/cert.pem`)).text());
      const key = { namespace: "default", name: "db" };
      const data = new Map([["a", ClearText.fromText("1")]]);
      await admin.create(
        SEALED_SECRETS,
        await sealSecret({ metadata: key, type: undefined, immutable: undefined, data }, { spki }),
      );
      const isThere = async () => (await admin.get(SECRETS, key)) !== undefined;
      await until("the Secret is there", isThere);
      await admin.delete(SECRETS, key);
      await until("the Secret is there again", isThere);
      const events = async () =>
        (await admin.list<KubeObject>(EVENTS, { namespace: "default", fieldSelector: "involvedObject.name=db" })).items;
      await until("the event was repeated", async () => (await events())[0]?.["count"] === 2);
      const status = (await admin.get<KubeObject>(SEALED_SECRETS, key))?.["status"];
      expect(status).toMatchObject({ conditions: [{ type: "Synced", status: "True" }] });
    } finally {
      await running.stop();
    }
    expect(lines.filter((line) => /forbidden|level=(WARN|ERROR)|Cannot record/i.test(line))).toEqual([]);
  });
});
