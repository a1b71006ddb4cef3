import { ClearText } from "../../clear-text.ts";
import type { YamlDocument } from "../../yaml/index.ts";
import type { Format } from "../format.ts";
import type { Keyring } from "../keys/keyring.ts";
import { readMetadata } from "../metadata/metadata-read.ts";
import { printJson } from "../stores/json.ts";
import { readJsonObject } from "../stores/json-read.ts";
import { takeMetadata } from "../stores/metadata-entry.ts";
import { METADATA_KEY } from "../stores/store.ts";
import { parseStream, readDocument } from "../stores/yaml-read.ts";
import { type StreamDocument, writeStream } from "../stores/yaml-write.ts";
import type { Branch } from "../values/value.ts";
import { type OpenOptions, openDocuments } from "./open-file.ts";

export interface StreamOptions extends OpenOptions {
  /** Names a document in an error: `document 2, Secret apps/db`. `index` counts from 0. */
  readonly placeOf?: ((document: Branch, index: number) => string) | undefined;
  /** Documents that stay as they are, by what of them is clear. One that shares a MAC with others is verified with them. */
  readonly leaves?: ((document: Branch) => boolean) | undefined;
}

export interface DecryptedStream {
  readonly clearText: ClearText;
  /** The documents that were encrypted, in clear. */
  readonly decrypted: readonly Branch[];
}

/**
 * Decrypts what is encrypted in a file of manifests and leaves the rest as it is. Each document of a YAML stream may be
 * clear or have metadata of its own; documents that carry the same MAC were encrypted together, as the original encrypts
 * a stream, and are verified together. Undefined when nothing in the file is encrypted.
 *
 * @throws {SopsError} with file and place.
 */
export async function decryptStream(
  input: Uint8Array,
  format: "yaml" | "json",
  keyring: Keyring,
  options: StreamOptions,
): Promise<DecryptedStream | undefined> {
  return format === "json" ? await decryptJson(input, keyring, options) : await decryptYaml(input, keyring, options);
}

async function decryptJson(
  input: Uint8Array,
  keyring: Keyring,
  options: StreamOptions,
): Promise<DecryptedStream | undefined> {
  const { file } = options;
  const document = readJsonObject(Buffer.from(input).toString(), file);
  if (!isEncrypted(document)) return undefined;
  if (options.leaves?.(document) === true) return undefined;
  const metadata = readMetadata(takeMetadata(document, file), file);
  await openDocuments([document], metadata, keyring, { ...options, place: options.placeOf?.(document, 0) });
  return { clearText: ClearText.fromText(printJson(document, options.indent)), decrypted: [document] };
}

/** Documents with the same metadata, waiting to be opened together. */
interface Group {
  readonly documents: Branch[];
  readonly metadata: Branch;
  readonly place: string | undefined;
  /** Those of the documents that come out decrypted. */
  readonly wanted: Branch[];
}

async function decryptYaml(
  input: Uint8Array,
  keyring: Keyring,
  options: StreamOptions,
): Promise<DecryptedStream | undefined> {
  const { file } = options;
  const groups = new Map<string, Group>();
  const stream = parseStream(input, options).map((node, index): StreamDocument => {
    if (!hasMetadataNode(node)) return { kind: "clear", node };
    const document = readDocument(node, file);
    const metadata = takeMetadata(document, file);
    const key = macOf(metadata) || `document ${index}`;
    const group = groups.get(key) ?? { documents: [], metadata, place: options.placeOf?.(document, index), wanted: [] };
    group.documents.push(document);
    groups.set(key, group);
    if (options.leaves?.(document) === true) return { kind: "clear", node };
    group.wanted.push(document);
    return { kind: "decrypted", document };
  });
  const opened = [...groups.values()].filter(({ wanted }) => wanted.length > 0);
  if (opened.length === 0) return undefined;
  for (const { documents, metadata, place } of opened) {
    await openDocuments(documents, readMetadata(metadata, file), keyring, { ...options, place });
  }
  const decrypted = opened.flatMap(({ wanted }) => wanted);
  return { clearText: ClearText.fromText(writeStream(stream)), decrypted };
}

/** What makes a mapping under `sops` metadata, and not somebody's own field of that name. */
const TELLING_FIELDS: ReadonlySet<string> = new Set(["mac", "lastmodified"]);

function hasMetadataNode({ root }: YamlDocument): boolean {
  if (root?.kind !== "mapping") return false;
  return root.entries.some(({ key, value }) => {
    if (key.kind !== "scalar" || key.value !== METADATA_KEY || value.kind !== "mapping") return false;
    return value.entries.some((entry) => {
      return entry.key.kind === "scalar" && TELLING_FIELDS.has(entry.key.value.toLowerCase());
    });
  });
}

function isEncrypted(document: Branch): boolean {
  return document.items.some((item) => {
    if (item.kind !== "entry" || item.key !== METADATA_KEY) return false;
    const { value } = item;
    if (typeof value !== "object" || value === null || value.kind !== "branch") return false;
    return value.items.some((field) => field.kind === "entry" && TELLING_FIELDS.has(field.key.toLowerCase()));
  });
}

function macOf(metadata: Branch): string {
  for (const item of metadata.items) {
    if (item.kind === "entry" && item.key.toLowerCase() === "mac" && typeof item.value === "string") return item.value;
  }
  return "";
}

/** Formats of files of manifests. */
export function isStreamFormat(format: Format): format is "yaml" | "json" {
  return format === "yaml" || format === "json";
}
