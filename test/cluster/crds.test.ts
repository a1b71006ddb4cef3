import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CRDS } from "../../controller/api/index.ts";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { until } from "../helpers/process.ts";

const SEALED = "/apis/bitnami.com/v1alpha1/namespaces/default/sealedsecrets";
const GIT = "/apis/source.toolkit.fluxcd.io/v1/namespaces/default/gitrepositories";
const KS = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/default/kustomizations";

const gitRepository = (spec: object) => ({
  apiVersion: "source.toolkit.fluxcd.io/v1",
  kind: "GitRepository",
  metadata: { generateName: "g-" },
  spec: { interval: "1m", url: "https://example.com/a.git", ...spec },
});

const kustomization = (spec: object) => ({
  apiVersion: "kustomize.toolkit.fluxcd.io/v1",
  kind: "Kustomization",
  metadata: { generateName: "k-" },
  spec: { interval: "10m", prune: true, sourceRef: { kind: "GitRepository", name: "g" }, ...spec },
});

const sealedSecret = (spec: object) => ({
  apiVersion: "bitnami.com/v1alpha1",
  kind: "SealedSecret",
  metadata: { generateName: "s-" },
  spec: { encryptedData: { a: "AgA=" }, ...spec },
});

/** One object that uses every field, so that a field lost from a schema is seen as pruned. */
const FULL_GIT = {
  secretRef: { name: "s" },
  provider: "azure",
  serviceAccountName: "sa",
  timeout: "30s",
  ref: { branch: "b", tag: "t", semver: "1.x", name: "refs/heads/b", commit: "abc" },
  verify: { mode: "TagAndHEAD", secretRef: { name: "k" } },
  proxySecretRef: { name: "p" },
  ignore: "/*",
  suspend: true,
  recurseSubmodules: true,
  include: [{ repository: { name: "o" }, fromPath: "a", toPath: "b" }],
  sparseCheckout: ["deploy"],
};
const TARGET = {
  group: "g",
  version: "v",
  kind: "K",
  namespace: "n",
  name: "m",
  labelSelector: "a=b",
  annotationSelector: "c=d",
};
const FULL_KS = {
  retryInterval: "1m",
  timeout: "5m",
  path: "./x",
  deletionPolicy: "WaitForTermination",
  sourceRef: { apiVersion: "v1", kind: "GitRepository", name: "g", namespace: "n" },
  suspend: true,
  targetNamespace: "t",
  namePrefix: "p-",
  nameSuffix: "-s",
  commonMetadata: { labels: { a: "b" }, annotations: { c: "d" } },
  patches: [{ patch: "[]", target: TARGET }],
  images: [{ name: "i", newName: "j", newTag: "2", digest: "sha256:0" }],
  components: ["c"],
  ignoreMissingComponents: true,
  postBuild: {
    substitute: { a: "b" },
    substituteFrom: [{ kind: "Secret", name: "s", optional: true }],
    substituteStrategy: "Always",
  },
  decryption: { provider: "sops", secretRef: { name: "k" }, serviceAccountName: "sa" },
  healthChecks: [{ apiVersion: "apps/v1", kind: "Deployment", name: "d", namespace: "n" }],
  healthCheckExprs: [{ apiVersion: "a/v1", kind: "K", current: "true", inProgress: "false", failed: "false" }],
  wait: true,
  dependsOn: [{ name: "o", namespace: "n", readyExpr: "true" }],
  force: true,
  serviceAccountName: "sa",
  kubeConfig: { secretRef: { name: "kc", key: "value" } },
  buildMetadata: ["originAnnotations", "transformerAnnotations"],
  ignore: [{ paths: ["/spec/replicas"], target: TARGET }],
};
const FULL_SEALED = {
  data: "AAAA",
  template: {
    type: "Opaque",
    immutable: true,
    data: { a: "{{ .a }}", b: null },
    metadata: {
      name: "n",
      namespace: "m",
      labels: { a: "b" },
      annotations: { c: "d" },
      finalizers: ["x/y"],
      anything: { else: 1 },
    },
  },
};

describe("the CRDs on a real API server", () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
    await cluster.apply(CRDS.map((crd) => JSON.stringify(crd)).join("\n---\n"));
    for (const path of [SEALED, GIT, KS]) {
      await until(`${path} is served`, async () => (await cluster.api("GET", path)).status === 200);
    }
  });
  afterAll(() => cluster?.stop());

  test("all are structural, named and established", async () => {
    const { json } = await cluster.api("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions");
    expect(json.items).toHaveLength(CRDS.length);
    for (const crd of json.items) {
      const states = crd.status.conditions.map((one: { type: string; status: string }) => `${one.type}=${one.status}`);
      expect(states.sort(), crd.metadata.name).toEqual(["Established=True", "NamesAccepted=True"]);
    }
  });

  test.each([
    { name: "SealedSecret", path: SEALED, object: sealedSecret(FULL_SEALED) },
    { name: "GitRepository", path: GIT, object: gitRepository(FULL_GIT) },
    { name: "Kustomization", path: KS, object: kustomization(FULL_KS) },
  ])("$name keeps every field", async ({ path, object }) => {
    const made = await cluster.api("POST", `${path}?fieldValidation=Strict`, object);
    expect(made.status, made.text).toBe(201);
    expect(made.json.spec).toEqual(object.spec);
  });

  test.each([
    { name: "SealedSecret without items", path: SEALED, object: { ...sealedSecret({}), spec: {} } },
    { name: "SealedSecret without spec", path: SEALED, object: { ...sealedSecret({}), spec: undefined } },
    { name: "GitRepository with a file URL", path: GIT, object: gitRepository({ url: "file:///etc" }) },
    { name: "GitRepository with an scp-like URL", path: GIT, object: gitRepository({ url: "git@example.com:a.git" }) },
    { name: "GitRepository with a bad interval", path: GIT, object: gitRepository({ interval: "1 day" }) },
    { name: "GitRepository with a timeout in hours", path: GIT, object: gitRepository({ timeout: "1h" }) },
    { name: "GitRepository with an unknown provider", path: GIT, object: gitRepository({ provider: "gcp" }) },
    { name: "GitRepository with verify but no keys", path: GIT, object: gitRepository({ verify: { mode: "HEAD" } }) },
    {
      name: "GitRepository with a ServiceAccount for generic",
      path: GIT,
      object: gitRepository({ serviceAccountName: "x" }),
    },
    { name: "Kustomization without prune", path: KS, object: kustomization({ prune: undefined }) },
    { name: "Kustomization of another kind", path: KS, object: kustomization({ sourceRef: { kind: "X", name: "g" } }) },
    {
      name: "Kustomization with another provider",
      path: KS,
      object: kustomization({ decryption: { provider: "pgp" } }),
    },
    { name: "Kustomization with an empty kubeConfig", path: KS, object: kustomization({ kubeConfig: {} }) },
    {
      name: "Kustomization with two kubeConfigs",
      path: KS,
      object: kustomization({ kubeConfig: { secretRef: { name: "a" }, configMapRef: { name: "b" } } }),
    },
    { name: "Kustomization with a long prefix", path: KS, object: kustomization({ namePrefix: "x".repeat(201) }) },
  ])("refuses a $name", async ({ path, object }) => {
    const answer = await cluster.api("POST", path, object);
    expect([answer.status, answer.json.reason]).toEqual([422, "Invalid"]);
  });

  test("defaults are filled in", async () => {
    const git = (await cluster.api("POST", GIT, gitRepository({ verify: { secretRef: { name: "k" } } }))).json;
    expect([git.spec.timeout, git.spec.provider, git.spec.verify.mode]).toEqual(["60s", "generic", "HEAD"]);
    const object = { ...gitRepository({}), metadata: { name: "with-status" }, status: {} };
    expect((await cluster.api("POST", GIT, object)).json.status).toEqual({ observedGeneration: -1 });
  });

  test("short names, categories and columns are what people know", async () => {
    const { stdout } = await cluster.kubectl(["get", "gitrepo,ks,sealedsecrets"]);
    expect(stdout).toMatch(/NAME\s+URL\s+AGE\s+READY\s+STATUS/);
    expect(stdout).toMatch(/NAME\s+AGE\s+READY\s+STATUS/);
    expect(stdout).toMatch(/NAME\s+STATUS\s+SYNCED\s+AGE/);
    expect((await cluster.kubectl(["get", "fluxcd", "-o", "name"])).stdout).toContain(
      "kustomization.kustomize.toolkit.fluxcd.io/",
    );
    expect((await cluster.kubectl(["explain", "ks.spec.prune"])).stdout).toContain("no longer in the source");
  });
});
