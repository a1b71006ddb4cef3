import { nameOf, SopsError } from "../errors.ts";
import { type Format, storeOf } from "../format.ts";
import { ageKey } from "../keys/age-key.ts";
import { newDataKey } from "../keys/data-key.ts";
import { type Keyring, loadKeyring } from "../keys/keyring.ts";
import { rewrap } from "../keys/rewrap.ts";
import { type KeyGroup, type Metadata, metadataBranch } from "../metadata/metadata.ts";
import { hasLayout, keepingLayout, refuseOtherFormat } from "../preserve/keeping-layout.ts";
import { sealPreserved } from "../preserve/seal-preserved.ts";
import type { Store, StoreContext } from "../stores/store.ts";
import { type FillRandom, ValueCipher } from "../values/cipher.ts";
import { encryptTree } from "../values/encrypt-tree.ts";
import { type CompiledSelector, compileSelector, DEFAULT_SELECTOR, type Selector } from "../values/selector.ts";
import { lastModifiedAt } from "../values/time.ts";
import type { Branch } from "../values/value.ts";
import { checkSize } from "./open-file.ts";

/** The version of the original whose files ours are like; readers compare it. */
export const SOPS_VERSION = "3.13.3";

export interface EncryptOptions extends StoreContext {
  /** Age recipients, `age1…`, at least one, unless `recipientGroups` or `keyGroups` names them. */
  readonly recipients?: readonly string[] | undefined;
  /** Milliseconds since the epoch, for `lastmodified`. */
  readonly now: number;
  /** Which values to encrypt; all but those under keys that end in `_unencrypted` when absent. */
  readonly selector?: Selector | undefined;
  /** Leave clear values out of the MAC, so that they can be changed without the key. */
  readonly macOnlyEncrypted?: boolean | undefined;
  /** Recipients of each key group, in place of `recipients`: the data key is shared among the groups. */
  readonly recipientGroups?: readonly (readonly string[])[] | undefined;
  /** Keys of any type of each key group, in place of recipients. */
  readonly keyGroups?: readonly KeyGroup[] | undefined;
  /** Whose services encrypt the data key; for age recipients none is needed. */
  readonly keyring?: Keyring | undefined;
  /** How many key groups it takes to decrypt, all when 0. Written into the file; for one group it has no effect. */
  readonly shamirThreshold?: number | undefined;
  /** The format of the result; that of the input when absent. */
  readonly outputFormat?: Format | undefined;
  /** Random bytes for the data key and the IVs; the system's when absent. Age brings its own. */
  readonly fillRandom?: FillRandom | undefined;
}

export interface Encrypted {
  readonly text: string;
  readonly metadata: Metadata;
}

/**
 * Encrypts a file: its structure, keys and numbers of values stay readable, its values do not.
 *
 * @throws {SopsError} `SOPS_ALREADY_ENCRYPTED`, `SOPS_BAD_REGEX`, `SOPS_NO_RECIPIENTS`, `SOPS_BAD_RECIPIENT`,
 * `SOPS_BAD_THRESHOLD`, `SOPS_KEY_NOT_USED`, and what the format refuses.
 *
 * @example
 * const { text } = await encrypt("password: x\n", "yaml", { recipients: ["age1…"], now: Date.now() });
 */
export async function encrypt(input: Uint8Array | string, format: Format, options: EncryptOptions): Promise<Encrypted> {
  const { file, outputFormat = format } = options;
  const [source, output] = [storeOf(format), storeOf(outputFormat)];
  const bytes = typeof input === "string" ? Buffer.from(input) : input;
  checkSelector(source, options);
  checkSize(bytes, file);
  const documents = source.loadPlain(bytes, options);
  refuseMetadataKey(documents, output, file);
  const lock = await newLock(source, options);
  if (options.preserve !== true || !hasLayout(format)) return sealNew(documents, lock, output, options);
  refuseOtherFormat(format, outputFormat, file);
  return keepingLayout(file, () => sealPreserved({ input: bytes, format, ...lock, context: options }));
}

/** What a file that does not exist yet will be encrypted with. Its metadata lacks the MAC. */
export interface NewLock {
  readonly metadata: Metadata;
  readonly dataKey: Uint8Array;
  readonly cipher: ValueCipher;
}

/** @throws {SopsError} `SOPS_BAD_REGEX` */
function checkSelector(source: Store, options: EncryptOptions): CompiledSelector {
  const { selector } = selectionOf(source, { ...options, onWarning: undefined });
  return compileSelector(selector ?? DEFAULT_SELECTOR, { badPattern: "refused", file: options.file });
}

/**
 * Makes a data key and encrypts it to everybody who shall have it.
 *
 * @throws {SopsError} `SOPS_BAD_REGEX`, `SOPS_NO_RECIPIENTS`, `SOPS_BAD_RECIPIENT`, `SOPS_BAD_THRESHOLD`.
 */
export async function newLock(source: Store, options: EncryptOptions): Promise<NewLock> {
  checkSelector(source, options);
  const { selector, macOnlyEncrypted } = selectionOf(source, options);
  const dataKey = newDataKey(options.fillRandom);
  const { fillRandom, now, shamirThreshold: threshold = 0, keyring = loadKeyring([]) } = options;
  const keys = await rewrap(dataKey, { groups: keyGroupsOf(options), threshold, keyring, now, fillRandom });
  const metadata: Metadata = {
    ...keys,
    lastModified: lastModifiedAt(now),
    mac: "",
    selector,
    macOnlyEncrypted,
    version: SOPS_VERSION,
  };
  return { metadata, dataKey, cipher: new ValueCipher(dataKey, fillRandom === undefined ? {} : { fillRandom }) };
}

/** Encrypts the documents of a new file in place, and prints it. @throws {SopsError} `SOPS_COMMENT_CONFLICT`, `SOPS_UNPRINTABLE`. */
export function sealNew(
  documents: readonly Branch[],
  { metadata: unsealed, cipher }: Pick<NewLock, "metadata" | "cipher">,
  output: Store,
  options: StoreContext & { readonly now: number },
): Encrypted {
  const { selector = DEFAULT_SELECTOR, macOnlyEncrypted } = unsealed;
  const compiled = compileSelector(selector, { badPattern: "refused", file: options.file });
  const mac = encryptTree(documents, cipher, { selector: compiled, macOnlyEncrypted, file: options.file });
  const lastModified = lastModifiedAt(options.now);
  const metadata: Metadata = { ...unsealed, lastModified, mac: cipher.seal(mac, "str", lastModified) };
  return { text: output.emitEncrypted(documents, metadataBranch(metadata), options), metadata };
}

function keyGroupsOf({ keyGroups, recipientGroups, recipients = [] }: EncryptOptions): readonly KeyGroup[] {
  return keyGroups ?? (recipientGroups ?? [recipients]).map((group) => group.map(ageKey));
}

/** What of a file is encrypted. A file that is one value is encrypted whole. */
function selectionOf(
  source: Store,
  { selector, macOnlyEncrypted, onWarning }: EncryptOptions,
): { selector: Selector | undefined; macOnlyEncrypted: boolean } {
  if (source.isOneValue !== true) {
    return { selector: selector ?? DEFAULT_SELECTOR, macOnlyEncrypted: macOnlyEncrypted === true };
  }
  if (selector !== undefined) {
    const why = selector.kind.includes("comment")
      ? "never produces comments"
      : "produces one key that should always be encrypted";
    const what = selector.kind.replaceAll("_", " ");
    onWarning?.(
      `Using an ${what} does not make sense with the input store (the binary store ${why}) and will be ignored.`,
    );
  }
  return { selector: undefined, macOnlyEncrypted: false };
}

/** @throws {SopsError} `SOPS_ALREADY_ENCRYPTED`, `SOPS_UNPRINTABLE` when data stands where the metadata goes. */
export function refuseMetadataKey(documents: readonly Branch[], output: Store, file: string | undefined): void {
  const at = documents.findIndex((document) => output.usesMetadataKey(document));
  if (at < 0) return;
  if (at > 0) {
    const state = `document ${at + 1} has a key "sops", which SOPS needs for itself`;
    throw new SopsError("SOPS_UNPRINTABLE", `Cannot encrypt ${nameOf(file)}: ${state}`, {
      file,
      hints: ["rename the key"],
      upstream: `Error marshaling metadata: Found key "sops" in encrypted data, which is a reserved key used for SOPS metadata`,
    });
  }
  throw new SopsError("SOPS_ALREADY_ENCRYPTED", `Cannot encrypt ${nameOf(file)}: it has a key "sops" already`, {
    file,
    details: ["it seems to be encrypted; the key holds what is needed to decrypt it"],
    hints: ["rename the key if the file is in clear"],
    upstream: ALREADY_ENCRYPTED,
  });
}

const ALREADY_ENCRYPTED = `The file you have provided contains a top-level entry called 'sops', or for
flat file formats top-level entries starting with 'sops_'. This is
generally due to the file already being encrypted. SOPS uses a top-level
entry called 'sops' to store the metadata required to decrypt the file. For
this reason, SOPS can not encrypt files that already contain such an entry.

If this is an unencrypted file, rename the 'sops' entry.

If this is an encrypted file and you want to edit it, use the editor mode,
for example: \`sops edit my_file.yaml\``;
