import { SopsError, type SopsErrorCode, showPath } from "../errors.ts";
import { type Subject, subjectName } from "../keys/subject.ts";
import type { ValueCipher } from "./cipher.ts";
import { type Envelope, EnvelopeReader, looksEncrypted } from "./envelope.ts";
import { Mac } from "./mac.ts";
import { KNOWN_TYPES, leafOf, plaintextOf } from "./plaintext.ts";
import type { CompiledSelector } from "./selector.ts";
import { type Branch, type Comment, goTypeOf, type Leaf } from "./value.ts";
import { type Place, replaceLeaves } from "./walk.ts";

interface TreeOptions {
  readonly selector: CompiledSelector;
  readonly macOnlyEncrypted: boolean;
  readonly subject: Subject;
  /** Whether these are all documents of the file, so that their numbers mean something in an error. */
  readonly areNumbered?: boolean | undefined;
  readonly onDecrypted?: OnDecrypted | undefined;
}

/** Hears each value that was encrypted, with its path (valid during the call) and the document it is in. */
export type OnDecrypted = (leaf: Leaf, path: readonly string[], document: Branch) => void;

export interface DecryptedTree {
  /** The MAC over the values as they are now. */
  readonly mac: string;
  /** Comments that should have been encrypted and were left as they are: nothing protects comments. */
  readonly doubtfulComments: number;
}

/**
 * Decrypts the selected values and comments of all documents in place.
 *
 * @throws {SopsError} `SOPS_NOT_ENCRYPTED`, `SOPS_WRONG_KEY_OR_ALTERED`, `SOPS_BAD_VALUE`, `SOPS_MAC_MISMATCH`.
 */
export function decryptTree(documents: readonly Branch[], cipher: ValueCipher, options: TreeOptions): DecryptedTree {
  const mac = new Mac({ encryptedOnly: options.macOnlyEncrypted });
  const envelopes = new EnvelopeReader();
  let doubtfulComments = 0;
  for (const [at, document] of documents.entries()) {
    const isNumbered = options.areNumbered === true && documents.length > 1;
    const subject = isNumbered ? { ...options.subject, place: `document ${at + 1}` } : options.subject;
    const opener: Opener = { cipher, envelopes, subject };
    replaceLeaves(document, options.selector, {
      value(leaf, place) {
        const clear = place.isSelected ? openValue(leaf, opener, place) : leaf;
        if (clear === null || (typeof clear === "object" && clear.kind === "comment")) return clear;
        mac.add(plaintextOf(clear), place.isSelected);
        if (place.isSelected && clear !== "") options.onDecrypted?.(clear, place.path, document);
        return clear;
      },
      comment(comment, place) {
        if (!place.isSelected || comment.text === "") return comment;
        const text = openComment(comment.text, opener, place.additional);
        if (text === undefined) {
          doubtfulComments++;
          return comment;
        }
        // The original forgets here that a comment stood behind its value.
        return { kind: "comment", text, inline: false };
      },
    });
  }
  return { mac: mac.finish(), doubtfulComments };
}

/** What opens the values of one file. */
interface Opener {
  readonly cipher: ValueCipher;
  readonly envelopes: EnvelopeReader;
  readonly subject: Subject;
}

function openComment(text: string, { cipher, envelopes }: Opener, additional: string): string | undefined {
  const envelope = envelopes.read(text);
  if (envelope === undefined || "badBase64" in envelope) return undefined;
  return cipher.open(envelope, additional)?.toString("utf8");
}

function openValue(leaf: Exclude<Leaf, null>, opener: Opener, place: Place): Leaf | Comment {
  const { cipher, envelopes, subject } = opener;
  if (leaf === "") return leaf;
  if (typeof leaf !== "string" || !looksEncrypted(leaf)) throw notEncrypted(leaf, place, subject);
  const envelope = envelopes.read(leaf);
  if (envelope === undefined) throw notEncrypted(leaf, place, subject);
  if ("badBase64" in envelope) {
    const state = `the ${envelope.badBase64} of its encrypted form is not base64`;
    throw atPlace(
      "SOPS_BAD_VALUE",
      state,
      place,
      subject,
      `Could not decrypt value: Error base64-decoding ${envelope.badBase64}`,
    );
  }
  const plain = cipher.open(envelope, place.additional);
  if (plain === undefined) throw altered(place, subject);
  if (envelope.type === "comment") return commentOf(plain, place, subject);
  const clear = leafOf(plain, envelope.type);
  if (clear === undefined) throw wrongType(envelope, place, subject);
  return clear;
}

function commentOf(plain: Buffer, place: Place, subject: Subject): Comment {
  if (place.isInList) return { kind: "comment", text: plain.toString("utf8"), inline: false };
  throw atPlace(
    "SOPS_MAC_MISMATCH",
    "its type label was changed to comment, which only an item of a list can be",
    place,
    subject,
  );
}

function notEncrypted(leaf: Leaf, place: Place, subject: Subject): SopsError {
  const isText = typeof leaf === "string";
  const upstream = isText ? undefined : `Expected encrypted value as string, but got ${goTypeOf(leaf)}`;
  return atPlace("SOPS_NOT_ENCRYPTED", "it should be encrypted and is not", place, subject, upstream, [
    "someone added or changed it in clear: take it out and set it with sops, or let the selector of the file leave it clear",
  ]);
}

function altered(place: Place, subject: Subject): SopsError {
  return atPlace(
    "SOPS_WRONG_KEY_OR_ALTERED",
    "it was changed, moved to another key, or comes from another file",
    place,
    subject,
    "Could not decrypt value: Could not decrypt with AES_GCM: cipher: message authentication failed",
    ["take the file from version control again; the rest of it is not used"],
  );
}

function wrongType({ type }: Envelope, place: Place, subject: Subject): SopsError {
  const state = KNOWN_TYPES.has(type)
    ? `its type label says ${type}, and that it is not`
    : "its type label is none that the format knows";
  return atPlace("SOPS_BAD_VALUE", state, place, subject);
}

function atPlace(
  code: SopsErrorCode,
  state: string,
  { path }: Place,
  subject: Subject,
  upstream?: string,
  hints: readonly string[] = [],
): SopsError {
  return new SopsError(code, `Cannot decrypt ${showPath(path)} of ${subjectName(subject)}: ${state}`, {
    file: subject.file,
    path: [...path],
    hints,
    upstream: upstream === undefined ? undefined : `Error decrypting tree: Error walking tree: ${upstream}`,
  });
}
