import type { Format } from "./format.ts";
import { type KeyGroup, type MasterKey, type Metadata, masterKeyName } from "./metadata.ts";
import type { LockedFile } from "./open-file.ts";
import { printLocked } from "./reseal.ts";
import { rewrap } from "./rewrap.ts";
import type { StoreContext } from "./stores/store.ts";

/** What happens to the keys of one group. Names as people know the keys. */
export interface GroupChange {
  readonly kept: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export interface KeyChanges {
  /** By position: those of the file and those it should have. */
  readonly groups: readonly GroupChange[];
  readonly shamirThreshold: { readonly before: number; readonly after: number };
  /** Whether every group has the keys it should have. Order does not count, nor does the threshold. */
  readonly isUpToDate: boolean;
}

/** Age recipients of each key group. */
type RecipientGroups = readonly (readonly string[])[];

/** Compares the keys of a file with the age recipients that each group of it should have. */
export function compareKeys({ keyGroups, shamirThreshold }: Metadata, wanted: RecipientGroups): KeyChanges {
  const count = Math.max(keyGroups.length, wanted.length);
  const groups = Array.from({ length: count }, (_, at) => changeOf(keyGroups[at] ?? [], wanted[at] ?? []));
  return {
    groups,
    shamirThreshold: { before: shamirThreshold, after: Math.min(shamirThreshold, wanted.length) },
    isUpToDate: groups.every(({ added, removed }) => added.length === 0 && removed.length === 0),
  };
}

function changeOf(group: KeyGroup, recipients: readonly string[]): GroupChange {
  const before = group.map((key) => ({ key, name: masterKeyName(key) }));
  const after = new Set(recipients);
  const isKept = ({ key, name }: (typeof before)[number]) => key.type === "age" && after.has(name);
  const known = new Set(before.filter(isKept).map(({ name }) => name));
  return {
    kept: recipients.filter((name) => known.has(name)),
    added: recipients.filter((name) => !known.has(name)),
    removed: before.filter((one) => !isKept(one)).map(({ name }) => name),
  };
}

/**
 * The file with its data key encrypted to the age recipients of these groups and to nobody else. Values, MAC and time stay as they are:
 * who had the data key before still has it.
 *
 * @throws {SopsError} `SOPS_NO_RECIPIENTS`, `SOPS_BAD_RECIPIENT`, `SOPS_BAD_THRESHOLD`.
 */
export async function withKeys(
  { documents, metadata }: LockedFile,
  dataKey: Uint8Array,
  wanted: RecipientGroups,
  options: StoreContext & { readonly format: Format },
): Promise<string> {
  const groups = wanted.map((recipients) => {
    return recipients.map((recipient): MasterKey => ({ type: "age", fields: new Map([["recipient", recipient]]) }));
  });
  const threshold = compareKeys(metadata, wanted).shamirThreshold.after;
  const keys = await rewrap({ dataKey, groups, threshold }, options.file);
  return printLocked({ documents, metadata: { ...metadata, ...keys } }, options.format, options);
}
