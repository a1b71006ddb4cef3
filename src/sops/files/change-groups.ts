import { SopsError } from "../errors.ts";
import type { Format } from "../format.ts";
import type { Keyring } from "../keys/keyring.ts";
import { rewrap } from "../keys/rewrap.ts";
import { subjectName } from "../keys/subject.ts";
import type { KeyGroup } from "../metadata/metadata.ts";
import type { StoreContext } from "../stores/store.ts";
import type { LockedFile } from "./open-file.ts";
import { printLocked } from "./reseal.ts";

export interface GroupsOptions extends StoreContext {
  readonly format: Format;
  /** Whose services encrypt the shares. */
  readonly keyring: Keyring;
  /** Milliseconds since the epoch, for the time of the entries. */
  readonly now: number;
  /** How many groups it takes to decrypt from now on; that of the file when 0. */
  readonly threshold: number;
}

/**
 * The file with one more group of keys. Its data key is shared anew among all groups; values, MAC and time stay.
 *
 * @throws {SopsError} `SOPS_NO_RECIPIENTS` for a group without keys, and what `updatekeys` throws for keys.
 */
export async function withGroup(
  locked: LockedFile,
  dataKey: Uint8Array,
  group: KeyGroup,
  options: GroupsOptions,
): Promise<string> {
  return await shared(locked, dataKey, [...locked.metadata.keyGroups, group], options);
}

/**
 * The file without one of its groups, counted from 0. Who had the data key still has it.
 *
 * @throws {SopsError} `SOPS_BAD_THRESHOLD` when too few groups would be left, `SOPS_NO_GROUP` when there is no such group.
 */
export async function withoutGroup(
  locked: LockedFile,
  dataKey: Uint8Array,
  index: number,
  options: GroupsOptions,
): Promise<string> {
  const { keyGroups, shamirThreshold } = locked.metadata;
  const object = `Cannot delete a key group of ${subjectName(options)}`;
  if (index >= keyGroups.length) {
    throw new SopsError("SOPS_NO_GROUP", `${object}: it has no group ${index}`, {
      file: options.file,
      details: [`its groups: ${keyGroups.length === 1 ? "0" : `0 to ${keyGroups.length - 1}`}`],
    });
  }
  const groups = keyGroups.filter((_, at) => at !== index);
  if (groups.length === 0) {
    throw new SopsError("SOPS_NO_RECIPIENTS", `${object}: it is the only one`, {
      file: options.file,
      details: ["nobody could decrypt the file"],
      hints: ["add another group first: sealkit sops groups add -i -f FILE --age age1…"],
    });
  }
  const threshold = options.threshold === 0 ? shamirThreshold : options.threshold;
  if (threshold > groups.length) {
    throw new SopsError("SOPS_BAD_THRESHOLD", `${object}: ${groups.length} would be left, and it takes ${threshold}`, {
      file: options.file,
      hints: [`--shamir-secret-sharing-threshold ${groups.length}`],
      upstream: `removing this key group will make the Shamir threshold impossible to satisfy: Shamir threshold is ${threshold}, but we only have ${groups.length} key groups`,
    });
  }
  return await shared(locked, dataKey, groups, options);
}

async function shared(
  { documents, metadata }: LockedFile,
  dataKey: Uint8Array,
  groups: readonly KeyGroup[],
  options: GroupsOptions,
): Promise<string> {
  const { keyring, now } = options;
  const threshold = options.threshold === 0 ? metadata.shamirThreshold : options.threshold;
  const keys = await rewrap(dataKey, { groups, threshold, keyring, now });
  return printLocked({ documents, metadata: { ...metadata, ...keys } }, options.format, options);
}
