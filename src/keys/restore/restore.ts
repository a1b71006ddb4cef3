import { primitives } from "#primitives";
import { encodeHex } from "../../bytes/hex.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { type KubeClient, KubeError } from "../../kube/index.ts";
import type { KubeObject } from "../../objects/index.ts";
import { NAMESPACES, SEALED_SECRETS, SECRETS } from "../resources.ts";
import { DEFAULT_KEY_PREFIX, isKeySecret, KEY_LABEL, secretItems } from "../sealing/key-secret.ts";
import { listSealingKeys, type SealingKeyInfo, sealingKeysOf } from "../sealing/sealing-keys.ts";

/** What a restore does, or would do, with one Secret of a backup. */
export interface RestoreStep {
  readonly namespace: string;
  readonly name: string;
  readonly what: "sealing key" | "secret" | "SealedSecret";
  /** Of a sealing key; public. */
  readonly fingerprint: string | undefined;
  /**
   * `create`: it is not there. `rename`: it is not there, but its name is taken, so it gets a new one. `complete`: items
   * that are missing in the cluster are added. `keep`: it is there, `why` says how. `conflict`: the cluster holds other
   * values under that name, which stay. `later`: the cluster cannot take it yet.
   */
  readonly action: "create" | "rename" | "complete" | "keep" | "conflict" | "later";
  readonly why: string;
  /** What to write, for the first three. */
  readonly secret: KubeObject;
}

export interface RestorePlan {
  /** Namespaces that have to be made first. */
  readonly namespaces: readonly string[];
  readonly steps: readonly RestoreStep[];
  /** Fingerprint of the key that is the newest when all is done. */
  readonly newest: string | undefined;
  /** Keys of the cluster that the backup lacks, such as one that a fresh controller made. They stay; the backup is stale. */
  readonly notInBackup: readonly SealingKeyInfo[];
}

export interface RestoreOptions {
  /** Where the controller keeps its keys; sealing keys go there, wherever they came from. */
  readonly namespace: string;
  readonly prefix?: string | undefined;
  /** SealedSecrets of the backup, as ciphertext. */
  readonly sealedSecrets?: readonly KubeObject[] | undefined;
}

/**
 * What it takes to bring the Secrets of a backup into a cluster. Only ever adds: nothing is deleted or replaced, a key
 * that is retired in the cluster stays retired. Planning a second time after carrying it out gives `keep` everywhere.
 *
 * @throws {KubeError}
 */
export async function planRestore(
  client: KubeClient,
  secrets: readonly KubeObject[],
  { namespace, prefix = DEFAULT_KEY_PREFIX, sealedSecrets = [] }: RestoreOptions,
): Promise<RestorePlan> {
  const live = await listSealingKeys(client, { namespace, prefix });
  const steps: RestoreStep[] = [];
  for (const secret of secrets) {
    if (isKeySecret(secret, prefix)) {
      const [key] = sealingKeysOf([secret], prefix);
      if (key?.fingerprint !== undefined) steps.push(await keyStep(client, key, { live, namespace, prefix }));
      else steps.push(await secretStep(client, { ...secret, metadata: { ...secret.metadata, namespace } }));
    } else steps.push(await secretStep(client, secret));
  }
  const isServed =
    sealedSecrets.length > 0 && (await client.resourceFor("bitnami.com/v1alpha1", "SealedSecret")) !== undefined;
  for (const sealed of sealedSecrets) steps.push(await sealedStep(client, sealed, isServed));
  const wanted = [...new Set(steps.filter(isWrite).map((step) => step.namespace))];
  const missing: string[] = [];
  for (const name of wanted) if (await isMissing(client, name)) missing.push(name);
  const written = steps.filter((step) => isWrite(step) && step.what !== "SealedSecret");
  const after = [...live.map(({ secret }) => secret), ...written.map(({ secret }) => secret)];
  const [newest] = sealingKeysOf(after, prefix);
  const held = new Set(sealingKeysOf(secrets, prefix).map(({ fingerprint }) => fingerprint));
  return {
    namespaces: missing.sort(),
    steps,
    newest: newest?.status === "newest" ? newest.fingerprint : undefined,
    notInBackup: live.filter(({ fingerprint }) => fingerprint !== undefined && !held.has(fingerprint)),
  };
}

/** Who may not look whether a namespace is there may still be allowed to write into it. */
async function isMissing(client: KubeClient, name: string): Promise<boolean> {
  try {
    return (await client.get(NAMESPACES, { name })) === undefined;
  } catch (cause) {
    if (cause instanceof KubeError && cause.status === 403) return false;
    throw cause;
  }
}

/** Whether a step changes anything in the cluster. */
export function isWrite({ action }: RestoreStep): boolean {
  return action === "create" || action === "rename" || action === "complete";
}

/** What one step is now, when somebody else was at work since it was planned. @throws {KubeError} */
export async function planAgain(
  client: KubeClient,
  step: RestoreStep,
  { namespace, prefix = DEFAULT_KEY_PREFIX }: RestoreOptions,
): Promise<RestoreStep> {
  if (step.what === "SealedSecret") return await sealedStep(client, step.secret, true);
  const [key] = step.what === "sealing key" ? sealingKeysOf([step.secret], prefix) : [];
  if (key?.fingerprint === undefined) return await secretStep(client, step.secret);
  return await keyStep(client, key, { live: await listSealingKeys(client, { namespace, prefix }), namespace, prefix });
}

const NAME_DIGITS = 12;

async function keyStep(
  client: KubeClient,
  key: SealingKeyInfo,
  { live, namespace, prefix }: { live: readonly SealingKeyInfo[]; namespace: string; prefix: string },
): Promise<RestoreStep> {
  const { name, fingerprint } = key;
  const metadata = { ...key.secret.metadata, namespace };
  const secret = { ...key.secret, metadata };
  const base = { namespace, name, what: "sealing key", fingerprint, secret } as const;
  const same = live.find((other) => other.fingerprint === fingerprint);
  if (same !== undefined) {
    const isAside = same.status === "retired" || same.status === "compromised";
    const state = isAside ? `it is ${same.status} there, and stays so` : `it is there as ${same.name}`;
    // A restore takes nothing out of use; somebody has to.
    const warning = key.status === "compromised" && !isAside ? "; the backup says that it is compromised" : "";
    return { ...base, action: "keep", why: `${state}${warning}` };
  }
  // Made by hand, a key may leave its name to the API.
  const present = name === "" ? undefined : await client.get<KubeObject>(SECRETS, { namespace, name });
  if (name !== "" && present === undefined) return { ...base, action: "create", why: "it is not there" };
  // Another restore may have made it since the keys were listed: a copy under a second name would stay for ever.
  const [made] = present === undefined ? [] : sealingKeysOf([present], prefix);
  if (made?.fingerprint === fingerprint) return { ...base, action: "keep", why: `it is there as ${name}` };
  // A key from before keys had a label was known by its name.
  const labels = { [KEY_LABEL]: "active", ...metadata.labels };
  // Two restores at once give a key the same new name.
  const digest = encodeHex(primitives.sha256(encodeUtf8(fingerprint ?? ""))).slice(0, NAME_DIGITS);
  const { generateName: _, ...kept } = metadata;
  const renamed = { ...secret, metadata: { ...kept, labels, name: `${prefix}-${digest}` } };
  return {
    ...base,
    name: renamed.metadata.name,
    secret: renamed,
    action: "rename",
    why: name === "" ? "it has no name" : `another key is called ${name}`,
  };
}

async function sealedStep(client: KubeClient, sealed: KubeObject, isServed: boolean): Promise<RestoreStep> {
  const { name = "", namespace = "" } = sealed.metadata;
  const base = { namespace, name, what: "SealedSecret", fingerprint: undefined, secret: sealed } as const;
  if (!isServed) {
    return { ...base, action: "later", why: "the cluster does not know SealedSecrets: install the controller first" };
  }
  const present = await client.get<KubeObject>(SEALED_SECRETS, { namespace, name });
  return present === undefined
    ? { ...base, action: "create", why: "it is not there" }
    : { ...base, action: "keep", why: "it is there" };
}

async function secretStep(client: KubeClient, secret: KubeObject): Promise<RestoreStep> {
  const { name = "", namespace = "" } = secret.metadata;
  const base = { namespace, name, what: "secret", fingerprint: undefined, secret } as const;
  const present = await client.get<KubeObject>(SECRETS, { namespace, name });
  if (present === undefined) return { ...base, action: "create", why: "it is not there" };
  const there = secretItems(present);
  const items = [...secretItems(secret)];
  const others = items.filter(([item, value]) => there.has(item) && there.get(item) !== value);
  if (others.length > 0) {
    const names = others.map(([item]) => item).join(", ");
    return { ...base, action: "conflict", why: `other values there, which stay: ${names}` };
  }
  const missing = items.filter(([item]) => !there.has(item));
  if (missing.length === 0) return { ...base, action: "keep", why: "it is there" };
  const addition = { ...secret, data: Object.fromEntries(missing) };
  return { ...base, secret: addition, action: "complete", why: `missing there: ${missing.map(([i]) => i).join(", ")}` };
}
