import { fieldAt, type KubeObject, listAt, numberAt, textAt } from "../../src/objects/index.ts";
import type { OpenedState } from "./unsealer.ts";

/** More than this never opens one object; `status` is written by others, too. */
const MAX_KEYS = 64;

/** Whether `status` says that the Secret is what the object says in its present generation. */
export function isSyncedNow({ status, metadata }: KubeObject): boolean {
  const [condition] = listAt(status, "conditions");
  const isSynced = fieldAt(condition, "type") === "Synced" && fieldAt(condition, "status") === "True";
  return isSynced && numberAt(status, "observedGeneration") === metadata.generation;
}

/** What `status` says of an object that was opened in its present generation; undefined when it says no such thing. */
export function openedStateOf(sealed: KubeObject): OpenedState | undefined {
  if (!isSyncedNow(sealed)) return undefined;
  const { status } = sealed;
  const openedBy = listAt(status, "openedBy").filter((key) => typeof key === "string");
  const digest = textAt(status, "digest");
  return digest === undefined || openedBy.length > MAX_KEYS ? undefined : { openedBy, digest };
}
