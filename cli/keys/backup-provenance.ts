import type { Backup, RecordedBackup } from "../../src/keys/index.ts";

/** What a backup says of itself, and what it is known by. */
export function provenance({ manifest }: Pick<Backup, "manifest">, digest: string): string {
  if (manifest === undefined) return `The backup is ${digest}, and does not say who made it`;
  const { created, writtenBy, cluster } = manifest;
  const by = writtenBy === undefined ? "" : ` by ${writtenBy}`;
  const of = cluster === undefined || cluster === "" ? "" : ` of cluster ${cluster}`;
  return `The backup says that it was made on ${created}${by}${of}; it is ${digest}`;
}

/** What the record of a cluster says of a backup; undefined where there is no record. */
export function recordText(recorded: RecordedBackup | undefined, digest: string): string | undefined {
  if (recorded === undefined) return undefined;
  const { written, place } = recorded;
  return recorded.digest === digest
    ? `It is the one that the controller of this cluster wrote last, on ${written}`
    : `The controller of this cluster wrote another one last, on ${written}, to ${place}`;
}
