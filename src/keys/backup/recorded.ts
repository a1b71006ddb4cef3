import { type KubeClient, KubeError } from "../../kube/index.ts";
import { type KubeObject, textAt } from "../../objects/index.ts";

/** Name of the ConfigMap beside the keys in which the controller tells of its backups. */
export const BACKUP_RECORD = "sealkit-backup";

/** What the controller of a cluster tells of the last backup that it wrote. */
export interface RecordedBackup {
  /** `sha256:…` of the file. */
  readonly digest: string;
  /** RFC 3339. */
  readonly written: string;
  readonly place: string;
}

/** Undefined where the controller makes no backups, or its record may not be read. @throws {KubeError} */
export async function recordedBackup(client: KubeClient, namespace: string): Promise<RecordedBackup | undefined> {
  try {
    const resource = { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true };
    const object = await client.get<KubeObject>(resource, { namespace, name: BACKUP_RECORD });
    const text = (name: string) => textAt(object, "data", name) ?? "";
    const digest = text("digest");
    return digest === "" ? undefined : { digest, written: text("written"), place: text("place") };
  } catch (cause) {
    if (cause instanceof KubeError && cause.status === 403) return undefined;
    throw cause;
  }
}
