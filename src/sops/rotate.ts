import { type Keyring, newDataKey } from "./data-key.ts";
import type { Format } from "./format.ts";
import { fieldOf, type KeyGroup, type MasterKey } from "./metadata.ts";
import { type OpenOptions, openFile } from "./open-file.ts";
import { reseal } from "./reseal.ts";
import { checkRecipients, rewrap } from "./rewrap.ts";

export interface RotateOptions extends OpenOptions {
  /** Milliseconds since the epoch, for `lastmodified`. */
  readonly now: number;
  /** The format of the result; that of the input when absent. */
  readonly outputFormat?: Format | undefined;
  /** Age recipients that can open the file from now on, besides those it has. */
  readonly add?: readonly string[] | undefined;
  /** Age recipients that the new data key is not encrypted to. They still have the old one, and what it opened. */
  readonly remove?: readonly string[] | undefined;
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
  const { add = [], remove = [], outputFormat = format } = options;
  await checkRecipients(add);
  const opened = await openFile(input, format, keyring, { ...options, rememberIvs: true });
  const dataKey = newDataKey(options.fillRandom);
  const wanted = changedGroups(opened.metadata.keyGroups, add, new Set(remove));
  const { shamirThreshold: threshold } = opened.metadata;
  const keys = await rewrap({ dataKey, groups: wanted, threshold, fillRandom: options.fillRandom }, options.file);
  const rotated = { ...opened, metadata: { ...opened.metadata, ...keys }, cipher: opened.cipher.withKey(dataKey) };
  return reseal(rotated, { ...options, outputFormat });
}

/** New keys go to the first group, one that is there already as well; removed ones leave every group. */
function changedGroups(
  groups: readonly KeyGroup[],
  add: readonly string[],
  remove: ReadonlySet<string>,
): readonly KeyGroup[] {
  const [first = [], ...others] = groups;
  const added = add.map((recipient): MasterKey => ({ type: "age", fields: new Map([["recipient", recipient]]) }));
  return [[...first, ...added], ...others].map((group) =>
    group.filter((key) => key.type !== "age" || !remove.has(fieldOf(key, "recipient"))),
  );
}
