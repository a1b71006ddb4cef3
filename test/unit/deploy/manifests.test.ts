import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { runCli } from "../../helpers/run-cli.ts";

const deploy = fileURLToPath(new URL("../../../deploy/", import.meta.url));
const objects = parseAllDocuments(readFileSync(`${deploy}sealkit.yaml`, "utf8")).map((one) => one.toJS());
const ofKind = (kind: string) => objects.filter((object) => object.kind === kind);
const deployments = ofKind("Deployment");
const rules = [...ofKind("ClusterRole"), ...ofKind("Role")].flatMap(({ metadata, rules: own }) =>
  own.map((rule: { resources: string[]; verbs: string[] }) => ({ role: metadata.name, ...rule })),
);

describe("deploy/sealkit.yaml", () => {
  test("every document is an object with a name", () => {
    expect(objects.filter((object) => !object.apiVersion || !object.kind || !object.metadata?.name)).toEqual([]);
    expect(deployments.map(({ metadata }) => metadata.name)).toEqual(["sealed-secrets-controller", "sealkit-sync"]);
  });

  test("every file of the folder is part of it or named in its README", () => {
    const readme = readFileSync(`${deploy}README.md`, "utf8");
    expect(readdirSync(deploy).filter((name) => name !== "README.md" && !readme.includes(`\`${name}`))).toEqual([]);
  });

  test.each(deployments)("$metadata.name runs with nothing that it does not need", ({ spec }) => {
    const pod = spec.template.spec;
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    for (const container of pod.containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(container.resources.limits).toMatchObject({ memory: expect.any(String), cpu: expect.any(String) });
      expect(container.readinessProbe.httpGet.path).toBe("/readyz");
      expect(container.livenessProbe.httpGet.path).toBe("/healthz");
    }
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    expect(pod.serviceAccountName).not.toBe("default");
    // No account gives out its token by itself; the pod that needs it asks.
    expect(pod.automountServiceAccountToken).toBe(true);
    const account = ofKind("ServiceAccount").find(({ metadata }) => metadata.name === pod.serviceAccountName);
    expect(account.automountServiceAccountToken).toBe(false);
  });

  test("the two Deployments share no account and no image but ours", () => {
    const accounts = deployments.map(
      ({ metadata, spec }) => `${metadata.namespace}/${spec.template.spec.serviceAccountName}`,
    );
    expect(new Set(accounts).size).toBe(2);
    const version = JSON.parse(readFileSync(`${deploy}../package.json`, "utf8")).version;
    for (const { spec } of deployments) expect(spec.template.spec.containers[0].image).toBe(`sealkit:${version}`);
  });

  test.each(deployments)("$metadata.name gives flags that the command knows", async ({ spec }) => {
    const { command, args, env } = spec.template.spec.containers[0];
    expect(command.at(-1)).toBe("controller");
    const variables = Object.fromEntries(
      env.map(({ name, value = "" }: { name: string; value?: string }) => [name, value]),
    );
    const known = await runCli([...args, "--version"], { argv0: "controller", env: variables });
    expect(known).toMatchObject({ code: 0, stderr: "" });
  });

  test("nothing is granted by a star, and the sync account gets no Secret in the whole cluster", () => {
    expect(rules.filter(({ resources, verbs }) => resources.includes("*") || verbs.includes("*"))).toEqual([]);
    const ofSync = rules.filter(({ role }) => role === "sealkit-sync" || role === "sealkit-sync-leader");
    expect(ofSync.length).toBeGreaterThan(3);
    expect(
      ofSync.filter(({ resources }) => resources.some((one: string) => /secrets|serviceaccounts|pods/.test(one))),
    ).toEqual([]);
    const bound = ofKind("ClusterRoleBinding").map(({ roleRef }) => roleRef.name);
    expect(bound.filter((name) => name.startsWith("sealkit-tenant"))).toEqual([]);
  });

  test("Services and NetworkPolicies select the pods that are there", () => {
    const pods = deployments.map(({ metadata, spec }) => ({
      namespace: metadata.namespace,
      labels: spec.template.metadata.labels,
    }));
    const selectors = [
      ...ofKind("Service").map(({ metadata, spec }) => ({ ...metadata, selector: spec.selector })),
      ...ofKind("NetworkPolicy").map(({ metadata, spec }) => ({ ...metadata, selector: spec.podSelector.matchLabels })),
      ...ofKind("PodDisruptionBudget").map(({ metadata, spec }) => ({
        ...metadata,
        selector: spec.selector.matchLabels,
      })),
    ];
    expect(selectors.length).toBe(7);
    for (const { name, namespace, selector } of selectors) {
      const matching = pods.filter(
        (pod) =>
          pod.namespace === namespace && Object.entries(selector).every(([key, value]) => pod.labels[key] === value),
      );
      expect(matching, name).toHaveLength(1);
    }
  });
});

describe("deploy/static/", () => {
  const read = (name: string) =>
    parseAllDocuments(readFileSync(`${deploy}static/${name}`, "utf8")).map((one) => one.toJS());
  const names = (name: string) =>
    read(name).map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`);

  test("controller.yaml has the names of the original's manifest", () => {
    expect(names("controller.yaml")).toEqual([
      "CustomResourceDefinition /sealedsecrets.bitnami.com",
      "ServiceAccount kube-system/sealed-secrets-controller",
      "ClusterRole /secrets-unsealer",
      "ClusterRoleBinding /sealed-secrets-controller",
      "Role kube-system/sealed-secrets-leader",
      "RoleBinding kube-system/sealed-secrets-leader",
      "Role kube-system/sealed-secrets-key-admin",
      "RoleBinding kube-system/sealed-secrets-controller",
      "Role kube-system/sealed-secrets-service-proxier",
      "RoleBinding kube-system/sealed-secrets-service-proxier",
      "ClusterRole /sealkit-sealedsecrets-edit",
      "Service kube-system/sealed-secrets-controller",
      "Service kube-system/sealed-secrets-controller-metrics",
      "NetworkPolicy kube-system/sealed-secrets-controller",
      "PodDisruptionBudget kube-system/sealed-secrets-controller",
      "Deployment kube-system/sealed-secrets-controller",
    ]);
  });

  test("controller-norbac.yaml grants nothing and is otherwise the same", () => {
    const all = read("controller.yaml");
    const plain = read("controller-norbac.yaml");
    expect(plain.filter(({ apiVersion, kind }) => apiVersion.startsWith("rbac.") || kind === "ServiceAccount")).toEqual(
      [],
    );
    for (const object of plain) expect(all).toContainEqual(object);
    expect(plain.map(({ kind }) => kind)).toEqual([
      "CustomResourceDefinition",
      "Service",
      "Service",
      "NetworkPolicy",
      "PodDisruptionBudget",
      "Deployment",
    ]);
  });

  test("scripts, kubeseal and dashboards find what they look for", () => {
    const all = read("controller.yaml");
    const find = (kind: string, name: string) => all.find((one) => one.kind === kind && one.metadata.name === name);
    const api = find("Service", "sealed-secrets-controller").spec;
    // A port without a name: http:sealed-secrets-controller: is what callers are granted.
    expect(api.ports).toEqual([{ port: 8080, targetPort: 8080 }]);
    expect(api.selector).toEqual({ name: "sealed-secrets-controller" });
    expect(find("Service", "sealed-secrets-controller-metrics").spec.ports[0].port).toBe(8081);
    const { spec } = find("Deployment", "sealed-secrets-controller").spec.template;
    const [container] = spec.containers;
    expect([container.name, container.command, container.args]).toEqual([
      "sealed-secrets-controller",
      ["controller"],
      [],
    ]);
    expect(spec.securityContext).toMatchObject({ runAsUser: 1001, fsGroup: 65534 });
    const proxier = find("Role", "sealed-secrets-service-proxier").rules;
    expect(proxier[1].resourceNames).toEqual([
      "http:sealed-secrets-controller:",
      "http:sealed-secrets-controller:http",
      "sealed-secrets-controller",
    ]);
  });

  test("only the pod that needs a token gets one", () => {
    const all = read("controller.yaml");
    expect(all.find(({ kind }) => kind === "ServiceAccount").automountServiceAccountToken).toBe(false);
    expect(all.find(({ kind }) => kind === "Deployment").spec.template.spec.automountServiceAccountToken).toBe(true);
  });
});
