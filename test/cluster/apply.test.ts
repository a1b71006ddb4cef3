import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ApplyOptions, applySet, changeLines, prune } from "../../src/apply/index.ts";
import { createKubeClient, type KubeClient, loadClusterConfig, systemClock } from "../../src/kube/index.ts";
import { inventoryEntry, type KubeObject } from "../../src/objects/index.ts";
import { type Cluster, startCluster } from "../helpers/cluster.ts";

const owner = { name: "fleet", namespace: "flux-system" };
const LABELS = { "kustomize.toolkit.fluxcd.io/name": "fleet", "kustomize.toolkit.fluxcd.io/namespace": "flux-system" };
const MAPS = "/api/v1/namespaces/apps/configmaps";

describe("applySet() on a real API server", () => {
  let cluster: Cluster;
  let client: KubeClient;
  beforeAll(async () => {
    cluster = await startCluster();
    client = createKubeClient(await loadClusterConfig({ env: {}, cwd: "/", kubeconfig: cluster.kubeconfig }));
    await cluster.api("POST", "/api/v1/namespaces", { metadata: { name: "apps" } });
  });
  afterAll(async () => {
    await client.close();
    await cluster.stop();
  });
  beforeEach(async () => {
    await cluster.api("DELETE", MAPS);
  });

  const apply = (objects: KubeObject[], more: Partial<ApplyOptions> = {}) =>
    applySet(objects, { client, clock: systemClock, owner, manager: "kustomize-controller", force: false, ...more });
  const map = (name: string, data: Record<string, string>, more: object = {}): KubeObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "apps", ...more },
    data,
  });

  test("creates, keeps, configures; only differences are written", async () => {
    expect(changeLines(await apply([map("a", { x: "1" }), map("b", { x: "1" })]))).toBe(
      "ConfigMap/apps/a created\nConfigMap/apps/b created",
    );
    const before = (await cluster.api("GET", `${MAPS}/a`)).json;
    expect(before.metadata.labels).toEqual(LABELS);
    expect(before.metadata.managedFields).toMatchObject([{ manager: "kustomize-controller", operation: "Apply" }]);
    expect(changeLines(await apply([map("a", { x: "1" }), map("b", { x: "2" })]))).toBe("ConfigMap/apps/b configured");
    expect((await cluster.api("GET", `${MAPS}/a`)).json.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });

  test("corrects drift, and leaves foreign fields alone", async () => {
    await apply([map("a", { x: "1" })]);
    await cluster.api(
      "PATCH",
      `${MAPS}/a`,
      { data: { x: "edited", other: "theirs" } },
      { contentType: "application/merge-patch+json" },
    );
    expect(changeLines(await apply([map("a", { x: "1" })]))).toBe("ConfigMap/apps/a configured");
    expect((await cluster.api("GET", `${MAPS}/a`)).json.data).toEqual({ x: "1", other: "theirs" });
  });

  test("takes over what kubectl applied, so that a removed field goes", async () => {
    await cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(map("a", { x: "1", gone: "1" })) });
    expect(changeLines(await apply([map("a", { x: "1" })]))).toBe("ConfigMap/apps/a configured");
    const live = (await cluster.api("GET", `${MAPS}/a`)).json;
    expect(live.data).toEqual({ x: "1" });
    expect(live.metadata.annotations).toBeUndefined();
    expect(changeLines(await apply([map("a", { x: "1" })]))).toBe("");
  });

  test("controls: disabled, ignore, only if not present", async () => {
    const control = (key: string, value: string) => ({
      annotations: { [`kustomize.toolkit.fluxcd.io/${key}`]: value },
    });
    const changes = await apply([
      map("a", {}, control("reconcile", "Disabled")),
      map("b", {}, control("ssa", "ignore")),
      map("c", { x: "1" }, control("ssa", "IfNotPresent")),
    ]);
    expect(changes.map(({ action }) => action)).toEqual(["skipped", "skipped", "created"]);
    expect((await apply([map("c", { x: "2" }, control("ssa", "IfNotPresent"))])).map(({ action }) => action)).toEqual([
      "skipped",
    ]);
  });

  test("one refused object in a stage: nothing of the stage is applied", async () => {
    const evil = map("Not_A_Name", {});
    await expect(apply([map("a", {}), evil])).rejects.toMatchObject({
      code: "APPLY_DRY_RUN_FAILED",
      message: expect.stringMatching(/^ConfigMap\/apps\/Not_A_Name dry-run failed \(Invalid\): /),
    });
    expect((await cluster.api("GET", `${MAPS}/a`)).status).toBe(404);
  });

  test.each<[string, KubeObject, string]>([
    [
      "an unknown kind",
      { apiVersion: "nope.io/v1", kind: "Nope", metadata: { name: "n", namespace: "apps" } },
      "APPLY_KIND_UNKNOWN",
    ],
    ["no namespace", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "n" } }, "APPLY_NAMESPACE_MISSING"],
    ["a missing namespace", map("n", {}, { namespace: "gone" }), "APPLY_DRY_RUN_FAILED"],
    ["an unknown field", { ...map("n", {}), nonsense: true }, "APPLY_DRY_RUN_FAILED"],
  ])("refuses %s", async (_name, object, code) => {
    await expect(apply([object])).rejects.toMatchObject({ code });
  });

  test("immutable fields: an error, or a new object with force", async () => {
    const frozen = (x: string, more: object = {}) => ({ ...map("a", { x }, more), immutable: true });
    await apply([frozen("1")]);
    const { uid } = (await cluster.api("GET", `${MAPS}/a`)).json.metadata;
    await expect(apply([frozen("2")])).rejects.toMatchObject({ code: "APPLY_DRY_RUN_FAILED" });
    expect(
      changeLines(await apply([frozen("2", { annotations: { "kustomize.toolkit.fluxcd.io/force": "enabled" } })])),
    ).toBe("ConfigMap/apps/a configured");
    const now = (await cluster.api("GET", `${MAPS}/a`)).json;
    expect([now.data, now.metadata.uid === uid]).toEqual([{ x: "2" }, false]);
  });

  test("stages: definition, namespace, and what needs them, in one set", async () => {
    const crd: KubeObject = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "foos.example.com" },
      spec: {
        group: "example.com",
        scope: "Namespaced",
        names: { plural: "foos", singular: "foo", kind: "Foo", listKind: "FooList" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          },
        ],
      },
    };
    const namespace: KubeObject = { apiVersion: "v1", kind: "Namespace", metadata: { name: "fresh" } };
    const foo: KubeObject = {
      apiVersion: "example.com/v1",
      kind: "Foo",
      metadata: { name: "f", namespace: "fresh" },
      spec: { a: 1 },
    };
    expect(changeLines(await apply([foo, namespace, crd]))).toBe(
      "CustomResourceDefinition/foos.example.com created\nNamespace/fresh created\nFoo/fresh/f created",
    );
    expect(changeLines(await apply([foo, namespace, crd]))).toBe("");
  });

  test("a Secret: stringData is folded, and errors hide its values", async () => {
    const secret = (fields: object): KubeObject => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: "apps" },
      type: "Opaque",
      ...fields,
    });
    await apply([secret({ stringData: { a: "hunter2" } })]);
    expect((await cluster.api("GET", "/api/v1/namespaces/apps/secrets/s")).json.data).toEqual({ a: btoa("hunter2") });
    for (const fields of [
      { data: { a: "hunter2!" } },
      { type: "kubernetes.io/dockerconfigjson", stringData: { ".dockerconfigjson": "hunter2" } },
    ]) {
      const error = await apply([secret(fields)]).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "APPLY_DRY_RUN_FAILED" });
      expect(JSON.stringify(error) + String(error) + ((error as Error).stack ?? "")).not.toMatch(/hunter2|aHVudGVyMg/);
    }
  });

  test("prunes what is ours in reverse, and only that", async () => {
    const objects = [
      map("mine", {}),
      map("kept", {}, { annotations: { "kustomize.toolkit.fluxcd.io/prune": "Disabled" } }),
      map("stolen", {}),
    ];
    await apply(objects);
    await cluster.api(
      "PATCH",
      `${MAPS}/stolen`,
      { metadata: { labels: { "kustomize.toolkit.fluxcd.io/name": "other" } } },
      { contentType: "application/merge-patch+json" },
    );
    const result = await prune(
      [
        ...objects.map(inventoryEntry),
        { id: "apps_gone__ConfigMap", v: "v1" },
        { id: "x_y_nope.io_Nope", v: "v1" },
        { id: "rubbish", v: "v1" },
      ],
      { client, owner },
    );
    expect(result.failed).toEqual([]);
    expect(result.changes).toEqual([
      { subject: "ConfigMap/apps/stolen", action: "skipped" },
      { subject: "ConfigMap/apps/mine", action: "deleted" },
      { subject: "ConfigMap/apps/kept", action: "skipped" },
    ]);
  });
});
