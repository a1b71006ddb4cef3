import type { Branch } from "../values/value.ts";
import { readJsonObject } from "./json-read.ts";
import { indentUnit, writeJson } from "./json-write.ts";
import { hasMetadataKey, takeMetadata } from "./metadata-entry.ts";
import { oneDocument } from "./one-document.ts";
import { METADATA_KEY, type Store } from "./store.ts";

/** One object, no comments. Bytes that are no UTF-8 read as U+FFFD, as with the original. */
export const jsonStore: Store = {
  loadPlain: (input, { file }) => [readJsonObject(decode(input), file)],
  loadEncrypted(input, { file }) {
    const document = readJsonObject(decode(input), file);
    const metadata = takeMetadata(document, file);
    return { documents: [document], metadata };
  },
  emitPlain: (documents, { indent }) => printJson(documents[0], indent),
  emitEncrypted(documents, metadata, { indent, file }) {
    const items = [
      ...oneDocument(documents, "JSON", file).items,
      { kind: "entry" as const, key: METADATA_KEY, value: metadata },
    ];
    return printJson({ kind: "branch", items }, indent);
  },
  usesMetadataKey: hasMetadataKey,
};

/** One object as a file, with its final line break. */
export function printJson(document: Branch | undefined, indent: number | undefined): string {
  return `${writeJson(document ?? { kind: "branch", items: [] }, { unit: indentUnit(indent) })}\n`;
}

function decode(input: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(input);
}
