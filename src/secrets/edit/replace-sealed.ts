import { YamlError } from "../../yaml/index.ts";
import { type SealedInFile, sealedInFile } from "./sealed-in-file.ts";

/** Runs of base64 that are long enough to be items: a key of 512 bits alone takes as many characters. */
const ITEM_TEXT = /[A-Za-z0-9+/=]{64,}/g;

/**
 * The text of a file with items of its SealedSecrets replaced by others, as base64, where that takes no more than to put one
 * run of characters in the place of another: whatever the layout, all of the file at once. Undefined where it takes more,
 * and for whatever is not certain; `placeSealed` edits one SealedSecret after the other then, or says why not.
 *
 * @param found all SealedSecrets of the file, with the new items of each.
 */
export function replaceSealed(
  text: string,
  source: string,
  found: readonly { readonly place: SealedInFile; readonly sealed: ReadonlyMap<string, string> }[],
): string | undefined {
  // What is written once and meant twice is for those who see the anchors.
  if (/[&*]/.test(text)) return undefined;
  const wanted = new Map<string, string>();
  for (const { place, sealed } of found) {
    for (const [name, value] of sealed) {
      const before = place.view.encryptedData.get(name);
      if (typeof before !== "string" || wanted.has(before)) return undefined;
      wanted.set(before, value);
    }
  }
  let replaced = 0;
  const result = text.replace(ITEM_TEXT, (run) => {
    const value = wanted.get(run);
    if (value === undefined) return run;
    replaced++;
    return value;
  });
  return replaced === wanted.size && isMeant(result, source, found) ? result : undefined;
}

/**
 * Every new item is where it is meant to be. As many runs were replaced as there are new items, and each of these is
 * somewhere else, so that none was replaced in any other place.
 */
function isMeant(result: string, source: string, found: Parameters<typeof replaceSealed>[2]): boolean {
  const read = readAgain(result, source);
  if (read?.length !== found.length) return false;
  return found.every(({ place, sealed }, at) => {
    const { encryptedData } = read[at]?.view ?? place.view;
    const before = place.view.encryptedData;
    if (encryptedData.size !== before.size) return false;
    return [...before].every(([name, value]) => encryptedData.get(name) === (sealed.get(name) ?? value));
  });
}

function readAgain(text: string, source: string): readonly SealedInFile[] | undefined {
  try {
    return sealedInFile(text, source);
  } catch (error) {
    if (error instanceof YamlError) return undefined;
    throw error;
  }
}
