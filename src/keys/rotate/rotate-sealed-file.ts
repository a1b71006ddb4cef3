import { decodeUtf8 } from "../../bytes/utf8.ts";
import { ToolkitError } from "../../errors.ts";
import { objectId, subjectOf } from "../../objects/index.ts";
import { HINTS_ANNOTATION, placeSealed, type SealedInFile, sealedInFile } from "../../secrets/index.ts";
import { type Reseal, type ResealWithKeysOptions, resealWithKeys } from "./reseal.ts";

export interface RotateSealedOptions extends ResealWithKeysOptions {}

/** What became of the SealedSecrets of one file. */
export interface RotatedSealedFile {
  /** The file with them sealed anew; undefined when nothing in it changes. */
  readonly text: string | undefined;
  /** Items that were sealed anew, and items that are on the newest key already. */
  readonly items: number;
  readonly current: number;
  /** SealedSecrets that stay as they are, because an item of theirs does not open or the file cannot be edited. */
  readonly left: readonly LeftSealed[];
}

export interface LeftSealed {
  /** `SealedSecret/apps/db` */
  readonly object: string;
  readonly line: number;
  readonly why: string;
}

/**
 * The SealedSecrets of a file under the newest key: item by item, for the scope, name and namespace that each has. Items
 * on that key already, templates, comments and layout stay as they are. A SealedSecret with an item that does not open is
 * left as a whole and reported.
 *
 * @throws {YamlError} for a file that cannot be read.
 */
export async function rotateSealedFile(
  bytes: Uint8Array,
  source: string,
  options: RotateSealedOptions,
): Promise<RotatedSealedFile> {
  return await resealFile(bytes, source, { reseal: resealWithKeys(options), addHints: false });
}

export interface ResealFileOptions {
  readonly reseal: Reseal;
  /** Whether the annotation of hints is added where it is missing; one that is there is kept true either way. */
  readonly addHints: boolean;
  /** The SealedSecrets of the file, for whoever has found them already. */
  readonly sealed?: readonly SealedInFile[] | undefined;
}

/** The same, whoever seals anew. @throws {YamlError} for a file that cannot be read. */
export async function resealFile(
  bytes: Uint8Array,
  source: string,
  { reseal, addHints, sealed: found }: ResealFileOptions,
): Promise<RotatedSealedFile> {
  const original = decodeUtf8(bytes);
  if (original === undefined) return { text: undefined, items: 0, current: 0, left: [] };
  let text = original;
  let items = 0;
  let current = 0;
  const left: LeftSealed[] = [];
  for (const place of found ?? sealedInFile(original, source)) {
    if (place.view.legacyData !== undefined) {
      left.push(leftFor(place, "it uses the deprecated field spec.data: seal the whole Secret again"));
      continue;
    }
    const result = await reseal.reseal(place);
    if ("why" in result) {
      left.push(leftFor(place, result.why));
      continue;
    }
    const { sealed } = result;
    current += result.current;
    if (sealed.size === 0) continue;
    try {
      const hints = addHints || place.view.annotations[HINTS_ANNOTATION] !== undefined;
      // Documents keep their numbers: only texts inside them change.
      text = placeSealed(text, place, [...sealed], { fingerprint: reseal.fingerprint, addHints: hints, source });
      items += sealed.size;
    } catch (cause) {
      if (!(cause instanceof ToolkitError)) throw cause;
      left.push(leftFor(place, [cause.message, ...cause.details].join("; ")));
    }
  }
  return { text: text === original ? undefined : text, items, current, left };
}

function leftFor({ object, line }: SealedInFile, why: string): LeftSealed {
  return { object: subjectOf(objectId(object)), line, why };
}
