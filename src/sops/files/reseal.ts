import { type Format, storeOf } from "../format.ts";
import { type Metadata, metadataBranch } from "../metadata/metadata.ts";
import { followChange } from "../preserve/follow-change.ts";
import { keepingLayout } from "../preserve/keeping-layout.ts";
import { sealPreserved } from "../preserve/seal-preserved.ts";
import type { StoreContext } from "../stores/store.ts";
import { encryptTree } from "../values/encrypt-tree.ts";
import { compileSelector, DEFAULT_SELECTOR } from "../values/selector.ts";
import { lastModifiedAt } from "../values/time.ts";
import type { LockedFile, OpenedFile } from "./open-file.ts";

export interface ResealOptions extends StoreContext {
  /** Milliseconds since the epoch, for `lastmodified`. */
  readonly now: number;
  readonly outputFormat: Format;
}

/**
 * Encrypts an opened file again with its cipher, and prints it. A value whose IV the cipher remembers is written as it
 * was. The documents are changed in place.
 *
 * @throws {SopsError} `SOPS_BAD_REGEX` when the selector of the file is no pattern: all its values would be written in
 * clear; `SOPS_COMMENT_CONFLICT`, `SOPS_UNPRINTABLE`.
 */
export function reseal({ documents, metadata, cipher, preserved }: OpenedFile, options: ResealOptions): string {
  const { file, now, outputFormat } = options;
  if (preserved !== undefined) {
    return keepingLayout(file, () => {
      const input = followChange(preserved.reveal(), outputFormat, documents, options);
      return sealPreserved({ input, format: outputFormat, metadata, cipher, context: options, values: documents }).text;
    });
  }
  const { macOnlyEncrypted } = metadata;
  const selector = compileSelector(metadata.selector ?? DEFAULT_SELECTOR, { badPattern: "refused", file });
  const mac = encryptTree(documents, cipher, { selector, macOnlyEncrypted, file });
  const lastModified = lastModifiedAt(now);
  const changed: Metadata = { ...metadata, lastModified, mac: cipher.seal(mac, "str", lastModified) };
  return printLocked({ documents, metadata: changed }, options.outputFormat, options);
}

/** Prints an encrypted file. One that names no selector names the default one from now on, as with the original. */
export function printLocked({ documents, metadata }: LockedFile, format: Format, context: StoreContext): string {
  const selector = metadata.selector ?? DEFAULT_SELECTOR;
  return storeOf(format).emitEncrypted(documents, metadataBranch({ ...metadata, selector }), context);
}
