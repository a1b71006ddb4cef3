import { SopsError } from "../errors.ts";
import { type Format, storeOf } from "../format.ts";
import type { StoreContext } from "../stores/store.ts";
import type { ValueCipher } from "../values/cipher.ts";
import { looksEncrypted, parseEnvelope } from "../values/envelope.ts";
import type { Branch } from "../values/value.ts";
import { type Hints, readHints } from "./hints.ts";
import { LayoutError, type LocatedText, type Site } from "./layout.ts";
import { bytesOf, type FileText, layoutOf, textOf } from "./layout-of.ts";
import { readsAs } from "./read-again.ts";
import { isSameSpot, spotsOf } from "./spots.ts";
import { edited, type TextEdit } from "./text-edit.ts";

/** Additional data of comments that readers of the format do not see. */
export const UNSEEN_COMMENT = "sealkit_comment:";

/** An encrypted file, as it was read and as it was decrypted. */
export interface PreservedFile {
  readonly input: Uint8Array;
  readonly format: Format;
  /** Its documents before and after decryption: trees of one shape. */
  readonly locked: readonly Branch[];
  readonly opened: readonly Branch[];
  readonly cipher: ValueCipher;
  readonly context: StoreContext;
}

/**
 * The clear text of a file in the layout of the encrypted one: blank lines, quotes, indentation, flow and block style as
 * they stand there.
 *
 * @throws {LayoutError} when that would not say the same values.
 */
export function openPreserved(file: PreservedFile): Uint8Array {
  const { input, format, context, cipher } = file;
  const { metadata } = storeOf(format).loadEncrypted(input, context);
  const hints = readHints(metadata, cipher);
  const withHints = hints.size === 0 ? undefined : attempt(file, hints);
  const result = withHints ?? attempt(file, new Map());
  if (result === undefined) throw new LayoutError("in this layout it would not say the same values");
  return result;
}

function attempt(file: PreservedFile, hints: Hints): Uint8Array | undefined {
  const { input, format, opened, context } = file;
  const source = textOf(input, format);
  const result = bytesOf({ ...source, text: clearTextOf(file, source, hints) });
  try {
    const again = storeOf(format).loadPlain(result, { ...context, onWarning: undefined });
    return readsAs(again, opened) ? result : undefined;
  } catch (error) {
    if (error instanceof SopsError) return undefined;
    throw error;
  }
}

function clearTextOf(file: PreservedFile, { text }: FileText, hints: Hints): string {
  const layout = layoutOf(file.format);
  if (layout === undefined) throw new RangeError("openPreserved: expected a format with a layout");
  const located = layout.locate(text, file.locked);
  const edits = [...openingEdits(file, text, located, hints), ...layout.removeMetadata(text)];
  const result = edited(text, edits);
  if (result === undefined) throw new LayoutError("its values cannot be told from its metadata");
  return result;
}

function openingEdits(
  { locked, opened, cipher }: PreservedFile,
  whole: string,
  located: LocatedText,
  hints: Hints,
): TextEdit[] {
  const [before, after] = [spotsOf(locked), spotsOf(opened)];
  if (before.length !== after.length || located.sites.length !== before.length) {
    throw new LayoutError("its values are not where they are read");
  }
  const edits = after.flatMap((spot, at): TextEdit[] => {
    const old = before[at];
    if (old !== undefined && isSameSpot(old, spot)) return [];
    const site = located.sites[at];
    if (site === undefined) throw new LayoutError("an encrypted value of it has no place of its own");
    const { start, end, text } = site.opened(spot);
    return [{ start, end, text: hints.get(at) ?? text }];
  });
  return [...edits, ...located.unseenComments.flatMap((site) => openedComment(site, whole, cipher))];
}

function openedComment(site: Site, whole: string, cipher: ValueCipher): TextEdit[] {
  const text = whole.slice(site.start + 1, site.end);
  const envelope = looksEncrypted(text) ? parseEnvelope(text) : undefined;
  if (envelope === undefined || "badBase64" in envelope) return [];
  const plain = cipher.open(envelope, UNSEEN_COMMENT)?.toString("utf8");
  return plain === undefined ? [] : [site.opened({ kind: "comment", text: plain, inline: false })];
}
