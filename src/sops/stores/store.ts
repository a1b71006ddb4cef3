import type { Branch } from "../values/value.ts";

/** The key that holds the metadata at the top of a file. */
export const METADATA_KEY = "sops";

export interface StoreContext {
  /** Name of the file, for errors. */
  readonly file?: string | undefined;
  /** Columns of one level. What it means and its default is the store's matter. */
  readonly indent?: number | undefined;
  /** Keep the layout of the text: blank lines, quotes, order, indentation. What cannot be kept is refused. */
  readonly preserve?: boolean | undefined;
  /** Print clear dates as they were written, where the original gives them the form of a time. YAML only. */
  readonly keepDates?: boolean | undefined;
  /** Read what the original reads even where that is doubtful, and tell `onWarning`. Otherwise it is refused. */
  readonly isLenient?: boolean | undefined;
  readonly onWarning?: ((warning: string) => void) | undefined;
}

/** A file of one format as documents; most formats have exactly one. */
export interface Store {
  /** Reads a file in clear. @throws {SopsError} `SOPS_BAD_SYNTAX`, `SOPS_BAD_VALUE`, `SOPS_TOO_LARGE`. */
  loadPlain(input: Uint8Array, context: StoreContext): Branch[];
  /**
   * Reads an encrypted file: the documents without their metadata, and the metadata of the first.
   *
   * @throws {SopsError} as `loadPlain`, and `SOPS_NO_METADATA`, `SOPS_BAD_METADATA`.
   */
  loadEncrypted(input: Uint8Array, context: StoreContext): { documents: Branch[]; metadata: Branch };
  /** Prints documents in clear. @throws {SopsError} `SOPS_UNPRINTABLE` for a value that the format cannot hold. */
  emitPlain(documents: readonly Branch[], context: StoreContext): string | Uint8Array;
  /** Prints documents, the metadata at the end of each. @throws {SopsError} as `emitPlain`. */
  emitEncrypted(documents: readonly Branch[], metadata: Branch, context: StoreContext): string;
  /** Whether a document has data where this format puts the metadata. */
  usesMetadataKey(document: Branch): boolean;
  /** Whether a file in clear is one value: then nothing of it can be selected to stay clear. */
  readonly isOneValue?: boolean;
}
