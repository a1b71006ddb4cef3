import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SEALED_SECRETS } from "../../controller/api/index.ts";
import { SEALED_SECRET_CRD } from "../../controller/api/sealedsecret.ts";
import { createLog } from "../../controller/log.ts";
import { sealedSecretFamily } from "../../controller/sealedsecret/set-up.ts";
import { startControllers } from "../../controller/start.ts";
import { ClearText } from "../../src/clear-text.ts";
import { createKubeClient, type KubeClient, loadClusterConfig, systemClock } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { type Scope, scopeLabel, sealItem } from "../../src/sealed/index.ts";
import { sealSecret } from "../../src/secrets/index.ts";
import { createSealingKey } from "../../src/x509/index.ts";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { doesWithoutOwnNetwork } from "../helpers/own-network.ts";
import { until } from "../helpers/process.ts";
import { testRenderer } from "../helpers/render-worker.ts";
import { CONTROLLER_NAMESPACE, prepareCluster, startUpstream } from "../helpers/upstream.ts";

const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;
const EVENTS = { group: "", version: "v1", plural: "events", kind: "Event", namespaced: true } as const;
const namespace = "default";
const P = "sealedsecrets.bitnami.com/";

interface Case {
  readonly name: string;
  readonly scope?: Scope;
  readonly change?: (object: KubeObject) => KubeObject;
  /** A Secret that is there before. */
  readonly before?: Partial<KubeObject> & { readonly annotations?: Record<string, string> };
  /** A second version of the SealedSecret, applied when the first has been looked at. */
  readonly update?: (object: KubeObject) => KubeObject;
  readonly synced: "True" | "False";
}

const template = (change: Record<string, unknown>) => (object: KubeObject) => {
  const spec = object["spec"] as { template: object };
  return { ...object, spec: { ...spec, template: { ...spec.template, ...change } } };
};
const items = (encryptedData: Record<string, unknown>) => (object: KubeObject) => ({
  ...object,
  spec: { ...(object["spec"] as object), encryptedData },
});

/** Templates over one sealed item, `a`; `without`: over none. */
const TEMPLATES: Readonly<
  Record<string, { data: Record<string, string>; synced?: "True" | "False"; without?: boolean }>
> = {
  plain: { data: { t: "a is {{ .a }}" } },
  siblings: { data: { t: "{{ .u }}|{{ .t }}", u: "{{ .a }}" } },
  clash: { data: { a: "rendered", t: "{{ .a }}" } },
  missing: { data: { t: '{{ .nope }}{{ .nope.foo }}{{ index . "nope" }}' } },
  "no-items": { data: { t: "x{{ .a }}" }, without: true },
  empty: { data: { t: "" } },
  range: { data: { t: "{{ range $name, $value := . }}{{ $name }}={{ len $value }};{{ end }}" } },
  json: { data: { t: "{{ toJson . }}{{ toPrettyJson . }}{{ toRawJson `<` }}" } },
  strings: { data: { t: "{{ .a | upper | quote }}{{ .a | replace ` ` `-` | trunc 7 }}{{ .a | b64enc }}" } },
  hashes: { data: { t: "{{ sha256sum .a }}{{ derivePassword 1 `long` .a `u` `s` }}" } },
  lists: { data: { t: "{{ range splitList ` ` .a }}[{{ . }}]{{ end }}{{ join `,` (list 1 2 3) }}" } },
  dates: { data: { t: '{{ dateInZone "Jan 2 2006 15:04 MST" 86400 "America/New_York" }}' } },
  versions: { data: { t: '{{ semverCompare "^1.2" "1.3.0" }}{{ (semver "v1.2.3").IncMinor }}' } },
  definitions: { data: { t: '{{ define "x" }}<{{ . }}>{{ end }}{{ template "x" .a }}' } },
  trimmed: { data: { t: "a  {{- /* c */ -}}\n  b\n{{ if eq 1 1 -}}\n c {{ end }}" } },
  builtins: {
    data: { t: '{{ printf "%q %5d %v" .a 5 (substr 0 2 .a) }}{{ html "<" }}{{ urlquery "a b" }}{{ not false }}' },
  },
  fails: { data: { t: "{{ fail .a }}" }, synced: "False" },
  unclosed: { data: { t: "{{ .a" }, synced: "False" },
  "unknown-function": { data: { t: "{{ toYaml . }}", u: "{{ env `HOME` }}" }, synced: "False" },
  "several-fail": { data: { t: "{{ fail .a }}", u: "fine", v: "{{ div 1 0 }}" }, synced: "False" },
  "wrong-type": { data: { t: '{{ get . "a" }}' }, synced: "False" },
};

const CASES: readonly Case[] = [
  { name: "strict", synced: "True" },
  { name: "namespace-wide", scope: "namespace-wide", synced: "True" },
  { name: "cluster-wide", scope: "cluster-wide", synced: "True" },
  { name: "no-items", change: items({}), synced: "True" },
  { name: "no-template", change: template({ metadata: undefined, type: undefined }), synced: "True" },
  { name: "type", change: template({ type: "my/type" }), synced: "True" },
  { name: "immutable", change: template({ immutable: true }), synced: "True" },
  {
    name: "names-in-template",
    change: template({
      metadata: {
        name: "other",
        namespace: "kube-system",
        labels: { a: "b" },
        annotations: { c: "d" },
        finalizers: ["x.io/y"],
      },
    }),
    synced: "True",
  },
  {
    name: "wider-scope",
    change: (object) => ({
      ...object,
      metadata: { ...object.metadata, annotations: { [`${P}cluster-wide`]: "true" } },
    }),
    synced: "False",
  },
  {
    name: "scope-not-true",
    change: (object) => ({ ...object, metadata: { ...object.metadata, annotations: { [`${P}cluster-wide`]: "yes" } } }),
    synced: "True",
  },
  { name: "no-base64", change: items({ a: "?" }), synced: "False" },
  { name: "url-safe-base64", change: items({ a: "Ag-_" }), synced: "False" },
  { name: "empty-item", change: items({ a: "" }), synced: "False" },
  { name: "cut-item", change: items({ a: "AgAB" }), synced: "False" },
  { name: "foreign", before: {}, synced: "False" },
  { name: "managed", before: { annotations: { [`${P}managed`]: "true", other: "x" } }, synced: "True" },
  { name: "patch", before: { annotations: { [`${P}patch`]: "true" } }, synced: "True" },
  {
    name: "patch-managed",
    before: { annotations: { [`${P}patch`]: "true", [`${P}managed`]: "true" } },
    synced: "True",
  },
  { name: "managed-false", before: { annotations: { [`${P}managed`]: "false" } }, synced: "False" },
  {
    name: "skip-owner",
    change: template({ metadata: { annotations: { [`${P}skip-set-owner-references`]: "true" } } }),
    synced: "False",
  },
  {
    name: "skip-owner-managed",
    change: template({
      metadata: { annotations: { [`${P}skip-set-owner-references`]: "true", [`${P}managed`]: "true" } },
    }),
    synced: "True",
  },
  { name: "legacy", synced: "True" },
  ...Object.entries(TEMPLATES).map(([name, { data, synced = "True", without = false }]) => ({
    name: `template-${name}`,
    change: (object: KubeObject) => template({ data })(without ? items({})(object) : object),
    synced,
  })),
  { name: "new-labels", update: template({ metadata: { labels: { new: "1" } } }), synced: "True" },
  { name: "new-type", update: template({ type: "my/type" }), synced: "False" },
  {
    name: "immutable-changes",
    change: template({ immutable: true }),
    update: (object) => template({ immutable: true })(items({})(object)),
    synced: "False",
  },
];

/**
 * A message without the fingerprints of the keys tried and the likely cause, which we add and the original does not; of a template, which one
 * fails: the original says in full why, we do not.
 */
const original = (message: string) =>
  message
    .replace(/; tried: SHA256:.*$/m, "")
    .replace(/^(Failed to unseal: )?/, "$1\n")
    .split("\n")
    .map((line) => line.replace(/^template: .* \((\S+)\)$/, "template $1 fails"))
    .sort()
    .join("\n");

/** The definition of SealedSecrets as the original has it: without the fields of `status` that we add. */
function originalDefinition(): KubeObject {
  const crd = JSON.parse(JSON.stringify(SEALED_SECRET_CRD));
  const { properties } = crd.spec.versions[0].schema.openAPIV3Schema.properties.status;
  for (const field of ["openedBy", "digest"]) {
    if (!(field in properties)) throw new Error(`the definition has no field "${field}"`);
    delete properties[field];
  }
  return crd;
}

describe.skipIf(doesWithoutOwnNetwork())("what becomes of a SealedSecret, beside the original", () => {
  let cluster: Cluster;
  let client: KubeClient;
  const results = new Map<string, Map<string, unknown>>();

  const resultOf = async ({ name, synced }: Case) => {
    const key = { namespace, name };
    const read = async () => {
      const object = await client.get<KubeObject>(SEALED_SECRETS, key);
      const status = object?.["status"] as
        | { conditions?: Record<string, string>[]; observedGeneration?: number }
        | undefined;
      return {
        generation: object?.metadata.generation,
        condition: status?.conditions?.[0],
        fields: Object.keys(status ?? {}).sort(),
        observed: status?.observedGeneration,
      };
    };
    await until(`${name} is Synced=${synced}`, async () => {
      const { condition, observed, generation } = await read();
      return condition?.["status"] === synced && observed === generation;
    });
    const { condition: { reason, ...condition } = {}, fields } = await read();
    // Ours gives a reason where something is wrong; the original never does.
    expect([reason === undefined ? "" : "ours", fields.join()]).toEqual([
      synced === "False" && isOurs ? "ours" : "",
      "conditions,observedGeneration",
    ]);
    const events = async () => {
      const { items: found } = await client.list<KubeObject>(EVENTS, {
        namespace,
        fieldSelector: `involvedObject.name=${name}`,
      });
      return [
        ...new Set(
          found.map(
            (event) =>
              `${event["type"]} ${event["reason"]} ${original(String(event["message"]))} ${(event["source"] as { component?: string }).component}`,
          ),
        ),
      ].sort();
    };
    await until(`${name} has events`, async () => (await events()).length > 0);
    const secret = await client.get<KubeObject>(SECRETS, key);
    const { labels, annotations, finalizers, ownerReferences } = secret?.metadata ?? {};
    return {
      condition: {
        ...condition,
        ...(condition?.["message"] === undefined ? {} : { message: original(condition["message"]) }),
        // Ours says more in a field that the original leaves out.
        reason: "",
        lastUpdateTime: "",
        lastTransitionTime: "",
      },
      events: await events(),
      secret: secret && {
        data: secret["data"],
        type: secret["type"],
        immutable: secret["immutable"],
        labels,
        annotations,
        finalizers,
        ownerReferences: ownerReferences?.map((owner) => ({ ...owner, uid: "" })),
      },
    };
  };

  const applyAll = async (objects: ReadonlyMap<string, KubeObject>) => {
    const results = new Map<string, unknown>();
    for (const one of CASES) {
      const { name, before, change = (same) => same } = one;
      const { annotations = {}, ...more } = before ?? {};
      if (before !== undefined) {
        await client.create(SECRETS, {
          apiVersion: "v1",
          kind: "Secret",
          metadata: { namespace, name, annotations, labels: { old: "1" } },
          data: { z: "eg==" },
          ...more,
        });
      }
      await client.create(SEALED_SECRETS, change(objects.get(name) as KubeObject));
    }
    for (const one of CASES) {
      if (one.update === undefined) continue;
      await resultOf({ ...one, synced: "True" });
      const live = (await client.get<KubeObject>(SEALED_SECRETS, { namespace, name: one.name })) as KubeObject;
      await client.update(SEALED_SECRETS, one.update(live));
    }
    for (const one of CASES) results.set(one.name, await resultOf(one));
    return results;
  };

  let isOurs = false;
  let renderer: Awaited<ReturnType<typeof testRenderer>>;
  const lines: string[] = [];
  const startOurs = async () => {
    const log = createLog({ clock: systemClock, level: "info", format: "text", write: (line) => lines.push(line) });
    const ours = await startControllers({
      client,
      log,
      namespace: CONTROLLER_NAMESPACE,
      families: [sealedSecretFamily({}, renderer)],
    });
    await ours.ready;
    return ours;
  };

  const clear = async () => {
    for (const resource of [SEALED_SECRETS, SECRETS, EVENTS]) {
      for (const { metadata } of (await client.list<KubeObject>(resource, { namespace })).items) {
        const key = { namespace, name: metadata.name ?? "" };
        if (metadata.finalizers !== undefined)
          await client.patch(resource, key, { metadata: { finalizers: null } }, { type: "merge" });
        await client.delete(resource, key);
      }
    }
  };

  beforeAll(async () => {
    cluster = await startCluster();
    await prepareCluster(cluster);
    await cluster.apply(JSON.stringify(originalDefinition()));
    client = createKubeClient(await loadClusterConfig({ env: {}, cwd: "/", kubeconfig: cluster.kubeconfig }));
    const pair = await createSealingKey({ now: Date.now(), lifetimeMs: 86_400_000, bits: 2048 });
    await client.create(SECRETS, {
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/tls",
      metadata: { namespace: CONTROLLER_NAMESPACE, name: "key", labels: { [`${P}sealed-secrets-key`]: "active" } },
      data: { "tls.crt": btoa(pair.certificatePem), "tls.key": btoa(pair.privateKeyPem) },
    });
    const { spki } = pair.certificate;
    const objects = new Map<string, KubeObject>();
    for (const { name, scope = "strict" } of CASES) {
      const data = new Map([["a", ClearText.fromText(`value of ${name}`)]]);
      const secret = {
        metadata: { name, namespace, labels: { app: "x" } },
        type: undefined,
        immutable: undefined,
        data,
      };
      objects.set(name, await sealSecret(secret, { spki, scope }));
    }
    // A Secret of the oldest versions: one blob that holds all of it.
    const legacy = JSON.stringify({
      kind: "Secret",
      apiVersion: "v1",
      metadata: { name: "legacy", namespace, labels: { l: "1" } },
      type: "my/old",
      data: { a: "YQ==" },
    });
    const blob = await sealItem(spki, Buffer.from(legacy), scopeLabel("strict", namespace, "legacy"));
    objects.set("legacy", {
      apiVersion: "bitnami.com/v1alpha1",
      kind: "SealedSecret",
      metadata: { name: "legacy", namespace },
      spec: { encryptedData: {}, data: Buffer.from(blob).toString("base64") },
    });

    const upstream = await startUpstream(cluster, { args: ["--kubeclient-qps=-1"] });
    results.set("theirs", await applyAll(objects));
    await upstream.stop();
    await clear();
    isOurs = true;
    renderer = await testRenderer();
    const ours = await startOurs();
    results.set("ours", await applyAll(objects));
    await ours.stop();
  });
  afterAll(async () => {
    await client?.close();
    await cluster?.stop();
  });

  test("with the original's definition of the resource a restart opens everything again, and writes nothing", async () => {
    const versions = async () =>
      (await Promise.all([SEALED_SECRETS, SECRETS].map((resource) => client.list<KubeObject>(resource, { namespace }))))
        .flatMap(({ items: found }) => found)
        .map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.resourceVersion}`)
        .sort();
    const before = await versions();
    lines.length = 0;
    const ours = await startOurs();
    const passes = () => lines.filter((line) => line.includes("Updating")).length;
    await until("all were looked at again", async () => passes() >= CASES.length);
    await ours.stop();
    expect(await versions()).toEqual(before);
  });

  test.each(CASES)("$name", ({ name }) => {
    expect(results.get("theirs")?.get(name)).toBeDefined();
    expect(results.get("ours")?.get(name)).toEqual(results.get("theirs")?.get(name));
  });
});
