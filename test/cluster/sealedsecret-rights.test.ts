import { afterAll, beforeAll, describe, expect, test } from "vitest";
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

describe("the SealedSecret controller with the rights of the original's", () => {
  let cluster: Cluster;
  let admin: KubeClient;
  let client: KubeClient;

  beforeAll(async () => {
    cluster = await startCluster({ users: { unsealer: [] } });
    await prepareCluster(cluster);
    await cluster.apply(RIGHTS);
    const configOf = (kubeconfig: string) => loadClusterConfig({ env: {}, cwd: "/", kubeconfig });
    admin = createKubeClient(await configOf(cluster.kubeconfig));
    client = createKubeClient(await configOf(cluster.kubeconfigOf("unsealer")));
  });
  afterAll(async () => {
    await admin?.close();
    await client?.close();
    await cluster?.stop();
  });

  test("makes keys, opens, tells, makes anew, and is refused nothing", async () => {
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
