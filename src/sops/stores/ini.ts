import type { Branch, Entry } from "../values/value.ts";
import { encodeText } from "./byte-text.ts";
import { flattenMetadata, unflattenMetadata } from "./flat-metadata.ts";
import { flatText, lastingText } from "./flat-value.ts";
import { readIni } from "./ini-read.ts";
import { writeIni } from "./ini-write.ts";
import { hasMetadataKey, takeMetadata } from "./metadata-entry.ts";
import { oneDocument } from "./one-document.ts";
import { METADATA_KEY, type Store } from "./store.ts";

/** Sections of keys and texts. Metadata is the last section, `[sops]`, its line breaks written as `\n`. */
export const iniStore: Store = {
  loadPlain: (input, { file }) => [readIni(input, file)],
  loadEncrypted(input, { file }) {
    const document = readIni(input, file);
    const lines = takeMetadata(document, file).items.flatMap((item) => {
      if (item.kind !== "entry" || typeof item.value !== "string") return [];
      return [[item.key, item.value.replaceAll("\\n", "\n")] as const];
    });
    return { documents: [document], metadata: unflattenMetadata(lines, file) };
  },
  emitPlain: (documents) => encodeText(writeIni(documents, flatText)),
  emitEncrypted(documents, metadata, { file }) {
    const { items } = oneDocument(documents, "INI", file);
    const lines = flattenMetadata(metadata).map(
      ([key, text]): Entry => ({ kind: "entry", key, value: text.replaceAll("\n", "\\n") }),
    );
    const section: Branch = { kind: "branch", items: lines };
    const whole: Branch = { kind: "branch", items: [...items, { kind: "entry", key: METADATA_KEY, value: section }] };
    return writeIni([whole], (leaf, path) => lastingText(leaf, path, { format: "INI", readAgain: (text) => text }));
  },
  usesMetadataKey: hasMetadataKey,
};
