import type { Format } from "../format.ts";
import type { Keyring } from "../keys/keyring.ts";
import { isSameKey, masterKeyName } from "../keys/master-key-name.ts";
import { rewrap } from "../keys/rewrap.ts";
import type { KeyGroup, Metadata } from "../metadata/metadata.ts";
import type { StoreContext } from "../stores/store.ts";
import type { LockedFile } from "./open-file.ts";
import { printLocked } from "./reseal.ts";

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

/** Compares the keys of a file with those that each group of it should have. */
export function compareKeys({ keyGroups, shamirThreshold }: Metadata, wanted: readonly KeyGroup[]): KeyChanges {
  const count = Math.max(keyGroups.length, wanted.length);
  const groups = Array.from({ length: count }, (_, at) => changeOf(keyGroups[at] ?? [], wanted[at] ?? []));
  return {
    groups,
    shamirThreshold: { before: shamirThreshold, after: Math.min(shamirThreshold, wanted.length) },
    isUpToDate: groups.every(({ added, removed }) => added.length === 0 && removed.length === 0),
  };
}

function changeOf(before: KeyGroup, after: KeyGroup): GroupChange {
  const isIn = (group: KeyGroup) => (key: KeyGroup[number]) => group.some((other) => isSameKey(key, other));
  const [isKnown, isWanted] = [isIn(before), isIn(after)];
  return {
    kept: after.filter(isKnown).map(masterKeyName),
    added: after.filter((key) => !isKnown(key)).map(masterKeyName),
    removed: before.filter((key) => !isWanted(key)).map(masterKeyName),
  };
}

export interface NewKeysOptions extends StoreContext {
  readonly format: Format;
  /** Whose services encrypt. */
  readonly keyring: Keyring;
  /** Milliseconds since the epoch, for the time of the entries. */
  readonly now: number;
}

/**
 * The file with its data key encrypted to the keys of these groups and to nobody else. Values, MAC and time stay as they
 * are: who had the data key before still has it.
 *
 * @throws {SopsError} `SOPS_NO_RECIPIENTS`, `SOPS_BAD_RECIPIENT`, `SOPS_BAD_THRESHOLD`, `SOPS_KEY_NOT_USED`.
 */
export async function withKeys(
  { documents, metadata }: LockedFile,
  dataKey: Uint8Array,
  wanted: readonly KeyGroup[],
  options: NewKeysOptions,
): Promise<string> {
  const { keyring, now, format } = options;
  const threshold = compareKeys(metadata, wanted).shamirThreshold.after;
  const keys = await rewrap(dataKey, { groups: wanted, threshold, keyring, now, isUpdate: true });
  return printLocked({ documents, metadata: { ...metadata, ...keys } }, format, options);
}
