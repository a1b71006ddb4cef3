import { SopsError } from "../errors.ts";
import { type Format, storeOf } from "../format.ts";
import { isSameNode } from "../merge/same-node.ts";
import { type Metadata, metadataBranch } from "../metadata/metadata.ts";
import type { StoreContext } from "../stores/store.ts";
import type { ValueCipher } from "../values/cipher.ts";
import { decryptTree } from "../values/decrypt-tree.ts";
import { encryptTree } from "../values/encrypt-tree.ts";
import { sameMac } from "../values/mac.ts";
import { compileSelector, DEFAULT_SELECTOR } from "../values/selector.ts";
import { lastModifiedAt } from "../values/time.ts";
import type { Branch } from "../values/value.ts";
import { type Hints, withHints } from "./hints.ts";
import { type Layout, LayoutError } from "./layout.ts";
import { bytesOf, layoutOf, textOf } from "./layout-of.ts";
import { openPreserved, UNSEEN_COMMENT } from "./open-preserved.ts";
import { isCommentSpot, isSameSpot, type Spot, spotsOf } from "./spots.ts";
import { edited, type TextEdit } from "./text-edit.ts";

/** A clear text, and what it is encrypted with. */
export interface ClearFile {
  readonly input: Uint8Array;
  readonly format: Format;
  /** Its time and its MAC are set anew. */
  readonly metadata: Metadata;
  readonly cipher: ValueCipher;
  readonly context: StoreContext & { readonly now: number };
  /** The values, where they are known better than the text tells: a float may stand there as an integer. */
  readonly values?: readonly Branch[] | undefined;
}

export interface SealedFile {
  readonly text: string;
  readonly metadata: Metadata;
}

/**
 * Encrypts the values of a text where they stand; all between them stays. The result was read again and decrypted before
 * it is returned: it says the same values to every reader, has a MAC that fits, and gives exactly this clear text back.
 *
 * @throws {LayoutError} when that cannot be. {SopsError} as `encrypt` does.
 */
export function sealPreserved(file: ClearFile): SealedFile {
  const { input, format, cipher, context } = file;
  const layout = layoutOf(format);
  if (layout === undefined) throw new RangeError("sealPreserved: expected a format with a layout");
  const store = storeOf(format);
  const clear = file.values ?? store.loadPlain(input, context);
  const sealed = structuredClone(clear);
  const { macOnlyEncrypted, selector = DEFAULT_SELECTOR } = file.metadata;
  const compiled = compileSelector(selector, { badPattern: "refused", file: context.file });
  const mac = encryptTree(sealed, cipher, { selector: compiled, macOnlyEncrypted, file: context.file });
  const lastModified = lastModifiedAt(context.now);
  const metadata: Metadata = { ...file.metadata, selector, lastModified, mac: cipher.seal(mac, "str", lastModified) };

  const source = textOf(input, format);
  const edits = sealingEdits(source.text, layout, { clear, sealed, cipher });
  const finish = (hints: Hints): Uint8Array => {
    const branch = withHints(metadataBranch(metadata), hints, cipher);
    const text = edited(source.text, edits);
    if (text === undefined) throw new LayoutError("its values cannot be told apart");
    const whole = edited(text, layout.addMetadata(text, branch, context.indent));
    if (whole === undefined) throw new LayoutError("its documents cannot be told apart");
    return bytesOf({ ...source, text: whole });
  };
  const plain = finish(new Map());
  const locked = checked(plain, { clear, mac, file, metadata });
  const hints = hintsFor(plain, locked, { ...file, clear, source: source.text, edits });
  const result = hints.size === 0 ? plain : finish(hints);
  const again = openPreserved({ input: result, format, locked, opened: clear, cipher, context });
  if (Buffer.compare(again, input) !== 0) throw new LayoutError("it would not be the same when it is decrypted");
  return { text: Buffer.from(result).toString("utf8"), metadata };
}

interface Trees {
  readonly clear: readonly Branch[];
  readonly sealed: readonly Branch[];
  readonly cipher: ValueCipher;
}

function sealingEdits(text: string, layout: Layout, { clear, sealed, cipher }: Trees): TextEdit[] {
  const { sites, unseenComments } = layout.locate(text, clear);
  const [before, after] = [spotsOf(clear), spotsOf(sealed)];
  if (sites.length !== before.length) throw new LayoutError("its values are not where they are read");
  const edits = after.flatMap((spot, at): TextEdit[] => {
    const old = before[at];
    if (old === undefined || isSameSpot(old, spot)) return [];
    const site = sites[at];
    if (site === undefined)
      throw new LayoutError("a value that is encrypted stands behind an alias, or has no place of its own");
    return [site.sealed(envelopeOf(spot))];
  });
  const unseen = unseenComments.map((site) =>
    site.sealed(cipher.seal(text.slice(site.start + 1, site.end), "comment", UNSEEN_COMMENT)),
  );
  return [...edits, ...unseen];
}

function envelopeOf(spot: Spot): string {
  if (typeof spot === "string") return spot;
  if (isCommentSpot(spot)) return spot.text;
  throw new RangeError("sealPreserved: expected a ciphertext");
}

interface Expected {
  readonly clear: readonly Branch[];
  readonly mac: string;
  readonly file: ClearFile;
  readonly metadata: Metadata;
}

/** Reads the encrypted text as every reader does, and decrypts it. Returns its documents as they stand there. */
function checked(input: Uint8Array, { clear, mac, file, metadata }: Expected): readonly Branch[] {
  try {
    const { documents } = storeOf(file.format).loadEncrypted(input, { ...file.context, onWarning: undefined });
    const opened = structuredClone(documents);
    const selector = compileSelector(metadata.selector ?? DEFAULT_SELECTOR, { badPattern: "refused" });
    const { macOnlyEncrypted } = metadata;
    const tree = decryptTree(opened, file.cipher, { selector, macOnlyEncrypted, subject: { file: file.context.file } });
    const isSame = opened.length === clear.length && opened.every((document, at) => isSameNode(document, clear[at]));
    if (isSame && sameMac(tree.mac, mac)) return documents;
  } catch (error) {
    if (!(error instanceof SopsError)) throw error;
  }
  throw new LayoutError("encrypted in this layout, it would be read in another way");
}

interface Sources extends ClearFile {
  readonly clear: readonly Branch[];
  readonly source: string;
  readonly edits: readonly TextEdit[];
}

/** The texts of values that would be written otherwise when they are decrypted. */
function hintsFor(sealed: Uint8Array, locked: readonly Branch[], file: Sources): Hints {
  const layout = layoutOf(file.format);
  const hints = new Map<number, string>();
  if (layout === undefined) return hints;
  const before = layout.locate(file.source, file.clear).sites;
  const after = layout.locate(textOf(sealed, file.format).text, locked).sites;
  const [clear, closed] = [spotsOf(file.clear), spotsOf(locked)];
  for (const [at, spot] of clear.entries()) {
    const [site, sealedSite, old] = [before[at], after[at], closed[at]];
    if (site === undefined || sealedSite === undefined || old === undefined || isSameSpot(old, spot)) continue;
    const raw = file.source.slice(site.start, site.end);
    if (sealedSite.opened(spot).text !== raw) hints.set(at, raw);
  }
  return hints;
}
