import { ClearText } from "../../clear-text.ts";
import { SopsError } from "../errors.ts";
import { type Format, storeOf } from "../format.ts";
import { recoverDataKey } from "../keys/data-key.ts";
import type { Keyring } from "../keys/keyring.ts";
import { type Subject, subjectName } from "../keys/subject.ts";
import { SOPS_LIMITS } from "../limits.ts";
import type { Metadata } from "../metadata/metadata.ts";
import { readMetadata } from "../metadata/metadata-read.ts";
import { hasLayout, keepingLayout } from "../preserve/keeping-layout.ts";
import { openPreserved } from "../preserve/open-preserved.ts";
import type { StoreContext } from "../stores/store.ts";
import { type FillRandom, ValueCipher } from "../values/cipher.ts";
import { decryptTree, type OnDecrypted } from "../values/decrypt-tree.ts";
import { parseEnvelope } from "../values/envelope.ts";
import { sameMac } from "../values/mac.ts";
import { compileSelector, DEFAULT_SELECTOR } from "../values/selector.ts";
import { normaliseLastModified } from "../values/time.ts";
import type { Branch } from "../values/value.ts";

export interface OpenOptions extends Subject, StoreContext {
  /** Do not look at the MAC. Values stay protected one by one; their order, clear values and deletions do not. */
  readonly ignoreMac?: boolean | undefined;
  readonly onDecrypted?: OnDecrypted | undefined;
  /** Keep the IVs of all values, so that those nobody touches are written again as they were. */
  readonly rememberIvs?: boolean | undefined;
  /** Random bytes for what is encrypted with the file's cipher afterwards; the system's when absent. */
  readonly fillRandom?: FillRandom | undefined;
  /** The file as `readLocked` gave it, for whoever has it already: it is decrypted in place. */
  readonly locked?: LockedFile | undefined;
  /** Finds the data key; a cache for many files may stand here. */
  readonly dataKeyOf?: ((metadata: Metadata, keyring: Keyring, subject: Subject) => Promise<Uint8Array>) | undefined;
}

/** An encrypted file, read and not decrypted. */
export interface LockedFile {
  readonly documents: readonly Branch[];
  readonly metadata: Metadata;
}

/** A file in clear, as a tree, with the cipher that opened its values. */
export interface OpenedFile extends LockedFile {
  readonly cipher: ValueCipher;
  /** The clear text in the layout of the file, where that is to be kept. */
  readonly preserved?: ClearText | undefined;
}

/** Reads a file without its key. @throws {SopsError} when it is not encrypted, damaged or too large. */
export function readLocked(input: Uint8Array, format: Format, context: StoreContext): LockedFile {
  checkSize(input, context.file);
  try {
    const { documents, metadata } = storeOf(format).loadEncrypted(input, context);
    return { documents, metadata: readMetadata(metadata, context.file) };
  } catch (error) {
    throw error instanceof SopsError && isInConflict(input) ? conflictError(error, context.file) : error;
  }
}

function isInConflict(input: Uint8Array): boolean {
  const text = Buffer.from(input).toString("latin1");
  return /^<{7} /m.test(text) && /^>{7} /m.test(text);
}

function conflictError({ code, message, path, details, upstream }: SopsError, file: string | undefined): SopsError {
  return new SopsError(code, message, {
    file,
    path,
    upstream,
    details: [...details, "it holds the two sides of a merge, with the markers of git"],
    hints: [`sealkit sops merge --resolve ours ${file ?? "FILE"}`, "or: --resolve theirs, also path by path"],
  });
}

/** Reads and decrypts a file. @throws {SopsError} for anything that is not as it should be. */
export async function openFile(
  input: Uint8Array,
  format: Format,
  keyring: Keyring,
  options: OpenOptions,
): Promise<OpenedFile> {
  const locked = options.locked ?? readLocked(input, format, options);
  const before = options.preserve === true && hasLayout(format) ? structuredClone(locked.documents) : undefined;
  const cipher = await openDocuments(locked.documents, locked.metadata, keyring, { ...options, areNumbered: true });
  if (before === undefined) return { ...locked, cipher };
  const preserved = keepingLayout(options.file, () =>
    openPreserved({ input, format, locked: before, opened: locked.documents, cipher, context: options }),
  );
  return { ...locked, cipher, preserved: new ClearText(preserved) };
}

/**
 * Opens every value of a file that was read, in place, and checks its MAC: for whoever wants to know that it opens, and has
 * no use for the clear text.
 *
 * @throws {SopsError} as `openFile`.
 */
export async function proveLocked(
  { documents, metadata }: LockedFile,
  keyring: Keyring,
  options: OpenOptions,
): Promise<void> {
  await openDocuments(documents, metadata, keyring, { ...options, areNumbered: true });
}

/** Decrypts documents that share one set of metadata, in place, and checks their MAC. Returns the cipher. @throws {SopsError} */
export async function openDocuments(
  documents: readonly Branch[],
  metadata: Metadata,
  keyring: Keyring,
  options: OpenOptions & { readonly areNumbered?: boolean },
): Promise<ValueCipher> {
  const dataKey = await (options.dataKeyOf ?? recoverDataKey)(metadata, keyring, options);
  const { rememberIvs = false, fillRandom } = options;
  const cipher = new ValueCipher(dataKey, { rememberIvs, ...(fillRandom === undefined ? {} : { fillRandom }) });
  const selector = compileSelector(metadata.selector ?? DEFAULT_SELECTOR, { badPattern: "matches nothing" });
  const { mac, doubtfulComments } = decryptTree(documents, cipher, {
    selector,
    macOnlyEncrypted: metadata.macOnlyEncrypted,
    subject: options,
    areNumbered: options.areNumbered,
    onDecrypted: options.onDecrypted,
  });
  if (doubtfulComments > 0) {
    options.onWarning?.(`${doubtfulComments} comment(s) should be encrypted and are not; nothing protects comments`);
  }
  if (options.ignoreMac !== true) checkMac(metadata, mac, cipher, options);
  return cipher;
}

export function checkSize(input: Uint8Array, file: string | undefined): void {
  const { maxFileBytes } = SOPS_LIMITS;
  if (input.length <= maxFileBytes) return;
  const state = `it is larger than ${maxFileBytes / 1024 / 1024} MiB`;
  throw new SopsError("SOPS_TOO_LARGE", `Cannot read ${subjectName({ file })}: ${state}`, { file });
}

function checkMac(metadata: Metadata, computed: string, cipher: ValueCipher, subject: Subject): void {
  if (metadata.mac === "") {
    throw macError("it has no MAC", subject, "MAC mismatch. File has no MAC");
  }
  const envelope = parseEnvelope(metadata.mac);
  const additional = normaliseLastModified(metadata.lastModified) ?? "";
  const stored =
    envelope === undefined || "badBase64" in envelope
      ? undefined
      : cipher.open(envelope, additional)?.toString("latin1");
  if (stored === undefined) {
    const upstream = "Cannot decrypt MAC: Could not decrypt with AES_GCM: cipher: message authentication failed";
    throw macError("its MAC, or the time it is bound to, was altered", subject, upstream);
  }
  if (!sameMac(stored, computed)) {
    // The original prints both. They are hashes of the clear text: whoever reads the log could try short values.
    throw macError("its values are not the ones it was saved with", subject, "MAC mismatch");
  }
}

function macError(state: string, subject: Subject, upstream: string): SopsError {
  return new SopsError("SOPS_MAC_MISMATCH", `Cannot trust ${subjectName(subject)}: ${state}`, {
    file: subject.file,
    details: ["a value was added, removed, moved or changed outside of SOPS, or two versions were merged"],
    hints: ["take the file from version control again, or look at it with --ignore-mac and encrypt it anew"],
    upstream,
  });
}
