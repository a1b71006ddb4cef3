import { randomFillSync } from "node:crypto";
import { combineShares, ShamirError } from "../../shamir/index.ts";
import { SopsError } from "../errors.ts";
import type { Metadata } from "../metadata/metadata.ts";
import { DATA_KEY_BYTES, type FillRandom, isDataKey } from "../values/cipher.ts";
import type { Keyring } from "./keyring.ts";
import { masterKeyName } from "./master-key-name.ts";
import { noDataKey, shorten } from "./no-data-key.ts";
import { askForIdentities, type OpenedGroup, openGroup, withNewReasons } from "./open-group.ts";
import { type Subject, subjectName } from "./subject.ts";

/**
 * Finds the data key of a file. With several key groups each holds a share of it, and every share that can be had counts.
 *
 * @throws {SopsError} `SOPS_NO_DATA_KEY` when the keyring does not open enough groups, `SOPS_BAD_SHARES` when the shares
 * do not belong together, `SOPS_BAD_DATA_KEY` when what comes out is no key.
 */
export async function recoverDataKey(metadata: Metadata, keyring: Keyring, subject: Subject): Promise<Uint8Array> {
  const needed = metadata.keyGroups.length > 1 ? Math.max(2, metadata.shamirThreshold) : 1;
  const groups = await openGroups(metadata, keyring, needed);
  const parts = partsOf(groups);
  if (parts.length < needed) throw noDataKey(groups, { needed, opened: parts.length }, keyring, subject);
  const [first = new Uint8Array()] = parts;
  const dataKey = groups.length > 1 ? combineParts(parts, subject) : first;
  if (isDataKey(dataKey)) return dataKey;
  const openers = groups.flatMap(({ opener }) => (opener === undefined ? [] : [shorten(masterKeyName(opener))]));
  throw new SopsError("SOPS_BAD_DATA_KEY", `Cannot decrypt ${subjectName(subject)}: its data key is no AES key`, {
    file: subject.file,
    details: [`${dataKey.length} bytes, encrypted to ${openers.join(", ")}`],
    upstream: `Error decrypting tree: Error walking tree: Could not decrypt value: Could not initialize AES GCM encryption cipher: crypto/aes: invalid key size ${dataKey.length}`,
  });
}

/** Tries all groups; somebody is asked for more identities only when those at hand open too few. */
async function openGroups({ keyGroups }: Metadata, keyring: Keyring, needed: number): Promise<OpenedGroup[]> {
  const groups: OpenedGroup[] = [];
  for (const keys of keyGroups) groups.push(await openGroup(keys, keyring));
  const before = keyring.sources.length;
  for (const [at, group] of groups.entries()) {
    if (partsOf(groups).length >= needed) break;
    if (group.part !== undefined) continue;
    let again = group;
    while (again.part === undefined && (await askForIdentities(again, keyring))) {
      again = await openGroup(group.keys, keyring);
    }
    groups[at] = again;
  }
  if (keyring.sources.length === before || partsOf(groups).length >= needed) return groups;
  return await Promise.all(groups.map((group) => (group.part === undefined ? withNewReasons(group, keyring) : group)));
}

function partsOf(groups: readonly OpenedGroup[]): Uint8Array[] {
  return groups.flatMap(({ part }) => (part === undefined ? [] : [part]));
}

function combineParts(parts: readonly Uint8Array[], subject: Subject): Uint8Array {
  try {
    return combineShares(parts);
  } catch (error) {
    if (!(error instanceof ShamirError)) throw error;
    throw new SopsError(
      "SOPS_BAD_SHARES",
      `Cannot decrypt ${subjectName(subject)}: its key groups contradict each other`,
      {
        file: subject.file,
        details: [error.message],
        hints: ["take the file from version control again: metadata is not meant to be edited"],
        cause: error,
        upstream: `could not get data key from shamir parts: ${error.original}`,
      },
    );
  }
}

export function fillFromSystem(buffer: Uint8Array): void {
  randomFillSync(buffer);
}

/** A new data key. */
export function newDataKey(fillRandom: FillRandom = fillFromSystem): Uint8Array {
  const key = new Uint8Array(DATA_KEY_BYTES);
  fillRandom(key);
  return key;
}
