import { decodeBase64, encodeBase64 } from "../../src/bytes/base64.ts";
import type { KubeClient } from "../../src/kube/index.ts";
import type { BuiltObject } from "../../src/kustomize/index.ts";
import { originText } from "../../src/kustomize/index.ts";
import { fieldAt, isRecord, isSecret, type KubeObject, objectId, subjectOf, textAt } from "../../src/objects/index.ts";
import { type DecryptingTree, type DecryptionKeys, decryptingTree, type ObjectMarks } from "../../src/secrets/index.ts";
import { KeyServiceError, type KeyServices, SopsError } from "../../src/sops/index.ts";
import type { FileTree } from "../../src/tree/index.ts";
import { errorLines } from "../error-lines.ts";
import { readSecretData } from "../secret-data.ts";
import { type DecryptionMachine, hasKeys, KNOWN_ENTRIES, keysInEntries, machineUntil } from "./decryption-keys.ts";
import { failed, stalled } from "./halt.ts";
import { isAccountName } from "./identity.ts";
import type { KustomizationSpec } from "./spec.ts";
import { readVaultInstances } from "./vault-instances.ts";
import { readWorkload } from "./workload.ts";
import { workloadServices } from "./workload-services.ts";

export interface DecryptionPorts {
  readonly client: KubeClient;
  readonly signal: AbortSignal;
  readonly checkMac: boolean;
  readonly machine: DecryptionMachine;
  /** The Secret whose age identities serve objects that name none. */
  readonly commonAgeSecret?: Place | undefined;
  /** How key services are asked in the name of ServiceAccounts; absent: they are not. */
  readonly workloads?: WorkloadOptions | undefined;
}

interface Place {
  readonly namespace: string;
  readonly name: string;
}

export interface WorkloadOptions {
  /** The account of objects that name none. */
  readonly defaultAccount?: string | undefined;
  /** The ConfigMap that lists the Vault servers that accounts may log in to. */
  readonly vaultConfigMap?: Place | undefined;
}

/**
 * The tree with its SOPS files in clear text, by the keys of the Secret that the object names; undefined when it does not
 * decrypt. One view per pass: its clear text goes with it. Objects that ask for it stay encrypted.
 */
export async function decryptingView(
  tree: FileTree,
  spec: KustomizationSpec,
  { namespace, ports }: { readonly namespace: string; readonly ports: DecryptionPorts },
): Promise<DecryptingTree | undefined> {
  if (spec.decryption === undefined) return undefined;
  const bounded = machineUntil(ports.machine, ports.signal);
  const workload = await workloadOf(spec, namespace, { ...ports, machine: bounded });
  const machine = { ...bounded, workload };
  const keys = await keysOf(spec, namespace, { ...ports, machine });
  const leaves = ({ labels, annotations }: ObjectMarks) =>
    isOptOut(labels.get(OPT_OUT)) || isOptOut(annotations.get(OPT_OUT));
  return decryptingTree(tree, keys, { checkMac: ports.checkMac, leaves });
}

/**
 * Stalls an object that names an account for decryption where that is not allowed, or what is none. Where the person who
 * started this process brings key services of their own (a rehearsal), these stand in for the account.
 */
export function checkDecryptionAccount(
  { decryption }: KustomizationSpec,
  { workloads, machine }: { readonly workloads?: WorkloadOptions | undefined; readonly machine: DecryptionMachine },
): void {
  const name = decryption?.serviceAccountName;
  if (name === undefined) return;
  if (workloads === undefined) {
    if (machine.services !== undefined) return;
    const hint = "hint: start the controller with --feature-gates ObjectLevelWorkloadIdentity=true";
    throw stalled("FeatureGateDisabled", `spec.decryption.serviceAccountName is not enabled here\n${hint}`);
  }
  if (isAccountName(name)) return;
  throw stalled("AccessDenied", "spec.decryption.serviceAccountName is no name of a ServiceAccount");
}

/** What the ServiceAccount of an object opens; undefined when it has none. @throws {Halt} */
async function workloadOf(
  spec: KustomizationSpec,
  namespace: string,
  { client, signal, machine, workloads }: DecryptionPorts,
): Promise<KeyServices | undefined> {
  if (workloads === undefined) return undefined;
  const name = spec.decryption?.serviceAccountName ?? workloads.defaultAccount;
  if (name === undefined) return undefined;
  const workload = await readWorkload(client, { namespace, name }, signal);
  if (workload === undefined) {
    const message = `cannot get ServiceAccount '${namespace}/${name}': serviceaccounts "${name}" not found`;
    throw failed("BuildFailed", message, spec.retryIntervalMs);
  }
  const place = workloads.vaultConfigMap;
  const instances = place === undefined ? [] : await readVaultInstances(client, place, signal);
  if (typeof instances === "string") {
    const message = `cannot use the ConfigMap '${place?.namespace}/${place?.name}' of --sops-vault-configmap: ${instances}`;
    throw failed("BuildFailed", message, spec.retryIntervalMs);
  }
  return workloadServices(workload, machine.sealedOff, instances);
}

async function keysOf(spec: KustomizationSpec, namespace: string, ports: DecryptionPorts): Promise<DecryptionKeys> {
  const name = spec.decryption?.secretName;
  const place = name === undefined ? ports.commonAgeSecret : { namespace, name };
  if (place === undefined) {
    const identities = [{ where: "spec.decryption.secretRef", identities: undefined, problem: "not set" }];
    return { ...keysInEntries(new Map(), "", ports.machine), identities };
  }
  const data = await readSecretData(ports.client, place, ports.signal);
  if (data === undefined) {
    const message = `cannot get decryption Secret '${place.namespace}/${place.name}': secrets "${place.name}" not found`;
    throw failed("BuildFailed", message, spec.retryIntervalMs);
  }
  const where = `Secret ${place.namespace}/${place.name}`;
  const keys = entriesOf(data, place, { where, machine: ports.machine, isCommon: name === undefined, spec });
  if (hasKeys(data)) return keys;
  return { ...keys, identities: [{ where, identities: undefined, problem: `it has none of ${KNOWN_ENTRIES}` }] };
}

function entriesOf(
  data: ReadonlyMap<string, Uint8Array>,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  options: {
    readonly where: string;
    readonly machine: DecryptionMachine;
    readonly isCommon: boolean;
    readonly spec: KustomizationSpec;
  },
): DecryptionKeys {
  const { where, machine, isCommon, spec } = options;
  try {
    return keysInEntries(data, where, machine, isCommon ? { only: "age" } : {});
  } catch (error) {
    if (!(error instanceof KeyServiceError)) throw error;
    const message = `failed to import data from sops decryption Secret '${namespace}/${name}': ${errorLines(error)}`;
    throw failed("BuildFailed", message, spec.retryIntervalMs);
  }
}

/**
 * Objects whose Secrets hold files of SOPS in `data`, with those in clear. A value that is none stays as it is, and so do
 * objects that ask for it.
 *
 * @throws {Halt} with object, entry and file.
 */
export async function decryptSecretData(
  built: readonly BuiltObject[],
  view: DecryptingTree | undefined,
  spec: KustomizationSpec,
): Promise<readonly BuiltObject[]> {
  if (view === undefined) return built;
  return await Promise.all(built.map((one) => (isSecret(one.object) ? withClearData(one, view, spec) : one)));
}

async function withClearData(one: BuiltObject, view: DecryptingTree, spec: KustomizationSpec): Promise<BuiltObject> {
  const { object, origin } = one;
  const data = fieldAt(object, "data");
  if (!isRecord(data) || asksToStayEncrypted(object)) return one;
  const { namespace, name } = objectId(object);
  const clear: [string, unknown][] = [];
  for (const [key, value] of Object.entries(data)) {
    const bytes = typeof value === "string" ? decodeBase64(value).bytes : undefined;
    const where = `${origin.file}, Secret ${namespace}/${name}, data.${key}`;
    const opened = bytes === undefined ? undefined : await openValue(view, where, key, bytes, one, spec);
    clear.push([key, opened === undefined ? value : encodeBase64(opened)]);
  }
  return { ...one, object: { ...object, data: Object.fromEntries(clear) } };
}

async function openValue(
  view: DecryptingTree,
  where: string,
  key: string,
  bytes: Uint8Array,
  { object }: BuiltObject,
  spec: KustomizationSpec,
): Promise<Uint8Array | undefined> {
  try {
    return await view.readValue(where, key, bytes);
  } catch (error) {
    if (!(error instanceof SopsError)) throw error;
    const { namespace, name } = objectId(object);
    const message = `decryption failed for Secret '${namespace}/${name}', field '${key}': ${errorLines(error)}`;
    throw failed("BuildFailed", message, spec.retryIntervalMs);
  }
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

function isOptOut(value: unknown): boolean {
  return typeof value === "string" && value.toLowerCase() === "disabled";
}

function asksToStayEncrypted({ metadata }: KubeObject): boolean {
  return isOptOut(metadata.labels?.[OPT_OUT]) || isOptOut(metadata.annotations?.[OPT_OUT]);
}

/** What is still encrypted when everything has been decrypted that should be. */
function isStillEncrypted(object: KubeObject): boolean {
  return textAt(object, "sops", "mac") !== undefined;
}

/**
 * Refuses objects that were told only by the build (a label or annotation for all objects) to stay encrypted: their file was
 * decrypted before that was known.
 */
export function refuseOptOuts(built: readonly BuiltObject[], view: DecryptingTree | undefined): void {
  for (const { object, origin } of built) {
    if (view?.ledger.files.includes(origin.file) !== true || isStillEncrypted(object)) continue;
    if (!asksToStayEncrypted(object) || view.ledger.findIn(object).length === 0) continue;
    const message = [
      `Cannot apply ${subjectOf(objectId(object))}: ${OPT_OUT}: Disabled came too late, its file was decrypted`,
      `in ${originText(origin)}`,
      "hint: put the annotation into the file itself",
    ];
    throw stalled("UnsupportedField", message.join("\n"));
  }
}

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
      const why = asksToStayEncrypted(object)
        ? `\nit asks for that (${OPT_OUT}: Disabled), but no Secret can be applied so`
        : "";
      throw failed("ReconciliationFailed", `${message}${why}\nin ${originText(origin)}`, spec.retryIntervalMs);
    }
  }
}
