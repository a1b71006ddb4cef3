import { ClearText } from "../../src/clear-text.ts";
import type { KubeClient } from "../../src/kube/index.ts";
import type { BuiltObject } from "../../src/kustomize/index.ts";
import { originText } from "../../src/kustomize/index.ts";
import { fieldAt, isSecret, type KubeObject, objectId, subjectOf, textAt } from "../../src/objects/index.ts";
import { type DecryptingTree, type DecryptionKeys, decryptingTree } from "../../src/secrets/index.ts";
import type { FileTree } from "../../src/tree/index.ts";
import { readSecretData } from "../secret-data.ts";
import { failed, stalled } from "./halt.ts";
import type { KustomizationSpec } from "./spec.ts";

const AGE_KEYS = ".agekey";

export interface DecryptionPorts {
  readonly client: KubeClient;
  readonly signal: AbortSignal;
  readonly checkMac: boolean;
}

/**
 * The tree with its SOPS files in clear text, by the keys of the Secret that the object names; undefined when it does not
 * decrypt. One view per pass: its clear text goes with it.
 */
export async function decryptingView(
  tree: FileTree,
  spec: KustomizationSpec,
  { namespace, ports }: { readonly namespace: string; readonly ports: DecryptionPorts },
): Promise<DecryptingTree | undefined> {
  if (spec.decryption === undefined) return undefined;
  const keys = await keysOf(spec, namespace, ports);
  return decryptingTree(tree, keys, { checkMac: ports.checkMac });
}

async function keysOf(spec: KustomizationSpec, namespace: string, ports: DecryptionPorts): Promise<DecryptionKeys> {
  const name = spec.decryption?.secretName;
  if (name === undefined) {
    return { identities: [{ where: "spec.decryption.secretRef", identities: undefined, problem: "not set" }] };
  }
  const data = await readSecretData(ports.client, { namespace, name }, ports.signal);
  if (data === undefined) {
    const message = `cannot get decryption Secret '${namespace}/${name}': secrets "${name}" not found`;
    throw failed("BuildFailed", message, spec.retryIntervalMs);
  }
  const entries = [...data].filter(([key]) => key.endsWith(AGE_KEYS));
  if (entries.length === 0) {
    const problem = `it has no entry that ends in "${AGE_KEYS}"`;
    return { identities: [{ where: `Secret ${namespace}/${name}`, identities: undefined, problem }] };
  }
  return {
    identities: entries.map(([key, bytes]) => ({
      where: `Secret ${namespace}/${name}, entry "${key}"`,
      identities: new ClearText(bytes),
    })),
  };
}

/**
 * Stalls the pass when something decrypted stands in an object that is no Secret: everybody who may read ConfigMaps could
 * read it.
 */
export function refuseSpilledClearText(
  built: readonly BuiltObject[],
  view: DecryptingTree | undefined,
  allowedKinds: readonly string[],
): void {
  if (view === undefined) return;
  for (const { object, origin } of built) {
    if (isSecret(object) || allowedKinds.includes("*") || allowedKinds.includes(object.kind)) continue;
    const [place] = view.ledger.findIn(object);
    if (place === undefined) continue;
    const message = [
      `Cannot apply ${subjectOf(objectId(object))}: a decrypted value would be readable outside a Secret`,
      `field ${place.field}, in ${originText(origin)}, decrypted from ${JSON.stringify(place.file)}`,
      `hint: make it a Secret, or allow the kind with --allow-clear-text-in ${object.kind}`,
    ].join("\n");
    throw stalled("ClearTextOutsideSecret", message);
  }
}

/** Whether an object holds a value that came out of SOPS. */
export function holdsClearText(view: DecryptingTree | undefined): (object: KubeObject) => boolean {
  return (object) => view !== undefined && !isSecret(object) && view.ledger.findIn(object).length > 0;
}

const OPT_OUT = "kustomize.toolkit.fluxcd.io/decrypt";

/** Refuses objects that ask not to be decrypted: whole files are, before their objects are known. */
export function refuseOptOuts(built: readonly BuiltObject[], view: DecryptingTree | undefined): void {
  for (const { object, origin } of built) {
    const { labels, annotations } = object.metadata;
    const wish = [labels?.[OPT_OUT], annotations?.[OPT_OUT]];
    if (view?.ledger.files.includes(origin.file) !== true) continue;
    if (!wish.some((value) => typeof value === "string" && value.toLowerCase() === "disabled")) continue;
    const message = [
      `Cannot apply ${subjectOf(objectId(object))}: ${OPT_OUT}: Disabled is not supported yet`,
      `in ${originText(origin)}, which was decrypted`,
      "hint: keep it in a source whose Kustomization does not decrypt",
    ];
    throw stalled("UnsupportedField", message.join("\n"));
  }
}

/** Markers of a SOPS file in a text: JSON, YAML, dotenv, ini. */
const MARKERS = ['"mac": "ENC[', "mac: ENC[", "sops_mac=ENC[", "[sops]"];

/** Refuses Secrets that are still encrypted: their values would reach the cluster as ciphertext. */
export function refuseEncryptedSecrets(built: readonly BuiltObject[], spec: KustomizationSpec): void {
  for (const { object, origin } of built) {
    if (!isSecret(object)) continue;
    const { namespace, name } = objectId(object);
    if (textAt(object, "sops", "mac") !== undefined) {
      const message =
        spec.decryption === undefined
          ? `Secret/${namespace}/${name} is SOPS encrypted, configuring decryption is required for this secret to be reconciled`
          : `Secret/${namespace}/${name} is still SOPS encrypted after decryption`;
      throw failed("ReconciliationFailed", `${message}\nin ${originText(origin)}`, spec.retryIntervalMs);
    }
    const key = encryptedDataKey(object);
    if (key !== undefined) {
      const message = [
        `Secret/${namespace}/${name}: data.${key} holds a SOPS file, and decrypting values of data is not supported yet`,
        `in ${originText(origin)}`,
        "hint: encrypt the Secret's manifest itself",
      ].join("\n");
      throw stalled("UnsupportedField", message);
    }
  }
}

function encryptedDataKey(secret: KubeObject): string | undefined {
  const data = fieldAt(secret, "data");
  for (const [key, value] of typeof data === "object" && data !== null ? Object.entries(data) : []) {
    if (typeof value !== "string") continue;
    const text = new TextDecoder().decode(Buffer.from(value, "base64"));
    if (MARKERS.some((marker) => text.includes(marker))) return key;
  }
  return undefined;
}
