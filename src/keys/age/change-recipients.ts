import { encodeUtf8 } from "../../bytes/utf8.ts";
import {
  ageKey,
  type Format,
  fieldOf,
  type KeyGroup,
  type Keyring,
  type LockedFile,
  recoverDataKey,
  rotate,
  withKeys,
} from "../../sops/index.ts";
import type { RecipientChange } from "./creation-rules.ts";

export interface ChangeRecipientsOptions extends RecipientChange {
  /** Path of the file, for messages. */
  readonly file: string;
  readonly format: Format;
  readonly keyring: Keyring;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Columns of one level, where the configuration says so. */
  readonly indent?: number | undefined;
}

/** The groups of a file after the change; undefined when they stay as they are. */
function changedGroups(
  { metadata: { keyGroups } }: LockedFile,
  { added, old, isRemoved }: RecipientChange,
): readonly KeyGroup[] | undefined {
  const isOneOf = (names: ReadonlySet<string>) => (key: KeyGroup[number]) =>
    key.type === "age" && names.has(fieldOf(key, "recipient"));
  const isOld = isOneOf(old);
  let isChanged = false;
  const groups = keyGroups.map((group) => {
    if (!group.some(isOld)) return group;
    const kept = isRemoved ? group.filter((key) => !isOld(key)) : group;
    const isThere = added === undefined || group.some(isOneOf(new Set([added])));
    isChanged ||= isRemoved || !isThere;
    return isThere || added === undefined ? kept : [...kept, ageKey(added)];
  });
  return isChanged ? groups : undefined;
}

/**
 * A SOPS file for other age recipients and with a new data key; its other recipients stay. Undefined when it is not
 * concerned.
 *
 * @throws {SopsError} when it does not open, or a key service that it needs does not answer.
 */
export async function changeRecipients(
  locked: LockedFile,
  options: ChangeRecipientsOptions,
): Promise<Uint8Array | undefined> {
  const { file, format, keyring, now, indent } = options;
  const groups = changedGroups(locked, options);
  if (groups === undefined) return undefined;
  const dataKey = await recoverDataKey(locked.metadata, keyring, { file });
  const text = await withKeys(locked, dataKey, groups, { file, format, keyring, now, indent });
  return encodeUtf8(await rotate(encodeUtf8(text), format, keyring, { file, now, indent }));
}
