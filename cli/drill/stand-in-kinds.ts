import { ToolkitError } from "../../src/errors.ts";
import type { ApiResource, KubeClient } from "../../src/kube/index.ts";
import { isRecord, type KubeObject, listAt, splitApiVersion, textAt } from "../../src/objects/index.ts";
import type { FileTree } from "../../src/tree/index.ts";
import { readManifests } from "../../src/yaml/index.ts";
import { served } from "../sandbox/whole-cluster.ts";

const CUSTOM_KINDS: ApiResource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  plural: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

const MANIFEST = /\.(ya?ml|json)$/i;
/** A repository names a few dozen kinds; more are a mistake or an attack. */
const MAX_KINDS = 500;
const KIND = /^[A-Z][A-Za-z0-9]{0,62}$/;
const GROUP = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/;
const VERSION = /^v[0-9]+((alpha|beta)[0-9]+)?$/;
/** Files for programs, which are never applied. */
const NOT_APPLIED = ["kustomize.config.k8s.io", "config.kubernetes.io", "apiextensions.k8s.io"];
/** Definitions in groups of Kubernetes itself have to say who approved them. */
const PROTECTED_GROUP = /(^|\.)(k8s|kubernetes)\.io$/;

/** A kind that manifests use. */
interface UsedKind {
  readonly group: string;
  readonly kind: string;
  readonly versions: ReadonlySet<string>;
  readonly namespaced: boolean;
}

/**
 * Kinds that a repository uses and nothing in it defines: charts and operators bring their definitions in a cluster, and
 * neither runs in a rehearsal. Each gets one that takes everything, because an object of an unknown kind would keep all
 * that is applied with it from being applied. Gives their names, `Certificate.cert-manager.io`.
 *
 * @throws {KubeError}
 */
export async function defineMissingKinds(client: KubeClient, tree: FileTree): Promise<readonly string[]> {
  const { used, defined } = await kindsIn(tree);
  const made: string[] = [];
  for (const one of used) {
    const name = `${one.kind}.${one.group}`;
    const [version = ""] = one.versions;
    if (defined.has(name) || made.length >= MAX_KINDS) continue;
    if (await isServed(client, `${one.group}/${version}`, one.kind)) continue;
    const definition = definitionOf(one);
    await client.create(CUSTOM_KINDS, definition);
    await served(client, definition);
    made.push(name);
  }
  return made.sort();
}

/** Asked without the client's memory, which would keep the answer that a kind is unknown for a while. */
async function isServed(client: KubeClient, apiVersion: string, kind: string): Promise<boolean> {
  const { status, body } = await client.raw({ method: "GET", path: `/apis/${apiVersion}` });
  if (status !== 200) return false;
  const answer: unknown = JSON.parse(new TextDecoder().decode(body));
  return listAt(answer, "resources").some((resource) => textAt(resource, "kind") === kind);
}

async function kindsIn(tree: FileTree): Promise<{ used: readonly UsedKind[]; defined: ReadonlySet<string> }> {
  const used = new Map<string, { group: string; kind: string; versions: Set<string>; namespaced: boolean }>();
  const defined = new Set<string>();
  let setsNamespace = false;
  for (const object of await objectsIn(tree)) {
    const kind = textAt(object, "kind") ?? "";
    const { group, version } = splitApiVersion(textAt(object, "apiVersion") ?? "");
    if (kind === "CustomResourceDefinition") {
      defined.add(`${textAt(object, "spec", "names", "kind") ?? ""}.${textAt(object, "spec", "group") ?? ""}`);
    }
    if (group === "kustomize.config.k8s.io" && textAt(object, "namespace") !== undefined) setsNamespace = true;
    if (!KIND.test(kind) || !GROUP.test(group) || !VERSION.test(version) || NOT_APPLIED.includes(group)) continue;
    const name = `${kind}.${group}`;
    const known = used.get(name) ?? { group, kind, versions: new Set<string>(), namespaced: false };
    known.versions.add(version);
    known.namespaced ||= textAt(object, "metadata", "namespace") !== undefined;
    used.set(name, known);
  }
  // Where a kustomization gives the namespace the object need not have one; kinds of clusters are named for that.
  const scoped = [...used.values()].map((one) => ({
    ...one,
    namespaced: one.namespaced || (setsNamespace && !one.kind.startsWith("Cluster")),
  }));
  return { used: scoped, defined };
}

/** Every object of every manifest that can be read; what cannot be is told by whoever applies it. */
async function objectsIn(tree: FileTree): Promise<readonly unknown[]> {
  const objects: unknown[] = [];
  for (const path of tree.paths().filter((one) => MANIFEST.test(one))) {
    const bytes = await tree.read(path);
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      for (const { value } of readManifests(text, { source: path }).manifests) {
        objects.push(...(isRecord(value) && textAt(value, "kind") === "List" ? listAt(value, "items") : [value]));
      }
    } catch (cause) {
      if (!(cause instanceof ToolkitError || cause instanceof TypeError)) throw cause;
    }
  }
  return objects;
}

function definitionOf({ group, kind, versions, namespaced }: UsedKind): KubeObject {
  const singular = kind.toLowerCase();
  const plural = pluralOf(singular);
  const annotations = { "api-approved.kubernetes.io": "unapproved, a stand-in" };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}`, ...(PROTECTED_GROUP.test(group) ? { annotations } : {}) },
    spec: {
      group,
      scope: namespaced ? "Namespaced" : "Cluster",
      names: { kind, plural, singular, listKind: `${kind}List` },
      versions: [...versions].map((name, at) => ({
        name,
        served: true,
        storage: at === 0,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      })),
    },
  };
}

function pluralOf(singular: string): string {
  if (/(s|x|z|ch|sh)$/.test(singular)) return `${singular}es`;
  return /[^aeiou]y$/.test(singular) ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}
