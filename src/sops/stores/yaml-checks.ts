import type { MappingNode, YamlDocument, YamlNode } from "../../yaml/index.ts";
import { nameOf, SopsError } from "../errors.ts";
import { noMetadata } from "./metadata-entry.ts";
import { METADATA_KEY } from "./store.ts";

/**
 * Refuses a merge key in the first document that has nothing to merge: the original could not read what is made of it.
 *
 * @throws {SopsError} `SOPS_BAD_SYNTAX`.
 */
export function checkMerges([first]: readonly YamlDocument[], file: string | undefined): void {
  if (first?.root !== undefined) checkBelow(first.root, file);
}

/** The parser has bounded the depth. What an alias leads to stands in the document itself. */
function checkBelow(node: YamlNode, file: string | undefined): void {
  if (node.kind === "sequence") {
    for (const item of node.items) checkBelow(item, file);
  } else if (node.kind === "mapping") {
    for (const { key, value } of node.entries) {
      if (isMergeKey(key) && !canBeMerged(value)) throw badMerge(value, file);
      checkBelow(value, file);
    }
  }
}

function isMergeKey(key: YamlNode): boolean {
  return key.kind === "scalar" && key.value === "<<" && key.tag === "!!merge";
}

function canBeMerged(value: YamlNode): boolean {
  const isMapping = (node: YamlNode) => (node.kind === "alias" ? node.target : node).kind === "mapping";
  return isMapping(value) || (value.kind === "sequence" && value.items.every(isMapping));
}

function badMerge({ at }: YamlNode, file: string | undefined): SopsError {
  const place = at === undefined ? "" : `line ${at.line}, column ${at.column}: `;
  return new SopsError(
    "SOPS_BAD_SYNTAX",
    `Cannot read ${nameOf(file)}: ${place}a merge key needs a mapping or a list of mappings`,
    {
      file,
      hints: ['for a key of that name put it in quotes: "<<": …'],
      upstream: "yaml: map merge requires map or sequence of maps as the value",
    },
  );
}

/**
 * Refuses a first document without metadata before its values are looked at: what is wrong with them does not matter then.
 *
 * @throws {SopsError} `SOPS_NO_METADATA`.
 */
export function checkMetadataKey([first]: readonly YamlDocument[], file: string | undefined): void {
  const root = first?.root;
  if (root?.kind === "mapping" && !hasKey(root, METADATA_KEY)) {
    throw noMetadata(file, `there is no "${METADATA_KEY}" entry at the top of it`);
  }
}

function hasKey({ entries }: MappingNode, wanted: string): boolean {
  return entries.some(({ key }) => {
    const node = key.kind === "alias" ? key.target : key;
    return node.kind === "scalar" && node.value === wanted;
  });
}
