import { describe, expect, test } from "vitest";
import { compareSecrets, digestSecrets, drillPassed, inputsOf, RUN_KEY_BYTES } from "../../../src/keys/index.ts";
import type { KubeObject } from "../../../src/objects/index.ts";

const KEY = new Uint8Array(RUN_KEY_BYTES).fill(7);
const CANARY = "canary-51c0ffee";
const base64 = (text: string) => Buffer.from(text).toString("base64");
const FLUX = { "kustomize.toolkit.fluxcd.io/name": "fleet" };

function secret(name: string, items: Record<string, string>, more: object = {}): KubeObject {
  const data = Object.fromEntries(Object.entries(items).map(([item, value]) => [item, base64(value)]));
  return { apiVersion: "v1", kind: "Secret", data, metadata: { name, namespace: "apps", ...more } };
}

const digests = (...secrets: KubeObject[]) => digestSecrets(secrets, KEY);
const SAME = { equal: 0, differ: [], missing: [], ofReleases: [], onlyLive: [], onlyRehearsed: [] };
const PLACE = { namespace: "apps", name: "db" };
const DIFFERENCE = { ...PLACE, changed: [], onlyLive: [], onlyRehearsed: [], type: false };

describe("compareSecrets()", () => {
  test.each([
    { name: "nothing on both sides", rehearsed: [], live: [], want: {} },
    {
      name: "the same items in another order, with other labels",
      rehearsed: [secret("db", { a: "1", b: "2" })],
      live: [secret("db", { b: "2", a: "1" }, { labels: { x: "y" } })],
      want: { equal: 1 },
    },
    {
      name: "another value",
      rehearsed: [secret("db", { a: "1", b: "2" })],
      live: [secret("db", { a: "1", b: "3" })],
      want: { differ: [{ ...DIFFERENCE, changed: ["b"] }] },
    },
    {
      name: "two values that changed places",
      rehearsed: [secret("db", { a: "1", b: "2" })],
      live: [secret("db", { a: "2", b: "1" })],
      want: { differ: [{ ...DIFFERENCE, changed: ["a", "b"] }] },
    },
    {
      name: "an item more on each side",
      rehearsed: [secret("db", { a: "1", x: "" })],
      live: [secret("db", { a: "1", z: "", y: "" })],
      want: { differ: [{ ...DIFFERENCE, onlyRehearsed: ["x"], onlyLive: ["y", "z"] }] },
    },
    {
      name: "another type",
      rehearsed: [secret("db", { a: "1" })],
      live: [{ ...secret("db", { a: "1" }), type: "example.com/other" }],
      want: { differ: [{ ...DIFFERENCE, type: true }] },
    },
    {
      name: "an empty value and none",
      rehearsed: [secret("db", { a: "" })],
      live: [secret("db", {})],
      want: { differ: [{ ...DIFFERENCE, onlyRehearsed: ["a"] }] },
    },
    {
      name: "a live Secret that a Kustomization brought",
      rehearsed: [],
      live: [secret("db", {}, { labels: FLUX })],
      want: { missing: [PLACE] },
    },
    {
      name: "a live Secret of a SealedSecret",
      rehearsed: [],
      live: [secret("db", {}, { ownerReferences: [{ kind: "SealedSecret", name: "db" }] })],
      want: { missing: [PLACE] },
    },
    {
      name: "a live Secret of a release of Helm",
      rehearsed: [],
      live: [
        secret(
          "db",
          {},
          { annotations: { "meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "x" } },
        ),
        secret("of-flux", {}, { labels: { "helm.toolkit.fluxcd.io/name": "shop" } }),
      ],
      want: {
        ofReleases: [
          { ...PLACE, release: "x/web" },
          { namespace: "apps", name: "of-flux", release: "apps/shop" },
        ],
      },
    },
    { name: "a live Secret of nobody", rehearsed: [], live: [secret("db", {})], want: { onlyLive: [PLACE] } },
    { name: "a Secret of the rehearsal", rehearsed: [secret("db", {})], live: [], want: { onlyRehearsed: [PLACE] } },
    {
      name: "what a cluster makes for itself, and sealing keys",
      rehearsed: [],
      live: [
        { ...secret("token", {}), type: "kubernetes.io/service-account-token" },
        { ...secret("release", {}), type: "helm.sh/release.v1" },
        secret("key", {}, { labels: { "sealedsecrets.bitnami.com/sealed-secrets-key": "active" } }),
        secret("sealed-secrets-key", {}),
      ],
      want: {},
    },
  ])("$name", ({ rehearsed, live, want }) => {
    expect(compareSecrets(digests(...rehearsed), digests(...live))).toEqual({ ...SAME, ...want });
  });
});

describe("digestSecrets()", () => {
  test("keeps no value, and the same value looks another at each place and in each run", () => {
    const both = [secret("one", { a: CANARY, b: CANARY }), secret("two", { a: CANARY })];
    const seen = [KEY, new Uint8Array(RUN_KEY_BYTES).fill(8)].flatMap((key) =>
      digestSecrets(both, key).flatMap(({ items }) => [...items.values()]),
    );
    expect(new Set(seen).size).toBe(6);
    for (const digest of seen) expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(digests(...both), (_, value) => (value instanceof Map ? [...value] : value))).not.toMatch(
      new RegExp(`${CANARY}|${base64(CANARY)}`),
    );
  });

  test.each([0, 16, 31, 33])("a key of %i bytes is refused", (bytes) => {
    expect(() => digestSecrets([], new Uint8Array(bytes))).toThrow(RangeError);
  });
});

describe("inputsOf()", () => {
  const object = (apiVersion: string, kind: string, spec: object): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name: "web", namespace: "apps" },
    spec,
  });
  const pod = {
    imagePullSecrets: [{ name: "registry" }, {}],
    initContainers: [{ envFrom: [{ secretRef: { name: "first" } }, { configMapRef: { name: "no" } }] }],
    containers: [
      {
        env: [
          { name: "A", value: "1" },
          { name: "B", valueFrom: { secretKeyRef: { name: "db", key: "password" } } },
          { name: "C", valueFrom: { secretKeyRef: { name: "db", key: "password" } } },
          { name: "D", valueFrom: { secretKeyRef: { name: "maybe", key: "x", optional: true } } },
        ],
      },
      { envFrom: [{ secretRef: { name: "maybe", optional: true } }] },
      null,
    ],
    volumes: [
      { secret: { secretName: "tls" } },
      { secret: { secretName: "maybe", optional: true } },
      { projected: { sources: [{ secret: { name: "part" } }, { secret: { name: "maybe", optional: true } }] } },
    ],
  };
  const OF_POD = ["db/password", "first", "tls", "part", "registry"];
  test.each([
    { name: "a Pod", given: object("v1", "Pod", pod), want: OF_POD },
    { name: "a Deployment", given: object("apps/v1", "Deployment", { template: { spec: pod } }), want: OF_POD },
    {
      name: "a CronJob",
      given: object("batch/v1", "CronJob", { jobTemplate: { spec: { template: { spec: pod } } } }),
      want: OF_POD,
    },
    {
      name: "a HelmRelease",
      given: object("helm.toolkit.fluxcd.io/v2", "HelmRelease", {
        valuesFrom: [
          { kind: "Secret", name: "values" },
          { kind: "ConfigMap", name: "common", valuesKey: "a.yaml" },
          { kind: "Secret", name: "maybe", optional: true },
          { kind: "Other", name: "no" },
        ],
        kubeConfig: { secretRef: { name: "kubeconfig" } },
      }),
      want: ["values/values.yaml", "ConfigMap common/a.yaml", "kubeconfig"],
    },
    {
      name: "a source of Flux",
      given: object("source.toolkit.fluxcd.io/v1", "OCIRepository", {
        secretRef: { name: "login" },
        certSecretRef: { name: "ca" },
        verify: { secretRef: { name: "cosign" } },
      }),
      want: ["login", "ca", "cosign"],
    },
    { name: "anything else", given: object("v1", "Service", { secretRef: { name: "no" } }), want: [] },
    {
      name: "fields of another shape",
      given: object("apps/v1", "Deployment", { template: { spec: { volumes: 7 } } }),
      want: [],
    },
    { name: "no spec", given: { apiVersion: "v1", kind: "Pod", metadata: {} }, want: [] },
  ])("$name", ({ given, want }) => {
    const shown = inputsOf(given).map(
      ({ kind, name, item }) => `${kind === "Secret" ? "" : `${kind} `}${name}${item === undefined ? "" : `/${item}`}`,
    );
    expect(shown).toEqual(want);
    expect(inputsOf(given).every(({ namespace }) => namespace === "apps")).toBe(true);
  });
});

describe("drillPassed()", () => {
  const rehearsal = {
    restored: 1,
    kustomizations: 1,
    sealedSecrets: 0,
    secrets: 0,
    values: 0,
    usedKeys: [],
    unusedKeys: [],
    problems: [],
    standInKinds: ["Certificate.cert-manager.io"],
    notRehearsed: [{ kind: "HelmRelease", ...PLACE, why: "no charts" }],
    wanted: [{ kind: "Secret" as const, ...PLACE, item: undefined, by: "Deployment apps/web" }],
    asksKeyServices: false,
  };
  const comparison = { ...SAME, cluster: "", missingKeys: [] };
  const problem = { kind: "SealedSecret", ...PLACE, why: "no key" };
  test.each([
    { name: "no live cluster", report: { rehearsal, comparison: undefined }, want: true },
    { name: "all equal", report: { rehearsal, comparison }, want: true },
    {
      name: "more on either side",
      report: { rehearsal, comparison: { ...comparison, onlyLive: [PLACE], onlyRehearsed: [PLACE] } },
      want: true,
    },
    { name: "a problem", report: { rehearsal: { ...rehearsal, problems: [problem] }, comparison }, want: false },
    { name: "a difference", report: { rehearsal, comparison: { ...comparison, differ: [DIFFERENCE] } }, want: false },
    { name: "one missing", report: { rehearsal, comparison: { ...comparison, missing: [PLACE] } }, want: false },
    { name: "a newer key", report: { rehearsal, comparison: { ...comparison, missingKeys: ["x"] } }, want: false },
  ])("$name: $want", ({ report, want }) => {
    expect(drillPassed(report)).toBe(want);
  });
});
