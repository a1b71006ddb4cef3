import { type KubeObject, objectId, subjectOf } from "../objects/index.ts";

export type ChangeAction = "created" | "configured" | "unchanged" | "deleted" | "skipped";

/** What became of one object. */
export interface Change {
  readonly subject: string;
  readonly action: ChangeAction;
}

export function changeOf(object: KubeObject, action: ChangeAction): Change {
  return { subject: subjectOf(objectId(object)), action };
}

/** One line per object that was really changed; `""` when none was. */
export function changeLines(changes: readonly Change[]): string {
  return changes
    .filter(({ action }) => action === "created" || action === "configured" || action === "deleted")
    .map(({ subject, action }) => `${subject} ${action}`)
    .join("\n");
}
