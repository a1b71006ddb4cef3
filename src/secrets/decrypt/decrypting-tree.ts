import {
  type Branch,
  decrypt,
  decryptStream,
  type Format,
  formatOfName,
  isStreamFormat,
  type Keyring,
  loadKeyring,
  looksEncrypted,
  mayBeEncrypted,
  type Node,
  type OpenOptions,
  plaintextOf,
  SopsError,
} from "../../sops/index.ts";
import type { FileTree } from "../../tree/index.ts";
import { type DecryptedValue, Ledger } from "./clear-text-ledger.ts";
import type { DecryptingTree, DecryptionKeys, DecryptionOptions, ObjectMarks } from "./decryption.ts";

/** What every encrypted value begins with. */
const ENCRYPTED_VALUE = "ENC[AES256_GCM,";

/** What the value of an entry may be. JSON stands for bytes too, which SOPS puts into JSON. */
const VALUE_FORMATS = ["json", "yaml", "dotenv", "ini"] as const;

/** By what the original knows a file of SOPS among the values of a Secret; INI by a mark that it can be sure of. */
const VALUE_MARKS: Readonly<Record<(typeof VALUE_FORMATS)[number], RegExp>> = {
  json: /"mac"\s*:\s*"ENC\[/,
  yaml: /^\s+["']?mac["']?\s*:\s*["']?ENC\[/m,
  dotenv: /^sops_mac=ENC\[/m,
  ini: /^\[sops\]\s*$/m,
};

/** Flux's bound for an encrypted file. */
const DEFAULT_MAX_FILE_BYTES = 5 * 1024 * 1024;

/**
 * A view of `tree` in which SOPS files read as clear text; see `DecryptingTree`. The ending of a name says how
 * it is encrypted, `.dockerconfigjson` that it is JSON; where it says nothing, the marks of the formats decide. Documents of a
 * YAML file may be encrypted one by one.
 *
 * @example
 * const view = decryptingTree(tree, { identities: [{ where: "Secret apps/sops-age", identities }] });
 * const manifests = await view.read("apps/db.yaml");
 */
export function decryptingTree(tree: FileTree, keys: DecryptionKeys, options: DecryptionOptions = {}): DecryptingTree {
  const ledger = new Ledger();
  const { services } = keys;
  const keyring = loadKeyring(keys.identities, services === undefined ? {} : { services });
  const reader = new Reader(keyring, ledger, options);
  const readOnce = new Map<string, Promise<Uint8Array | undefined>>();
  return {
    ledger,
    paths: () => tree.paths(),
    hasDirectory: (path) => tree.hasDirectory(path),
    isExecutable: (path) => tree.isExecutable?.(path) === true,
    async read(path) {
      const before = readOnce.get(path);
      if (before !== undefined) return await before;
      const bytes = await tree.read(path);
      const format = bytes === undefined ? undefined : formatOfFile(path, bytes);
      if (bytes === undefined || format === undefined) return bytes;
      const now = readOnce.get(path) ?? reader.read(path, bytes, format);
      readOnce.set(path, now);
      return await now;
    },
    readValue: (where, entry, bytes) => reader.readValue(where, entry, bytes),
  };
}

/** How an encrypted file is encrypted; undefined when it is not. A name without a known ending says nothing about it. */
function formatOfFile(path: string, bytes: Uint8Array): Format | undefined {
  const named = formatByName(path);
  const formats: readonly Format[] = named === "binary" ? ["binary", "dotenv", "ini"] : [named];
  return formats.find((format) => mayBeEncrypted(bytes, format));
}

function formatByName(path: string): Format {
  return path.endsWith(".dockerconfigjson") ? "json" : formatOfName(path);
}

class Reader {
  readonly #keyring: Keyring;
  readonly #ledger: Ledger;
  readonly #options: DecryptionOptions;

  constructor(keyring: Keyring, ledger: Ledger, options: DecryptionOptions) {
    this.#keyring = keyring;
    this.#ledger = ledger;
    this.#options = options;
  }

  async read(path: string, bytes: Uint8Array, format: Format): Promise<Uint8Array> {
    this.#checkSize(path, bytes);
    if (!isStreamFormat(format)) return await this.#readWhole(path, bytes, format);
    const values = new Map<Branch, DecryptedValue[]>();
    const stream = await decryptStream(bytes, format, this.#keyring, {
      ...this.#openOptions(path),
      placeOf: nameDocument,
      leaves: (document) => this.#options.leaves?.(marksOf(document)) === true,
      onDecrypted(leaf, keys, document) {
        const found = values.get(document) ?? [];
        values.set(document, found);
        if (leaf !== null) found.push({ path: [...keys], text: textOf(plaintextOf(leaf), leaf) });
      },
    }).catch((error: unknown) => {
      // Text that only speaks of SOPS, such as a template, need not be YAML.
      const isUnreadable = error instanceof SopsError && error.code === "SOPS_BAD_SYNTAX";
      if (isUnreadable && !Buffer.from(bytes).includes(ENCRYPTED_VALUE)) return undefined;
      throw error;
    });
    if (stream === undefined) return bytes;
    const clear = stream.clearText.reveal();
    this.#ledger.rememberFile(path, clear);
    for (const document of stream.decrypted) this.#remember(path, document, values.get(document) ?? []);
    return clear;
  }

  /** A file that is one whole: dotenv, INI, or bytes. */
  async #readWhole(path: string, bytes: Uint8Array, format: Format): Promise<Uint8Array> {
    const entries: DecryptedValue[] = [];
    const { clearText } = await decrypt(bytes, format, this.#keyring, {
      ...this.#openOptions(path),
      onDecrypted(leaf, keys) {
        if (leaf !== null) entries.push({ path: [...keys], text: textOf(plaintextOf(leaf), leaf) });
      },
    });
    const clear = clearText.reveal();
    this.#ledger.rememberFile(path, clear);
    // A generator makes an entry of every variable.
    if (format === "dotenv") this.#ledger.rememberEntries(path, entries);
    return clear;
  }

  async readValue(where: string, entry: string, bytes: Uint8Array): Promise<Uint8Array | undefined> {
    const format = VALUE_FORMATS.find((one) => VALUE_MARKS[one].test(latin1(bytes)) && mayBeEncrypted(bytes, one));
    if (format === undefined) return undefined;
    this.#checkSize(where, bytes);
    const options = { ...this.#openOptions(where), outputFormat: formatByName(entry) };
    return (await decrypt(bytes, format, this.#keyring, options)).clearText.reveal();
  }

  #openOptions(file: string): OpenOptions {
    return { file, ignoreMac: this.#options.checkMac === false };
  }

  #remember(path: string, document: Branch, values: readonly DecryptedValue[]): void {
    const id = identityOf(document);
    if (id !== undefined) this.#ledger.rememberObject(path, id, this.#ledger.digestsOf(values));
    const items = valueAt(document, "items");
    if (typeof items !== "object" || items === null || items.kind !== "list") return;
    const inner = this.#ledger.digestsOf(
      values.filter((value) => value.path[0] === "items").map(({ path: [, ...rest], text }) => ({ path: rest, text })),
    );
    for (const item of items.items) {
      if (typeof item !== "object" || item === null || item.kind !== "branch") continue;
      const itemId = identityOf(item);
      if (itemId !== undefined) this.#ledger.rememberObject(path, itemId, inner);
    }
  }

  #checkSize(path: string, bytes: Uint8Array): void {
    const max = this.#options.maxFileBytes ?? DEFAULT_MAX_FILE_BYTES;
    if (bytes.length <= max) return;
    const state = `it has ${bytes.length} bytes, and an encrypted file may have ${max}`;
    throw new SopsError("SOPS_TOO_LARGE", `Cannot decrypt ${JSON.stringify(path)}: ${state}`, {
      file: path,
      hints: ["split it into several files"],
    });
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** The text of a value as a manifest holds it: SOPS writes booleans in title case, JSON does not. */
function textOf(plain: string | Uint8Array, leaf: unknown): string {
  if (typeof leaf === "boolean") return String(leaf);
  return typeof plain === "string" ? plain : Buffer.from(plain).toString("base64");
}

function nameDocument(document: Branch, index: number): string {
  const id = identityOf(document);
  return id === undefined ? `document ${index + 1}` : `document ${index + 1}, ${id.kind} ${id.shown}`;
}

function identityOf(document: Branch): { kind: string; name: string; shown: string } | undefined {
  const kind = clearText(valueAt(document, "kind"));
  const metadata = valueAt(document, "metadata");
  if (kind === undefined || typeof metadata !== "object" || metadata === null || metadata.kind !== "branch") {
    return undefined;
  }
  const name = clearText(valueAt(metadata, "name"));
  const namespace = clearText(valueAt(metadata, "namespace"));
  if (name === undefined) return undefined;
  return { kind, name, shown: namespace === undefined ? name : `${namespace}/${name}` };
}

/** Labels and annotations of a document. */
function marksOf(document: Branch): ObjectMarks {
  const metadata = valueAt(document, "metadata");
  const of = (name: string): ReadonlyMap<string, string> => {
    const found = isBranch(metadata) ? valueAt(metadata, name) : undefined;
    const marks = new Map<string, string>();
    for (const item of isBranch(found) ? found.items : []) {
      const text = item.kind === "entry" ? clearText(item.value) : undefined;
      if (item.kind === "entry" && text !== undefined) marks.set(item.key, text);
    }
    return marks;
  };
  return { labels: of("labels"), annotations: of("annotations") };
}

function isBranch(node: Node | undefined): node is Branch {
  return typeof node === "object" && node !== null && node.kind === "branch";
}

function clearText(node: Node | undefined): string | undefined {
  return typeof node === "string" && !looksEncrypted(node) ? node : undefined;
}

function valueAt({ items }: Branch, key: string): Node | undefined {
  for (const item of items) if (item.kind === "entry" && item.key === key) return item.value;
  return undefined;
}
