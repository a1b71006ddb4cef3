import type { KeyGroup, Metadata } from "../metadata/metadata.ts";
import { DEFAULT_SELECTOR } from "../values/selector.ts";

/**
 * What of the metadata a person has to decide: what both sides changed, each in its own way; and what theirs alone changed
 * where taking it over could show our values to others.
 */
export type MetadataConflict = "data key" | "recipients" | "selector" | "mac_only_encrypted";

/** One version: what it says, and its data key. */
export interface KeyedMetadata {
  readonly metadata: Metadata;
  readonly dataKey: Uint8Array;
}

/** What a merged file says of its encryption. */
export interface MetadataMerge {
  readonly metadata: Metadata;
  /** Whose data key the entries of `metadata` hold. */
  readonly keyOf: "ours" | "theirs";
  readonly conflicts: readonly MetadataConflict[];
}

/**
 * Merges metadata field by field: what one side changed is taken, except where the other side need not be who it seems.
 * Anybody can encrypt to the recipients of a file, and nothing authenticates its selector. So a data key that is new in
 * theirs, which its author knows, and a selector of theirs, which may leave our values in clear, are for a person to
 * take. Neither can keys that one side rotated and recipients that only the other changed be joined without wrapping a
 * key anew.
 */
export function mergeMetadata(
  base: KeyedMetadata | undefined,
  ours: KeyedMetadata,
  theirs: KeyedMetadata,
): MetadataMerge {
  const conflicts: MetadataConflict[] = [];
  const pick = <T>(what: MetadataConflict, partOf: (metadata: Metadata) => T): "ours" | "theirs" => {
    const nameOf = (version: KeyedMetadata) => JSON.stringify(partOf(version.metadata));
    const [left, right] = [nameOf(ours), nameOf(theirs)];
    if (left === right || (base !== undefined && nameOf(base) === right)) return "ours";
    if (base !== undefined && nameOf(base) === left && what !== "selector") return "theirs";
    conflicts.push(what);
    return "ours";
  };
  const selector = pick("selector", ({ selector: given }) => given ?? DEFAULT_SELECTOR);
  const macOnly = pick("mac_only_encrypted", ({ macOnlyEncrypted }) => macOnlyEncrypted);
  const recipients = pick("recipients", ({ keyGroups, shamirThreshold }) => [whoReads(keyGroups), shamirThreshold]);
  const isSameKey = sameBytes(ours.dataKey, theirs.dataKey);
  const isOursNew = base === undefined || !sameBytes(ours.dataKey, base.dataKey);
  const isTheirsNew = base === undefined || !sameBytes(theirs.dataKey, base.dataKey);
  const keyOf = isSameKey || isOursNew || !isTheirsNew ? "ours" : "theirs";
  if (keyOf === "theirs") conflicts.push("data key");
  const areRecipientsEqual = sameRecipients(ours.metadata, theirs.metadata);
  const isSplit = !isSameKey && !areRecipientsEqual && recipients !== keyOf;
  if (isSplit && !conflicts.includes("recipients")) conflicts.push("recipients");
  const versions = { ours: ours.metadata, theirs: theirs.metadata };
  // With one data key the entries of either side open it; with two, only those of the side whose key it is.
  const entries = versions[isSameKey && !conflicts.includes("recipients") ? recipients : keyOf];
  return {
    metadata: {
      ...versions[keyOf],
      keyGroups: entries.keyGroups,
      shamirThreshold: entries.shamirThreshold,
      selector: versions[selector].selector,
      macOnlyEncrypted: versions[macOnly].macOnlyEncrypted,
    },
    keyOf,
    conflicts,
  };
}

/** What two sides of a conflict that was left open still disagree about: of their ancestor nothing is known any more. */
export function openMetadata(ours: KeyedMetadata, theirs: KeyedMetadata): MetadataMerge {
  const merged = mergeMetadata(undefined, ours, theirs);
  const isOpen = !sameBytes(ours.dataKey, theirs.dataKey);
  return isOpen ? { ...merged, conflicts: ["data key", ...merged.conflicts] } : merged;
}

/** The keys of all groups without what differs from one encryption to the next. */
function whoReads(groups: readonly KeyGroup[]): unknown {
  return groups.map((group) =>
    group
      .map(({ type, fields }) => [
        type,
        ...[...fields]
          .filter(([name, value]) => name !== "enc" && name !== "created_at" && value !== "")
          .map(([name, value]) => [name, typeof value === "string" ? value : [...value].sort()]),
      ])
      .map((key) => JSON.stringify(key))
      .sort(),
  );
}

/** Whether two files can be read by the same keys, and take as many of them. */
export function sameRecipients(one: Metadata, other: Metadata): boolean {
  return (
    one.shamirThreshold === other.shamirThreshold &&
    JSON.stringify(whoReads(one.keyGroups)) === JSON.stringify(whoReads(other.keyGroups))
  );
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
