import { primitives } from "#primitives";
import { decodeBase64Go } from "../../bytes/base64.ts";
import { encodeHex } from "../../bytes/hex.ts";

/**
 * Annotation of a SealedSecret that says for each item which key it was sealed for, so far as whoever sealed it says so.
 * Nothing authenticates it. Only our own commands write it, and never into the template: the Secret does not get it.
 */
export const HINTS_ANNOTATION = "sealkit.dev/hints";

const VERSION = "v1";
const HASH_DIGITS = 12;
/** The API server takes no more in all annotations of an object together. */
const MAX_LENGTH = 256 * 1024;

/** What a hint says of one item. */
export interface ItemHint {
  /** `SHA256:…` of the key that the item was sealed for. */
  readonly fingerprint: string;
  /** The first 12 hexadecimal digits of SHA-256 over the sealed bytes. */
  readonly hash: string;
}

/** Item to hint. */
export type Hints = ReadonlyMap<string, ItemHint>;

/** The short hash of an item as it stands in a manifest; undefined when it is not base64. */
export function hashOfItem(item: string): string | undefined {
  const { bytes } = decodeBase64Go(item);
  return bytes === undefined ? undefined : encodeHex(primitives.sha256(bytes)).slice(0, HASH_DIGITS);
}

/**
 * The hints that an annotation holds. Whatever is not in the form that `hintsText` writes says nothing: an unknown
 * version, a broken part, an item that is there twice.
 *
 * Form: `v1;SHA256:…;password=0a1b2c3d4e5f;user=…;SHA256:…;token=…`: items follow the key that they were sealed for.
 */
export function readHints(annotation: string | undefined): Hints {
  const hints = new Map<string, ItemHint>();
  if (annotation === undefined || annotation.length > MAX_LENGTH) return hints;
  const [version, ...parts] = annotation.trim().split(";");
  if (version !== VERSION) return hints;
  const repeated = new Set<string>();
  let fingerprint: string | undefined;
  for (const part of parts) {
    if (part.startsWith("SHA256:")) {
      fingerprint = /^SHA256:[A-Za-z0-9+/]{43}$/.test(part) ? part : undefined;
      continue;
    }
    const { item, hash } = /^(?<item>[-._A-Za-z0-9]{1,253})=(?<hash>[0-9a-f]{12})$/.exec(part)?.groups ?? {};
    if (item === undefined || hash === undefined || fingerprint === undefined) continue;
    if (hints.has(item)) repeated.add(item);
    hints.set(item, { fingerprint, hash });
  }
  for (const item of repeated) hints.delete(item);
  return hints;
}

/** The annotation for some hints, undefined for none. Sorted, so that the same hints give the same text. */
export function hintsText(hints: Hints): string | undefined {
  if (hints.size === 0) return undefined;
  const byKey = new Map<string, string[]>();
  for (const [item, { fingerprint, hash }] of [...hints].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const items = byKey.get(fingerprint) ?? [];
    items.push(`${item}=${hash}`);
    byKey.set(fingerprint, items);
  }
  const groups = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1));
  return [VERSION, ...groups.flatMap(([fingerprint, items]) => [fingerprint, ...items])].join(";");
}

/** Hints for items that were all sealed for one key. */
export function hintsOf(items: Readonly<Record<string, string>>, fingerprint: string): Hints {
  const hints = new Map<string, ItemHint>();
  for (const [name, item] of Object.entries(items)) {
    const hash = hashOfItem(item);
    if (hash !== undefined) hints.set(name, { fingerprint, hash });
  }
  return hints;
}

/**
 * What a hint claims of an item: the key it names, when the item is still the one that it was written for. Undefined
 * when there is no hint or the item has changed since: then nothing is known.
 */
export function claimedKey(hints: Hints, name: string, item: unknown): string | undefined {
  const hint = hints.get(name);
  if (hint === undefined || typeof item !== "string") return undefined;
  return hashOfItem(item) === hint.hash ? hint.fingerprint : undefined;
}
