import type { Format } from "../format.ts";
import { ageKey } from "../keys/age-key.ts";
import { newDataKey } from "../keys/data-key.ts";
import type { Keyring } from "../keys/keyring.ts";
import { isSameKey } from "../keys/master-key-name.ts";
import { checkRecipients, rewrap } from "../keys/rewrap.ts";
import { fieldOf, type KeyGroup, type MasterKey } from "../metadata/metadata.ts";
import { refuseOtherFormat } from "../preserve/keeping-layout.ts";
import { type OpenOptions, openFile } from "./open-file.ts";
import { reseal } from "./reseal.ts";
import { compareKeys } from "./update-keys.ts";

export interface RotateOptions extends OpenOptions {
  /** Milliseconds since the epoch, for `lastmodified`. */
  readonly now: number;
  /** The format of the result; that of the input when absent. */
  readonly outputFormat?: Format | undefined;
  /** Age recipients that can open the file from now on, besides those it has. */
  readonly add?: readonly string[] | undefined;
  /** Age recipients that the new data key is not encrypted to. They still have the old one, and what it opened. */
  readonly remove?: readonly string[] | undefined;
  /** Keys of any type, as `add`. */
  readonly addKeys?: KeyGroup | undefined;
  /** Keys of any type, as `remove`: the one with the same name leaves. */
  readonly removeKeys?: KeyGroup | undefined;
  /** The keys of each group from now on, in place of all that the file has; `add` and `remove` count after them. */
  readonly wanted?: readonly KeyGroup[] | undefined;
  /** How many of the wanted groups it takes, 0 for all; the file's own number, as far as it goes, when absent. */
  readonly wantedThreshold?: number | undefined;
}

/**
 * Gives a file a new data key and encrypts all its values with it. IVs stay as they were, as with the original.
 *
 * @throws {SopsError} as `decrypt` and `encrypt` do.
 */
export async function rotate(
  input: Uint8Array,
  format: Format,
  keyring: Keyring,
  options: RotateOptions,
): Promise<string> {
  const { outputFormat = format, now, fillRandom, wanted } = options;
  const add = [...(options.add ?? []).map(ageKey), ...(options.addKeys ?? [])];
  const remove = [...(options.remove ?? []).map(ageKey), ...(options.removeKeys ?? [])];
  await checkRecipients(
    [...add, ...(wanted ?? []).flat()].flatMap((key) => (key.type === "age" ? [fieldOf(key, "recipient")] : [])),
    keyring,
  );
  if (options.preserve === true) refuseOtherFormat(format, outputFormat, options.file);
  const opened = await openFile(input, format, keyring, { ...options, rememberIvs: true });
  const dataKey = newDataKey(fillRandom);
  const { metadata } = opened;
  await checkRecipients(strangers(remove, metadata.keyGroups), keyring);
  const keys = await rewrap(dataKey, {
    groups: changedGroups(wanted ?? metadata.keyGroups, add, remove),
    threshold:
      wanted === undefined
        ? metadata.shamirThreshold
        : (options.wantedThreshold ?? compareKeys(metadata, wanted).shamirThreshold.after),
    keyring,
    now,
    fillRandom,
  });
  const rotated = { ...opened, metadata: { ...opened.metadata, ...keys }, cipher: opened.cipher.withKey(dataKey) };
  return reseal(rotated, { ...options, outputFormat });
}

/** Recipients that are to go and are not there: a typing error would pass for one that is gone. */
function strangers(remove: KeyGroup, groups: readonly KeyGroup[]): string[] {
  const isThere = (key: MasterKey) => groups.some((group) => group.some((known) => isSameKey(known, key)));
  return remove.flatMap((key) => (key.type === "age" && !isThere(key) ? [fieldOf(key, "recipient")] : []));
}

/** New keys go to the first group, one that is there already as well; removed ones leave every group. */
function changedGroups(groups: readonly KeyGroup[], add: KeyGroup, remove: KeyGroup): readonly KeyGroup[] {
  const [first = [], ...others] = groups;
  return [[...first, ...add], ...others].map((group) =>
    group.filter((key) => !remove.some((removed) => isSameKey(key, removed))),
  );
}
