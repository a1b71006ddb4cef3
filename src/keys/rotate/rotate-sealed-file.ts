import { decodeUtf8 } from "../../bytes/utf8.ts";
import { inOneLine, ToolkitError } from "../../errors.ts";
import { objectId, subjectOf } from "../../objects/index.ts";
import { HINTS_ANNOTATION, placeSealed, replaceSealed, type SealedInFile, sealedInFile } from "../../secrets/index.ts";
import { type Reseal, type Resealed, type ResealWithKeysOptions, resealWithKeys } from "./reseal.ts";

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
  if (original === undefined) {
    const why = "the file is not UTF-8: save it as UTF-8, and run the command again";
    const left = (found ?? sealedInFile(bytes, source)).map((place) => leftFor(place, why));
    return { text: undefined, items: 0, current: 0, left };
  }
  const left: LeftSealed[] = [];
  const made: MadeSealed[] = [];
  let current = 0;
  const places = found ?? sealedInFile(original, source);
  for (const place of places) {
    const result = await resealOne(place, reseal);
    if ("why" in result) left.push(leftFor(place, result.why));
    else current += result.current;
    made.push({ place, sealed: "why" in result ? NOTHING : result.sealed });
  }
  const changed = made.filter(({ sealed }) => sealed.size > 0);
  const hasHints = changed.some(({ place }) => addHints || place.view.annotations[HINTS_ANNOTATION] !== undefined);
  const atOnce = hasHints || changed.length === 0 ? undefined : replaceSealed(original, source, made);
  if (atOnce !== undefined) return { text: atOnce, items: countOf(changed), current, left };
  let text = original;
  let items = 0;
  for (const { place, sealed } of changed) {
    try {
      const hints = addHints || place.view.annotations[HINTS_ANNOTATION] !== undefined;
      // Documents keep their numbers: only texts inside them change.
      text = placeSealed(text, place, [...sealed], { fingerprint: reseal.fingerprint, addHints: hints, source });
      items += sealed.size;
    } catch (cause) {
      if (!(cause instanceof ToolkitError)) throw cause;
      left.push(leftFor(place, inOneLine(cause)));
    }
  }
  return { text: text === original ? undefined : text, items, current, left };
}

interface MadeSealed {
  readonly place: SealedInFile;
  /** Items that are sealed anew. */
  readonly sealed: ReadonlyMap<string, string>;
}

const NOTHING: ReadonlyMap<string, string> = new Map();

async function resealOne(place: SealedInFile, reseal: Reseal): Promise<Resealed> {
  if (place.view.legacyData === undefined) return await reseal.reseal(place);
  return { why: "it uses the deprecated field spec.data: seal the whole Secret again" };
}

function countOf(made: readonly MadeSealed[]): number {
  return made.reduce((sum, { sealed }) => sum + sealed.size, 0);
}

function leftFor({ object, line }: SealedInFile, why: string): LeftSealed {
  return { object: subjectOf(objectId(object)), line, why };
}
