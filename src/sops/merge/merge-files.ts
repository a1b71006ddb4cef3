import { ClearText } from "../../clear-text.ts";
import { nameOf, SopsError } from "../errors.ts";
import type { PathStep } from "../files/extract.ts";
import { type OpenedFile, type OpenOptions, openFile, readLocked } from "../files/open-file.ts";
import { printLocked, reseal } from "../files/reseal.ts";
import type { Format } from "../format.ts";
import { recoverDataKey } from "../keys/data-key.ts";
import type { Keyring } from "../keys/keyring.ts";
import { hasLayout } from "../preserve/keeping-layout.ts";
import { LayoutError } from "../preserve/layout.ts";
import { openPreserved } from "../preserve/open-preserved.ts";
import { METADATA_KEY, type StoreContext } from "../stores/store.ts";
import type { Branch } from "../values/value.ts";
import { conflictText, splitConflict } from "./conflict-text.ts";
import {
  type KeyedMetadata,
  type MetadataConflict,
  type MetadataMerge,
  mergeMetadata,
  openMetadata,
  sameBytes,
  sameRecipients,
} from "./merge-metadata.ts";
import { mergeTrees, settleTrees, type TreeConflict } from "./merge-trees.ts";
import { isSameNode } from "./same-node.ts";

export interface MergeOptions extends OpenOptions {
  /** Milliseconds since the epoch, for `lastmodified`. */
  readonly now: number;
  /** How many characters a conflict marker has; 7 when absent. */
  readonly markerSize?: number | undefined;
}

export interface MergeInputs {
  /** The common ancestor; empty when there is none. */
  readonly base: Uint8Array;
  readonly ours: Uint8Array;
  readonly theirs: Uint8Array;
}

export interface MergedFile {
  /** The merged file, or one with conflict markers between two complete encrypted files. Never clear text. */
  readonly text: string;
  /** What both sides changed; none of both kinds when the merge is complete. */
  readonly conflicts: readonly TreeConflict[];
  readonly metadataConflicts: readonly MetadataConflict[];
}

/**
 * Merges three versions of an encrypted file by path. Each is decrypted and its MAC is checked before anything else.
 * Values that nobody changed keep their ciphertexts.
 *
 * @throws {SopsError} when a version cannot be opened or trusted; `place` of its text says which.
 */
export async function mergeFiles(
  inputs: MergeInputs,
  format: Format,
  keyring: Keyring,
  options: MergeOptions,
): Promise<MergedFile> {
  const ours = await openVersion(inputs.ours, "ours", format, keyring, options);
  const theirs = await openVersion(inputs.theirs, "theirs", format, keyring, options);
  const base = await openBase(inputs.base, [ours, theirs], format, keyring, options);
  const trees = mergeTrees({ base: base?.documents ?? [], ours: ours.documents, theirs: theirs.documents });
  const merged = mergeMetadata(base, ours, theirs);
  const conflicts = { conflicts: trees.conflicts, metadataConflicts: merged.conflicts };
  if (trees.conflicts.length === 0 && merged.conflicts.length === 0) {
    const same = [ours, theirs].find((version) => isUnchanged(version, trees.ours, merged, { ours, theirs }));
    if (same !== undefined) return { text: Buffer.from(same.input).toString("utf8"), ...conflicts };
  }
  shareIvs(ours, theirs);
  const isSplit = merged.conflicts.length > 0;
  const { cipher } = merged.keyOf === "ours" ? ours : theirs;
  const joint = { metadata: merged.metadata, cipher };
  const left = print(isSplit ? ours : { ...joint, preserved: ours.preserved }, trees.ours, format, options);
  if (!isSplit && trees.conflicts.length === 0) return { text: left, ...conflicts };
  // Under their key and selector stands what they wrote, and nothing of ours: who made them may not be who it seems.
  const right = isSplit
    ? Buffer.from(theirs.input).toString("utf8")
    : print({ ...joint, preserved: ours.preserved }, trees.theirs, format, options);
  return { text: conflictText({ ours: left, theirs: right }, options.markerSize), ...conflicts };
}

/** Whose side of what is taken: of every path without `paths`, else of these and all below them. */
export interface Resolution {
  readonly side: "ours" | "theirs";
  readonly paths: readonly (readonly PathStep[])[];
}

/**
 * Settles conflicts that `mergeFiles` left in a file. Both sides are opened and trusted first. With paths, conflicts
 * elsewhere stay; the path `["sops"]` is that of the metadata.
 *
 * @throws {SopsError} `SOPS_NO_CONFLICT`, `SOPS_NOTHING_THERE` for a path without a conflict, and what opening throws.
 */
export async function resolveConflict(
  input: Uint8Array,
  format: Format,
  keyring: Keyring,
  { side, paths }: Resolution,
  options: MergeOptions,
): Promise<MergedFile> {
  const texts = splitConflict(Buffer.from(input).toString("utf8"), options.file);
  const ours = await openVersion(Buffer.from(texts.ours), "ours", format, keyring, options);
  const theirs = await openVersion(Buffer.from(texts.theirs), "theirs", format, keyring, options);
  if (paths.length === 0) return { text: texts[side], conflicts: [], metadataConflicts: [] };
  const open = settleTrees(ours.documents, theirs.documents, () => undefined).conflicts;
  const merged = openMetadata(ours, theirs);
  const isMetadata = (path: readonly PathStep[]) => path.length === 1 && path[0] === METADATA_KEY;
  const missing = paths.find((path) =>
    isMetadata(path) ? merged.conflicts.length === 0 : !open.some((conflict) => isBelow(conflict.path, path)),
  );
  if (missing !== undefined) throw nothingToSettle(missing, open);
  const chosen = (path: readonly PathStep[]) => paths.some((wanted) => !isMetadata(wanted) && isBelow(path, wanted));
  const trees = settleTrees(ours.documents, theirs.documents, (path) => (chosen(path) ? side : undefined));
  const metadataConflicts = paths.some(isMetadata) ? [] : merged.conflicts;
  if (metadataConflicts.length > 0 && side === "ours") throw encryptionFirst(options.file, metadataConflicts);
  shareIvs(ours, theirs);
  const versions = { ours, theirs };
  const isSplit = metadataConflicts.length > 0;
  const chosenVersion = merged.conflicts.length > 0 && !isSplit ? versions[side] : versions[merged.keyOf];
  const joint = { ...chosenVersion, preserved: ours.preserved };
  const left = print(isSplit ? ours : joint, trees.ours, format, options);
  if (!isSplit && trees.conflicts.length === 0) return { text: left, conflicts: [], metadataConflicts };
  const right = print(isSplit ? theirs : joint, trees.theirs, format, options);
  return {
    text: conflictText({ ours: left, theirs: right }, options.markerSize),
    conflicts: trees.conflicts,
    metadataConflicts,
  };
}

/** One of the versions, opened and trusted. */
interface Version extends OpenedFile, KeyedMetadata {
  readonly input: Uint8Array;
}

async function openVersion(
  input: Uint8Array,
  place: string,
  format: Format,
  keyring: Keyring,
  options: MergeOptions,
  known?: Uint8Array,
): Promise<Version> {
  let dataKey = known;
  const opened = await openFile(input, format, keyring, {
    ...options,
    preserve: false,
    ignoreMac: false,
    place,
    rememberIvs: true,
    dataKeyOf: async (metadata, ring, subject) => {
      const found = dataKey ?? (await (options.dataKeyOf ?? recoverDataKey)(metadata, ring, subject));
      dataKey = found;
      return found;
    },
  });
  if (dataKey === undefined) throw new RangeError("openVersion: expected a data key");
  return { ...opened, dataKey, input, preserved: preservedText(input, format, opened, options) };
}

/** The clear text in the layout of a file that sops would print in another; undefined where that layout cannot be had. */
function preservedText(
  input: Uint8Array,
  format: Format,
  { documents, metadata, cipher }: OpenedFile,
  options: MergeOptions,
): ClearText | undefined {
  if (!hasLayout(format)) return undefined;
  const context: StoreContext = { ...options, onWarning: undefined };
  const locked = readLocked(input, format, context).documents;
  if (printLocked({ documents: locked, metadata }, format, context) === Buffer.from(input).toString("utf8")) {
    return undefined;
  }
  return orUndefined(() => new ClearText(openPreserved({ input, format, locked, opened: documents, cipher, context })));
}

function orUndefined<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof LayoutError || (error instanceof SopsError && error.code === "SOPS_LAYOUT_NOT_KEPT")) {
      return undefined;
    }
    throw error;
  }
}

/** Who joined lately may have no key for the ancestor, but the data key is often still the one of a descendant. */
async function openBase(
  input: Uint8Array,
  descendants: readonly Version[],
  format: Format,
  keyring: Keyring,
  options: MergeOptions,
): Promise<Version | undefined> {
  if (input.length === 0) return undefined;
  try {
    return await openVersion(input, "base", format, keyring, options);
  } catch (error) {
    if (!(error instanceof SopsError && error.code === "SOPS_NO_DATA_KEY")) throw error;
    for (const { dataKey } of descendants) {
      try {
        return await openVersion(input, "base", format, keyring, options, dataKey);
      } catch (other) {
        if (!(other instanceof SopsError)) throw other;
      }
    }
    throw error;
  }
}

function isUnchanged(
  version: Version,
  documents: readonly Branch[],
  { metadata, keyOf }: MetadataMerge,
  versions: { readonly ours: Version; readonly theirs: Version },
): boolean {
  const own = version.metadata;
  return (
    sameBytes(versions[keyOf].dataKey, version.dataKey) &&
    sameRecipients(metadata, own) &&
    JSON.stringify(metadata.selector) === JSON.stringify(own.selector) &&
    metadata.macOnlyEncrypted === own.macOnlyEncrypted &&
    documents.length === version.documents.length &&
    documents.every((document, at) => isSameNode(document, version.documents[at]))
  );
}

/** A value that came from the other side is written as it was there. */
function shareIvs(ours: Version, theirs: Version): void {
  if (!sameBytes(ours.dataKey, theirs.dataKey)) return;
  ours.cipher.learnIvs(theirs.cipher);
  theirs.cipher.learnIvs(ours.cipher);
}

/** In the layout of the version where it has one of its own and that can follow; as sops prints it otherwise. */
function print(
  { metadata, cipher, preserved }: Pick<OpenedFile, "metadata" | "cipher" | "preserved">,
  documents: readonly Branch[],
  format: Format,
  options: MergeOptions,
): string {
  // Sealing changes documents in place, and both sides share what is not in conflict.
  const seal = (layout: ClearText | undefined) => {
    const opened = { documents: structuredClone([...documents]), metadata, cipher, preserved: layout };
    return reseal(opened, { ...options, outputFormat: format });
  };
  return (preserved === undefined ? undefined : orUndefined(() => seal(preserved))) ?? seal(undefined);
}

/** Our values are not written under their key and selector before somebody took these. */
function encryptionFirst(file: string | undefined, conflicts: readonly MetadataConflict[]): SopsError {
  return new SopsError("SOPS_NO_CONFLICT", `Cannot resolve paths of ${nameOf(file)}: its encryption is in conflict`, {
    file,
    details: [`both sides have their own ${conflicts.join(", ")}`],
    hints: ["settle that first, with ours or theirs: sealkit sops merge --resolve ours FILE '[\"sops\"]'"],
  });
}

function isBelow(path: readonly PathStep[], top: readonly PathStep[]): boolean {
  return top.length <= path.length && top.every((step, at) => step === path[at]);
}

function nothingToSettle(path: readonly PathStep[], open: readonly TreeConflict[]): SopsError {
  const shown = (steps: readonly PathStep[]) => steps.map((step) => `[${JSON.stringify(step)}]`).join("");
  return new SopsError("SOPS_NOTHING_THERE", `Cannot resolve ${shown(path)}: there is no conflict at it or below it`, {
    details: open.map((conflict) => `in conflict: ${shown(conflict.path)}`),
    hints: ["to take one side of everything, name no path"],
  });
}
