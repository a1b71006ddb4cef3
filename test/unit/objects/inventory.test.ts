import { describe, expect, test } from "vitest";
import {
  applyStages,
  inventoryEntry,
  type KubeObject,
  maskedSecret,
  mergeEntries,
  objectId,
  parseInventoryId,
  staleEntries,
  withoutSecretValues,
} from "../../../src/objects/index.ts";

const object = (apiVersion: string, kind: string, name: string, namespace?: string): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});

describe("inventory", () => {
  test.each([
    [object("v1", "Service", "podinfo", "default"), "default_podinfo__Service", "v1"],
    [object("apps/v1", "Deployment", "a.b", "x"), "x_a.b_apps_Deployment", "v1"],
    [object("v1", "Namespace", "x"), "_x__Namespace", "v1"],
    [
      object("rbac.authorization.k8s.io/v1", "ClusterRole", "system:a_b:c"),
      "_system__a_b__c_rbac.authorization.k8s.io_ClusterRole",
      "v1",
    ],
  ])("%j is %s", (one, id, v) => {
    expect(inventoryEntry(one)).toEqual({ id, v });
    expect(parseInventoryId(id)).toEqual(objectId(one));
  });

  test.each(["", "a", "a_b", "a_b_c", "_", "___", "_a__", "a___"])("%j is no id", (id) => {
    expect(parseInventoryId(id)).toBeUndefined();
  });

  test("what is stale is decided by id alone", () => {
    const before = [
      { id: "a", v: "v1" },
      { id: "b", v: "v1beta1" },
    ];
    expect(staleEntries(before, [{ id: "b", v: "v1" }])).toEqual([{ id: "a", v: "v1" }]);
    expect(mergeEntries([{ id: "b", v: "v1" }], before)).toEqual([
      { id: "a", v: "v1" },
      { id: "b", v: "v1" },
    ]);
  });
});

describe("applyStages()", () => {
  test("definitions first, classes next, webhooks last, the rest in order", () => {
    const objects = [
      object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "w"),
      object("x/v1", "Zebra", "z", "b"),
      object("x/v1", "Zebra", "z", "a"),
      object("apps/v1", "Deployment", "d", "a"),
      object("v1", "Secret", "s", "a"),
      object("v1", "ConfigMap", "c", "a"),
      object("x/v1", "FooClass", "f"),
      object("rbac.authorization.k8s.io/v1", "ClusterRole", "r"),
      object("v1", "Namespace", "a"),
      object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "z.x"),
      object("x/v1", "Early", "e", "a"),
    ];
    const stages = applyStages(objects, { objectOf: (one) => one, extraKinds: ["Early"] });
    expect(
      stages.map(({ mustBeReady, items }) => [
        mustBeReady,
        items.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}`.trim()),
      ]),
    ).toEqual([
      [true, ["CustomResourceDefinition", "Namespace", "ClusterRole"]],
      [true, ["FooClass"]],
      [false, ["Early a"]],
      [false, ["ConfigMap a", "Secret a", "Deployment a", "Zebra a", "Zebra b", "ValidatingWebhookConfiguration"]],
    ]);
  });
});

describe("masks", () => {
  const secret: KubeObject = {
    ...object("v1", "Secret", "s", "a"),
    data: { password: btoa("hunter2!") },
    stringData: { pin: 4711, note: "line one\nline two" },
  };

  test("a Secret shows how long its values are and nothing else", () => {
    const masked = JSON.stringify(
      maskedSecret({
        ...secret,
        metadata: { name: "s", annotations: { "kubectl.kubernetes.io/last-applied-configuration": "hunter2!" } },
      }),
    );
    expect(masked).toContain("[redacted, 8 bytes]");
    expect(masked).not.toMatch(/hunter2|aHVudGVy|4711|line/);
  });

  test("an error of the API loses the values it repeats", () => {
    const said = `Secret "s" is invalid: data: Invalid value: "${btoa("hunter2!")}" (hunter2!), stringData: cannot unmarshal 4711: line two`;
    expect(withoutSecretValues(said, secret)).toBe(
      'Secret "s" is invalid: data: Invalid value: "***" (***), stringData: cannot unmarshal ***: ***',
    );
  });
});
