import { BACKUP_RECORD } from "../../src/keys/index.ts";
import { isReason, type KubeClient } from "../../src/kube/index.ts";
import { type KubeObject, textAt } from "../../src/objects/index.ts";

const CONFIG_MAPS = { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true } as const;

/** Name of the ConfigMap beside the keys that says how old the last good backup is. */
export const STATUS_NAME = BACKUP_RECORD;

/** What is known of the backups. Times in RFC 3339, `""` for never. Everything in it is public. */
export interface BackupStatus {
  /** Of the last one that counts. */
  readonly lastGood: string;
  readonly lastAttempt: string;
  /** Of the last one that was written, whether it counts or not. */
  readonly written: string;
  /** `sha256:` and hex of that file: whoever has a file can tell whether it is this one. */
  readonly digest: string;
  /** `good`, `failed`, or `incomplete`: written, and no good backup. */
  readonly result: string;
  /** Why it failed, or does not count. */
  readonly why: string;
  readonly place: string;
  /** SHA-256 of the sorted recipients, in hex. */
  readonly recipientsHash: string;
  /** Fingerprints of the sealing keys in it, with commas. */
  readonly keys: string;
}

export const NO_STATUS: BackupStatus = {
  lastGood: "",
  lastAttempt: "",
  written: "",
  digest: "",
  result: "",
  why: "",
  place: "",
  recipientsHash: "",
  keys: "",
};

/** What an earlier process wrote. @throws {KubeError} */
export async function readStatus(client: KubeClient, namespace: string): Promise<BackupStatus> {
  const object = await client.get<KubeObject>(CONFIG_MAPS, { namespace, name: STATUS_NAME });
  const text = (name: keyof BackupStatus) => textAt(object, "data", name) ?? "";
  return {
    lastGood: text("lastGood"),
    lastAttempt: text("lastAttempt"),
    written: text("written"),
    digest: text("digest"),
    result: text("result"),
    why: text("why"),
    place: text("place"),
    recipientsHash: text("recipientsHash"),
    keys: text("keys"),
  };
}

/** Writes the status, for events to stand at too. @throws {KubeError} */
export async function writeStatus(client: KubeClient, namespace: string, status: BackupStatus): Promise<KubeObject> {
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: STATUS_NAME, namespace, labels: { "app.kubernetes.io/managed-by": "sealkit" } },
    data: { ...status },
  };
  try {
    return await client.create<KubeObject>(CONFIG_MAPS, object);
  } catch (cause) {
    if (!isReason(cause, "AlreadyExists")) throw cause;
    return await client.update<KubeObject>(CONFIG_MAPS, object);
  }
}
