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
    const { command, args } = spec.template.spec.containers[0];
    expect(command).toEqual(["sealkit", "controller"]);
    const help = await runCli("controller --help");
    expect(args.filter((arg: string) => !help.stdout.includes(arg.replace(/=.*/, "")))).toEqual([]);
  });

  test("nothing is granted by a star, and the sync account gets no Secret in the whole cluster", () => {
    expect(rules.filter(({ resources, verbs }) => resources.includes("*") || verbs.includes("*"))).toEqual([]);
    const ofSync = rules.filter(({ role }) => role === "sealkit-sync" || role === "sealkit-sync-leader");
    expect(ofSync.length).toBeGreaterThan(3);
    expect(
      ofSync.filter(({ resources }) => resources.some((one: string) => /secrets|serviceaccounts|pods/.test(one))),
    ).toEqual([]);
    const bound = ofKind("ClusterRoleBinding").map(({ roleRef }) => roleRef.name);
    expect(bound).not.toContain("sealkit-tenant");
  });

  test("Services and NetworkPolicies select the pods that are there", () => {
    const pods = deployments.map(({ metadata, spec }) => ({
      namespace: metadata.namespace,
      labels: spec.template.metadata.labels,
    }));
    const selectors = [
      ...ofKind("Service").map(({ metadata, spec }) => ({ ...metadata, selector: spec.selector })),
      ...ofKind("NetworkPolicy").map(({ metadata, spec }) => ({ ...metadata, selector: spec.podSelector.matchLabels })),
    ];
    expect(selectors.length).toBe(6);
    for (const { name, namespace, selector } of selectors) {
      const matching = pods.filter(
        (pod) =>
          pod.namespace === namespace && Object.entries(selector).every(([key, value]) => pod.labels[key] === value),
      );
      expect(matching, name).toHaveLength(1);
    }
  });
});
