import { fieldAt, type KubeObject, listAt, numberAt, textAt } from "../../src/objects/index.ts";
import type { OpenedState } from "./unsealer.ts";

/** More than this never opens one object; `status` is written by others, too. */
const MAX_KEYS = 64;

/** What `status` says of an object that was opened in its present generation; undefined when it says no such thing. */
export function openedStateOf(sealed: KubeObject): OpenedState | undefined {
  const { status } = sealed;
  const [condition] = listAt(status, "conditions");
  const isSynced = fieldAt(condition, "type") === "Synced" && fieldAt(condition, "status") === "True";
  if (!isSynced || numberAt(status, "observedGeneration") !== sealed.metadata.generation) return undefined;
  const openedBy = listAt(status, "openedBy").filter((key) => typeof key === "string");
  const digest = textAt(status, "digest");
  return digest === undefined || openedBy.length > MAX_KEYS ? undefined : { openedBy, digest };
}
