import { type Format, storeOf } from "../format.ts";
import type { Keyring } from "../keys/keyring.ts";
import { refuseOtherFormat } from "../preserve/keeping-layout.ts";
import type { Branch, Node } from "../values/value.ts";
import { refuseMetadataKey } from "./encrypt.ts";
import type { PathStep } from "./extract.ts";
import { type OpenOptions, openFile } from "./open-file.ts";
import { reseal } from "./reseal.ts";
import { setValue, unsetValue } from "./set-value.ts";

export interface ChangeOptions extends OpenOptions {
  /** Milliseconds since the epoch, for `lastmodified`. */
  readonly now: number;
  /** The format of the result; that of the input when absent. */
  readonly outputFormat?: Format | undefined;
}

/** Something to do to the first document of a file in clear. Returns whether it changed anything. */
export type Change = (document: Branch) => boolean;

/** A change that puts a value at a path. */
export function setting(path: readonly PathStep[], value: Node): Change {
  return (document) => setValue(document, path, value);
}

/** A change that removes what is at a path. */
export function unsetting(path: readonly PathStep[]): Change {
  return (document) => {
    unsetValue(document, path);
    return true;
  };
}

/**
 * Changes an encrypted file: same data key, and values that the change does not touch stay as they are, byte for byte.
 * `hasChanged` is what the change said; the text is new in any case, as its time is.
 *
 * @throws {SopsError} as `decrypt` and `encrypt` do, and what the change throws.
 */
export async function changeFile(
  input: Uint8Array,
  format: Format,
  keyring: Keyring,
  change: Change,
  options: ChangeOptions,
): Promise<{ readonly text: string; readonly hasChanged: boolean }> {
  const { outputFormat = format, file } = options;
  if (options.preserve === true) refuseOtherFormat(format, outputFormat, options.file);
  const opened = await openFile(input, format, keyring, { ...options, rememberIvs: true });
  const [document] = opened.documents;
  const hasChanged = document !== undefined && change(document);
  refuseMetadataKey(opened.documents, storeOf(outputFormat), file);
  return { text: reseal(opened, { ...options, outputFormat }), hasChanged };
}
