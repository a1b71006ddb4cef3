import { ClearText } from "../../clear-text.ts";
import { nameOf, SopsError } from "../errors.ts";
import { type Format, storeOf } from "../format.ts";
import { recoverDataKey } from "../keys/data-key.ts";
import { type Keyring, loadKeyring } from "../keys/keyring.ts";
import { rewrap } from "../keys/rewrap.ts";
import { type KeyGroup, type Metadata, metadataBranch } from "../metadata/metadata.ts";
import { readMetadata } from "../metadata/metadata-read.ts";
import { isOlder } from "../metadata/version.ts";
import { keepingLayout, refuseMetadataInLayout, refuseOtherFormat } from "../preserve/keeping-layout.ts";
import { sealPreserved } from "../preserve/seal-preserved.ts";
import type { StoreContext } from "../stores/store.ts";
import type { ValueCipher } from "../values/cipher.ts";
import { compileSelector, DEFAULT_SELECTOR } from "../values/selector.ts";
import type { Branch } from "../values/value.ts";
import { type EncryptOptions, newLock, refuseMetadataKey, SOPS_VERSION, sealNew } from "./encrypt.ts";
import { EXAMPLES } from "./example.ts";
import { checkSize, type OpenOptions, openFile } from "./open-file.ts";

/** A file that somebody edits in clear. */
export interface Editing {
  /** What the editor shows first. */
  readonly shown: ClearText;
  /**
   * The encrypted file for an edited text. Values that were not touched stay as they are, byte for byte. May be called
   * again after a refusal. `now` is in milliseconds since the epoch.
   *
   * @throws {SopsError} `SOPS_BAD_SYNTAX` and the like when the text is not of the format; `SOPS_EMPTY_FILE`,
   * `SOPS_ALREADY_ENCRYPTED`, `SOPS_COMMENT_CONFLICT`, `SOPS_UNPRINTABLE` when it cannot be encrypted.
   */
  seal(edited: Uint8Array, now: number): Promise<string>;
  /** The edited bytes as they are, as a binary SOPS file for the same keys: for texts that `seal` refuses. */
  sealAsIs(edited: Uint8Array, now: number): string;
}

interface Showing {
  /** The format of the result, which is also the one that is edited; that of the input when absent. */
  readonly outputFormat?: Format | undefined;
  /** Show the metadata too. What is changed in it counts: keys, threshold, selector. */
  readonly showMasterKeys?: boolean | undefined;
}

/**
 * Opens an encrypted file for an editor.
 *
 * @throws {SopsError} as `decrypt`; `SOPS_BAD_REGEX` for a selector that is no pattern: it would leave all values in clear.
 */
export async function editFile(
  input: Uint8Array,
  format: Format,
  keyring: Keyring,
  options: OpenOptions & Showing,
): Promise<Editing> {
  const { outputFormat = format, dataKeyOf = recoverDataKey } = options;
  let dataKey: Uint8Array = new Uint8Array();
  if (options.preserve === true) {
    refuseOtherFormat(format, outputFormat, options.file);
    if (options.showMasterKeys === true) refuseMetadataInLayout(options.file);
  }
  const opened = await openFile(input, format, keyring, {
    ...options,
    rememberIvs: true,
    dataKeyOf: async (...asked) => {
      dataKey = await dataKeyOf(...asked);
      return dataKey;
    },
  });
  const { metadata, cipher } = opened;
  compileSelector(metadata.selector ?? DEFAULT_SELECTOR, { badPattern: "refused", file: options.file });
  const version = isOlder(metadata.version, SOPS_VERSION) ? SOPS_VERSION : metadata.version;
  // One that names no selector names the default one from now on, as with the original.
  const next = { ...metadata, version, selector: metadata.selector ?? DEFAULT_SELECTOR };
  return editing(
    opened.documents,
    { shown: metadata, metadata: next, dataKey, cipher, keyring },
    outputFormat,
    options,
    opened.preserved,
  );
}

/**
 * Begins a file that does not exist yet, with an example of its format.
 *
 * @throws {SopsError} as `encrypt` does for recipients, threshold and selector.
 */
export async function editNewFile(format: Format, options: EncryptOptions & Showing): Promise<Editing> {
  const { outputFormat = format } = options;
  const { metadata, dataKey, cipher } = await newLock(storeOf(format), options);
  const documents = storeOf(format).loadPlain(Buffer.from(EXAMPLES[format]), options);
  return editing(
    documents,
    { shown: metadata, metadata, dataKey, cipher, keyring: options.keyring ?? loadKeyring([]) },
    outputFormat,
    options,
  );
}

interface Lock {
  /** As the editor shows it, when it does. */
  readonly shown: Metadata;
  /** What the edited file gets, but for its time and MAC. */
  readonly metadata: Metadata;
  readonly dataKey: Uint8Array;
  readonly cipher: ValueCipher;
  /** Whose services encrypt the data key to keys that were added in the editor. */
  readonly keyring: Keyring;
}

function editing(
  documents: readonly Branch[],
  lock: Lock,
  format: Format,
  options: StoreContext & Pick<Showing, "showMasterKeys">,
  preserved?: ClearText,
): Editing {
  const store = storeOf(format);
  const withKeys = options.showMasterKeys === true;
  const printed = withKeys
    ? store.emitEncrypted(documents, metadataBranch(lock.shown), options)
    : store.emitPlain(documents, options);
  return {
    shown: preserved ?? (typeof printed === "string" ? ClearText.fromText(printed) : new ClearText(printed)),
    async seal(edited, now) {
      checkSize(edited, options.file);
      const { documents: next, metadata } = withKeys
        ? await readWithKeys(edited, lock, format, { ...options, now })
        : { documents: store.loadPlain(edited, options), metadata: lock.metadata };
      if (next.length === 0) throw empty(options.file);
      refuseMetadataKey(next, store, options.file);
      const context = { ...options, now };
      if (preserved !== undefined) {
        const clear = { input: edited, format, metadata, cipher: lock.cipher, context };
        return keepingLayout(options.file, () => sealPreserved(clear)).text;
      }
      return sealNew(next, { metadata, cipher: lock.cipher }, store, { ...options, now }).text;
    },
    sealAsIs(edited, now) {
      const binary = storeOf("binary");
      const metadata = { ...lock.metadata, selector: undefined, macOnlyEncrypted: false };
      const whole = binary.loadPlain(edited, options);
      return sealNew(whole, { metadata, cipher: lock.cipher }, binary, { ...options, now }).text;
    },
  };
}

/** The documents, and the metadata with what was changed in the editor. A data key is encrypted anew only to changed keys. */
async function readWithKeys(
  edited: Uint8Array,
  { shown, metadata, dataKey, keyring }: Lock,
  format: Format,
  options: StoreContext & { readonly now: number },
): Promise<{ documents: Branch[]; metadata: Metadata }> {
  const read = storeOf(format).loadEncrypted(edited, options);
  const wanted = readMetadata(read.metadata, options.file);
  const { selector, macOnlyEncrypted, shamirThreshold: threshold } = wanted;
  const changed = { ...metadata, selector: selector ?? metadata.selector, macOnlyEncrypted };
  const isSame = keysOf(wanted.keyGroups) === keysOf(shown.keyGroups) && threshold === shown.shamirThreshold;
  if (isSame) return { documents: read.documents, metadata: changed };
  const keys = await rewrap(dataKey, { groups: wanted.keyGroups, threshold, keyring, now: options.now });
  return { documents: read.documents, metadata: { ...changed, ...keys } };
}

/** Keys with all their fields, for comparison. */
function keysOf(groups: readonly KeyGroup[]): string {
  const plain = groups.map((group) =>
    group.map(({ type, fields }) => [
      type,
      [...fields].map(([name, value]) => [name, typeof value === "string" ? value : [...value]]),
    ]),
  );
  return JSON.stringify(plain);
}

function empty(file: string | undefined): SopsError {
  return new SopsError(
    "SOPS_EMPTY_FILE",
    `Cannot encrypt ${nameOf(file)}: it is empty, and at least one document is needed`,
    {
      file,
      upstream: "File cannot be completely empty, it must contain at least one document",
    },
  );
}
