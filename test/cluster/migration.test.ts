import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { buildSealkit, sealkitProgram } from "../helpers/controller.ts";
import { originalChart } from "../helpers/helm.ts";
import { blocks, root } from "../helpers/pages.ts";
import { peer } from "../helpers/peers.ts";
import { until } from "../helpers/process.ts";

/** The commands of the page that want a cluster, under their headings. */
const lines = readFileSync(join(root, "docs/migration.md"), "utf8").split("\n");
const steps = blocks("docs/migration.md")
  .filter(({ notRun }) => notRun !== undefined)
  .map((block) => ({
    ...block,
    heading: lines.slice(0, block.line).findLast((line) => /^##+ /.test(line)) ?? "",
  }));
const under = (heading: string) => steps.filter((step) => step.heading === heading);

/** The original's Deployment with its Services and rights, as far as taking its place can go wrong. */
const labels = { name: "sealed-secrets-controller" };
const metadata = { name: "sealed-secrets-controller", namespace: "kube-system" };
const container = {
  name: "sealed-secrets-controller",
  image: "docker.io/bitnami/sealed-secrets-controller:0.40.0",
  command: ["controller"],
  args: ["--log-format=json"],
  ports: [{ name: "http", containerPort: 8080 }],
  securityContext: { runAsNonRoot: true, runAsUser: 1001, readOnlyRootFilesystem: true },
  volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
};
const former = [
  { apiVersion: "v1", kind: "ServiceAccount", metadata },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { selector: labels, ports: [{ port: 8080, targetPort: 8080 }] },
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "secrets-unsealer" },
    rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get", "list", "create", "update", "delete", "watch"] }],
  },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { ...metadata, labels },
    spec: {
      replicas: 1,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { serviceAccountName: metadata.name, containers: [container], volumes: [{ name: "tmp", emptyDir: {} }] },
      },
    },
  },
];

describe("docs/migration.md on a real API server", () => {
  let cluster: Cluster;
  const folder = mkdtempSync(join(tmpdir(), "sealkit-migration-"));

  beforeAll(async () => {
    await buildSealkit();
    cluster = await startCluster();
    await until(
      "kube-system is there",
      async () => (await cluster.api("GET", "/api/v1/namespaces/kube-system")).status === 200,
    );
    for (const tool of ["kubectl", "helm"] as const) symlinkSync(peer(tool), join(folder, tool));
    const [node = "", program = ""] = sealkitProgram();
    writeFileSync(join(folder, "sealkit"), `#!/bin/sh\nexec "${node}" "${program}" "$@"\n`, { mode: 0o755 });
    symlinkSync(join(root, "deploy"), join(folder, "deploy"));
    writeFileSync(join(folder, "controller.yaml"), former.map((one) => JSON.stringify(one)).join("\n---\n"));
  });
  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function shell(script: string): Promise<string> {
    const done = await cluster.run(["bash", "--norc", "-euo", "pipefail", "-c", `cd '${folder}'\n${script}`], {
      env: {
        PATH: `${folder}:${process.env["PATH"]}`,
        HOME: folder,
        KUBECONFIG: cluster.kubeconfigOf("admin", "inner"),
      },
    });
    expect(done.code, `${script}\n${done.stdout}\n${done.stderr}`).toBe(0);
    return `${done.stdout}${done.stderr}`;
  }
  const deployment = async (name: string) =>
    (await cluster.api("GET", `/apis/apps/v1/namespaces/kube-system/deployments/${name}`)).json;
  const containerOf = async (name: string) => (await deployment(name)).spec.template.spec.containers[0];

  test("every command that is not run elsewhere is run here", () => {
    const known = ["### From the original's chart", "### From the original's manifest", "## 4. Afterwards"];
    expect([...new Set(steps.map(({ heading }) => heading))]).toEqual(known);
    expect(steps).toHaveLength(6);
  });

  const chart = originalChart();
  test.skipIf(chart === undefined)("a release of the original's chart, and back", async () => {
    const [upgrade, handOver, back] = under("### From the original's chart");
    await shell(
      `helm install sealed-secrets '${chart}' --namespace kube-system --set logFormat=json --set rateLimit=7`,
    );
    const before = await deployment("sealed-secrets");
    const notes = await shell(upgrade?.text ?? "");
    expect(notes).toContain("kubectl label crd sealedsecrets.bitnami.com");
    const after = await containerOf("sealed-secrets");
    expect(after.image).toBe("registry.example/sealkit:0.1.0");
    expect(after.args).toEqual(expect.arrayContaining(["--log-format=json", "--rate-limit=7", "--update-status=true"]));
    expect((await deployment("sealed-secrets")).metadata.uid).toBe(before.metadata.uid);

    const crd = async () =>
      (await cluster.api("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/sealedsecrets.bitnami.com"))
        .json;
    const fields = async () =>
      Object.keys((await crd()).spec.versions[0].schema.openAPIV3Schema.properties.status.properties);
    expect(await fields()).not.toContain("openedBy");
    await shell(handOver?.text ?? "");
    const asked =
      "helm upgrade sealed-secrets deploy/charts/sealed-secrets --namespace kube-system --reset-then-reuse-values";
    const policy = await shell(`${asked} --dry-run=server --set networkPolicy.egress.enabled=true`);
    // The API server's own address, as its Endpoints tell.
    const { subsets = [] } = (await cluster.api("GET", "/api/v1/namespaces/default/endpoints/kubernetes")).json;
    for (const { ip } of subsets[0]?.addresses ?? []) expect(policy).toContain(`cidr: ${ip}/32`);
    expect(await fields()).toContain("openedBy");

    expect(await shell(back?.text ?? "")).toContain(before.spec.template.spec.containers[0].image);
    expect((await crd()).metadata.name).toBe("sealedsecrets.bitnami.com");
    await shell("helm uninstall sealed-secrets --namespace kube-system");
    expect((await crd()).metadata.name).toBe("sealedsecrets.bitnami.com");
  });

  test("the original's manifest, and back", async () => {
    const [there, back] = under("### From the original's manifest");
    await cluster.apply(readFileSync(join(folder, "controller.yaml"), "utf8"));
    await shell(there?.text ?? "");
    expect(await containerOf("sealed-secrets-controller")).toMatchObject({
      image: "registry.example/sealkit:0.1.0",
      command: ["controller"],
    });
    for (const step of under("## 4. Afterwards")) await shell(step.text);
    await shell(back?.text ?? "");
    const restored = await containerOf("sealed-secrets-controller");
    expect(restored).toMatchObject({ image: container.image, args: container.args });
    expect(restored.env).toBeUndefined();
    const left = await shell(
      "kubectl get poddisruptionbudget,networkpolicy,role,rolebinding --namespace kube-system -o name",
    );
    expect(left).not.toMatch(/sealed-secrets-leader|networkpolicy|poddisruptionbudget/);
  });
});
