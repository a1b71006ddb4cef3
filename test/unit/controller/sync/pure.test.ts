import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDuration, jittered, parseDuration } from "../../../../controller/duration.ts";
import { gitRepositorySpec } from "../../../../controller/gitrepository/spec.ts";
import { dependencyCircle } from "../../../../controller/kustomization/dependencies.ts";
import { withResult } from "../../../../controller/kustomization/history.ts";
import { clientFor } from "../../../../controller/kustomization/identity.ts";
import { kustomizationSpec } from "../../../../controller/kustomization/spec.ts";
import { type KubeClient, Store } from "../../../../src/kube/index.ts";
import type { KubeObject } from "../../../../src/objects/index.ts";

const kustomization = (name: string, spec: object = {}, status: object = {}): KubeObject => ({
  apiVersion: "kustomize.toolkit.fluxcd.io/v1",
  kind: "Kustomization",
  metadata: { name, namespace: "apps" },
  spec,
  status,
});

describe("durations", () => {
  test.each<[string, number | undefined]>([
    ["1m0s", 60_000],
    ["1.5s", 1500],
    ["250ms", 250],
    ["1h30m", 5_400_000],
    ["0s", 0],
    ["", undefined],
    ["5", undefined],
    ["-5s", undefined],
    ["5 s", undefined],
    ["1d", undefined],
    ["9".repeat(200), undefined],
    ["9999999999999999h", 20 * 24 * 3_600_000],
  ])("%j is %j ms", (text, want) => {
    expect(parseDuration(text)).toBe(want);
  });

  test.each([
    [0, "0s"],
    [250, "250ms"],
    [1500, "1.5s"],
    [60_000, "1m0s"],
    [5_400_000, "1h30m0s"],
  ])("%d ms is written %s", (ms, want) => {
    expect(formatDuration(ms)).toBe(want);
  });

  test("what is written is read again", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000_000 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBeCloseTo(ms, -1);
      }),
    );
  });

  test("jitter stays within its percentage", () => {
    expect([jittered(1000, 5, 0), jittered(1000, 5, 0.5), jittered(1000, 5, 1)]).toEqual([950, 1000, 1050]);
    expect(jittered(1000, 0, 0.9)).toBe(1000);
  });
});

describe("kustomizationSpec()", () => {
  const spec = (fields: object) => kustomizationSpec(kustomization("k", fields));

  test("defaults", () => {
    expect(spec({ interval: "10m", prune: true, sourceRef: { kind: "GitRepository", name: "g" } })).toEqual({
      intervalMs: 600_000,
      retryIntervalMs: 600_000,
      timeoutMs: 570_000,
      path: "",
      prune: true,
      deletionPolicy: "MirrorPrune",
      source: { namespace: "apps", name: "g" },
      suspend: false,
      decryption: undefined,
      healthChecks: [],
      wait: false,
      dependsOn: [],
      force: false,
      serviceAccountName: undefined,
    });
  });

  test.each<[object, object]>([
    [{ interval: "10s" }, { timeoutMs: 30_000 }],
    [{ interval: "0s" }, { intervalMs: 1000 }],
    [{ interval: "rubbish" }, { intervalMs: 60_000 }],
    [
      { interval: 5, path: 7, prune: "true", dependsOn: "x", healthChecks: 3 },
      { path: "", prune: false, dependsOn: [] },
    ],
    [{ path: "./a/../b/" }, { path: "b" }],
    [{ path: "/a" }, { path: "a" }],
    [{ path: "a/../../b" }, { path: undefined }],
    [{ serviceAccountName: "" }, { serviceAccountName: undefined }],
    [
      { healthChecks: [{ kind: "Deployment", name: "d" }] },
      { healthChecks: [{ apiVersion: "apps/v1", kind: "Deployment", name: "d", namespace: "" }] },
    ],
    [
      { dependsOn: [{ name: "a" }, { name: "b", namespace: "c" }] },
      {
        dependsOn: [
          { namespace: "apps", name: "a" },
          { namespace: "c", name: "b" },
        ],
      },
    ],
  ])("%j", (fields, want) => {
    expect(spec(fields)).toMatchObject(want);
  });

  test("any value at all gives a spec and no exception", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const object = { ...kustomization("k"), spec: value };
        kustomizationSpec(object);
        gitRepositorySpec(object);
      }),
      { numRuns: 100 },
    );
  });
});

describe("dependencyCircle()", () => {
  const graph = (edges: Record<string, string[]>) => {
    const store = new Store<KubeObject>();
    for (const [name, on] of Object.entries(edges)) {
      store.set(`apps/${name}`, kustomization(name, { dependsOn: on.map((other) => ({ name: other })) }));
    }
    return store;
  };
  const circle = (from: string, edges: Record<string, string[]>) =>
    dependencyCircle(
      `apps/${from}`,
      (edges[from] ?? []).map((name) => ({ namespace: "apps", name })),
      graph(edges),
    )?.map((key) => key.slice(5));

  test.each<[string, Record<string, string[]>, string[] | undefined]>([
    ["none", { a: ["b"], b: ["c"], c: [] }, undefined],
    ["to itself", { a: ["a"] }, ["a", "a"]],
    ["of two", { a: ["b"], b: ["a"] }, ["a", "b", "a"]],
    ["of three", { a: ["b"], b: ["c"], c: ["a"] }, ["a", "b", "c", "a"]],
    ["further on is not ours", { a: ["b"], b: ["c"], c: ["b"] }, undefined],
    ["a diamond is none", { a: ["b", "c"], b: ["d"], c: ["d"], d: [] }, undefined],
    ["what is missing is none", { a: ["gone"] }, undefined],
  ])("%s", (_name, edges, want) => {
    expect(circle("a", edges)).toEqual(want);
  });

  test("a great many dependencies end the search", () => {
    const edges: Record<string, string[]> = {};
    for (let n = 0; n < 8000; n++) edges[`n${n}`] = [`n${n + 1}`];
    edges["n8000"] = ["n0"];
    expect(circle("n0", edges)).toBeUndefined();
  });
});

describe("withResult()", () => {
  const result = (digest: string, status = "ReconciliationSucceeded", nowMs = 0) => ({
    digest,
    status,
    revision: "r",
    durationMs: 1500,
    nowMs,
  });

  test("counts equal results, newest first, five at most", () => {
    let history: readonly Readonly<Record<string, unknown>>[] = [];
    for (const [digest, status] of [["a"], ["a"], ["b"], ["a"], ["a", "BuildFailed"], ["c"], ["d"], ["e"]]) {
      history = withResult(kustomization("k", {}, { history }), result(digest ?? "", status));
    }
    expect(history.map((entry) => `${entry["digest"]} ${entry["totalReconciliations"]}`)).toEqual([
      "e 1",
      "d 1",
      "c 1",
      "a 1",
      "a 3",
    ]);
    expect(history[0]).toMatchObject({
      firstReconciled: "1970-01-01T00:00:00Z",
      lastReconciledDuration: "1.5s",
      metadata: { revision: "r" },
    });
  });

  test("a status of a wrong shape is started anew", () => {
    expect(withResult(kustomization("k", {}, { history: ["x", 1] }), result("a"))).toHaveLength(1);
  });
});

describe("clientFor()", () => {
  const users: string[] = [];
  const client = { impersonate: (user: string) => users.push(user) } as unknown as KubeClient;

  test("impersonates an account of the object's own namespace", () => {
    clientFor(client, { namespace: "apps", name: "deployer" });
    expect(users).toEqual(["system:serviceaccount:apps:deployer"]);
    expect(clientFor(client, { namespace: "apps", name: undefined })).toBe(client);
  });

  test.each(["a:b", "", "../x", "A", "x/y", "a b", "-a", "a\n", "a".repeat(300)])("refuses %j", (name) => {
    expect(() => clientFor(client, { namespace: "apps", name })).toThrow(/no name of a ServiceAccount/);
  });

  test("refuses an object without a namespace", () => {
    expect(() => clientFor(client, { namespace: "", name: "x" })).toThrow();
  });
});
