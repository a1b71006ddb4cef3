import type { Branch } from "../values/value.ts";
import { dropMetadata, hasMetadataKey, takeMetadata } from "./metadata-entry.ts";
import { METADATA_KEY, type Store } from "./store.ts";
import { checkMerges, checkMetadataKey } from "./yaml-checks.ts";
import { readYaml } from "./yaml-read.ts";
import { withSourceTimes, writeYaml } from "./yaml-write.ts";

/** A stream of mappings with comments. The metadata stands in every document and is read from the first. */
export const yamlStore: Store = {
  loadPlain: (input, context) => readYaml(input, context, checkMerges),
  loadEncrypted(input, context) {
    const documents = input.length === 0 ? [] : readYaml(input, context, checkMetadataKey);
    const metadata = takeMetadata(documents[0], context.file);
    for (const document of documents) dropMetadata(document);
    return { documents, metadata };
  },
  emitPlain: (documents, { indent }) => writeYaml(documents, indent),
  emitEncrypted(documents, metadata, { indent, keepDates }) {
    const entry = { kind: "entry" as const, key: METADATA_KEY, value: metadata };
    const whole = documents.map(({ items }): Branch => ({ kind: "branch", items: [...items, entry] }));
    return writeYaml(keepDates === true ? whole.map(withSourceTimes) : whole, indent);
  },
  usesMetadataKey: hasMetadataKey,
};
