import { SopsError } from "../errors.ts";
import { type OpenOptions, openFile, readLocked } from "../files/open-file.ts";
import { type Format, storeOf } from "../format.ts";
import type { Keyring } from "../keys/keyring.ts";
import type { Metadata } from "../metadata/metadata.ts";
import { compareTrees, type Difference, type Side } from "./compare-trees.ts";
import { compareMetadata, type MetadataChange } from "./metadata-changes.ts";
import { TokenMaker } from "./value-token.ts";

/** One of the two files that are compared. */
export interface DiffSide {
  readonly input: Uint8Array;
  readonly format: Format;
  readonly options: OpenOptions;
}

export interface DiffOptions {
  /** Whether differences carry clear text. */
  readonly showValues?: boolean | undefined;
  /** Compare ciphertexts, without a look for keys. */
  readonly withoutKeys?: boolean | undefined;
}

export interface FileDiff {
  readonly differences: readonly Difference[];
  readonly metadata: readonly (MetadataChange | EncryptionChange)[];
  /** Documents of the file that has more. */
  readonly documents: number;
  /** Why values were compared as ciphertexts; undefined when they were decrypted. */
  readonly notOpened: SopsError | "not asked for" | undefined;
}

/** One of the files is not encrypted. */
export interface EncryptionChange {
  readonly what: "encryption";
  readonly before: "SOPS" | "none";
  readonly after: "SOPS" | "none";
}

/**
 * Compares two files by structure. Values are compared under a random key of this call; without the data key by their
 * ciphertexts, and then the difference of two ciphertexts of one length is `unknown`.
 *
 * @throws {SopsError} when a file is damaged or its MAC does not fit. That no identity fits is no error.
 */
export async function diffFiles(
  before: DiffSide,
  after: DiffSide,
  keyring: Keyring,
  { showValues = false, withoutKeys = false }: DiffOptions = {},
): Promise<FileDiff> {
  let notOpened: FileDiff["notOpened"] = withoutKeys ? "not asked for" : undefined;
  const sides: ReadSide[] = [];
  for (const side of [before, after]) {
    const read = await readSide(side, keyring, withoutKeys);
    if (read.notOpened !== undefined) notOpened ??= read.notOpened;
    sides.push(read);
  }
  // Digests of a decrypted file say nothing beside ciphertexts: when one stays closed, both do.
  const [left, right] = notOpened === undefined ? sides : [readClosed(before), readClosed(after)];
  if (left === undefined || right === undefined) throw new RangeError("diffFiles: expected two sides");
  return {
    differences: compareTrees(left, right, new TokenMaker({ showValues })),
    metadata: metadataChanges(left.metadata, right.metadata),
    documents: Math.max(left.documents.length, right.documents.length),
    notOpened: left.metadata === undefined && right.metadata === undefined ? undefined : notOpened,
  };
}

interface ReadSide extends Side {
  /** Undefined for a file in clear. */
  readonly metadata: Metadata | undefined;
  readonly notOpened?: SopsError;
}

async function readSide(side: DiffSide, keyring: Keyring, withoutKeys: boolean): Promise<ReadSide> {
  if (withoutKeys) return readClosed(side);
  try {
    const { documents, metadata } = await openFile(side.input, side.format, keyring, side.options);
    return { documents, metadata, isOpened: true };
  } catch (error) {
    if (!(error instanceof SopsError)) throw error;
    if (error.code === "SOPS_NO_METADATA") return readClosed(side);
    if (error.code !== "SOPS_NO_DATA_KEY") throw error;
    return { ...readClosed(side), notOpened: error };
  }
}

/** A file as it stands there: encrypted, or in clear. */
function readClosed({ input, format, options }: DiffSide): ReadSide {
  try {
    return { ...readLocked(input, format, options), isOpened: false };
  } catch (error) {
    if (!(error instanceof SopsError && error.code === "SOPS_NO_METADATA")) throw error;
    const documents = input.length === 0 ? [] : storeOf(format).loadPlain(input, options);
    return { documents, metadata: undefined, isOpened: true };
  }
}

function metadataChanges(before: Metadata | undefined, after: Metadata | undefined): FileDiff["metadata"] {
  if (before !== undefined && after !== undefined) return compareMetadata(before, after);
  if (before === after) return [];
  const name = (metadata: Metadata | undefined) => (metadata === undefined ? "none" : "SOPS");
  return [{ what: "encryption", before: name(before), after: name(after) }];
}
