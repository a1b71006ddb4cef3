import { nameOf, SopsError } from "../errors.ts";
import type { Branch } from "../values/value.ts";
import { METADATA_KEY } from "./store.ts";

/** Whether a document has data under the key that the metadata needs. */
export function hasMetadataKey(document: Branch | undefined): boolean {
  return document?.items.some((item) => item.kind === "entry" && item.key === METADATA_KEY) === true;
}

/**
 * Takes the metadata out of a document.
 *
 * @throws {SopsError} `SOPS_NO_METADATA` when there is none, `SOPS_BAD_METADATA` when it is no mapping or there twice.
 */
export function takeMetadata(document: Branch | undefined, file: string | undefined): Branch {
  let found: Branch | undefined;
  for (const item of document?.items ?? []) {
    if (item.kind !== "entry" || item.key !== METADATA_KEY) continue;
    if (found !== undefined) throw badEntry(file, "it is there twice", "Found duplicate sops entry");
    const { value } = item;
    if (typeof value !== "object" || value === null || value.kind !== "branch") {
      throw badEntry(file, "it is not a mapping", "Found sops entry that is not a mapping");
    }
    found = value;
  }
  if (document === undefined || found === undefined) {
    throw noMetadata(file, `there is no "${METADATA_KEY}" entry at the top of it`);
  }
  dropMetadata(document);
  return found;
}

export function noMetadata(file: string | undefined, detail: string): SopsError {
  return new SopsError("SOPS_NO_METADATA", `Cannot decrypt ${nameOf(file)}: it is not encrypted with SOPS`, {
    file,
    details: [detail],
    upstream: "sops metadata not found",
  });
}

/** Removes a metadata entry of whatever shape, as later documents of a stream may have one. */
export function dropMetadata(document: Branch): void {
  const { items } = document;
  for (let at = items.length - 1; at >= 0; at--) {
    const item = items[at];
    if (item?.kind === "entry" && item.key === METADATA_KEY) items.splice(at, 1);
  }
}

function badEntry(file: string | undefined, state: string, upstream: string): SopsError {
  return new SopsError("SOPS_BAD_METADATA", `Cannot read the "${METADATA_KEY}" entry of ${nameOf(file)}: ${state}`, {
    file,
    upstream,
  });
}
