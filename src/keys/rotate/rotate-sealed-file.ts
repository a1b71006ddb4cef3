import { decodeBase64Go } from "../../bytes/base64.ts";
import { decodeUtf8 } from "../../bytes/utf8.ts";
import type { ClearText } from "../../clear-text.ts";
import { ToolkitError } from "../../errors.ts";
import { objectId, subjectOf } from "../../objects/index.ts";
import { type Keyring, SealedError, scopeLabel } from "../../sealed/index.ts";
import { editSealed, HINTS_ANNOTATION, type SealedInFile, scopeOf, sealedInFile } from "../../secrets/index.ts";
import type { SealingCertificate } from "../../x509/index.ts";

export interface RotateSealedOptions {
  /** Opens what is there. */
  readonly keyring: Keyring;
  /** What to seal for: the certificate of the newest key. */
  readonly certificate: Pick<SealingCertificate, "spki" | "fingerprint">;
}

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
  const original = decodeUtf8(bytes);
  if (original === undefined) return { text: undefined, items: 0, current: 0, left: [] };
  let text = original;
  let items = 0;
  let current = 0;
  const left: LeftSealed[] = [];
  for (const place of sealedInFile(original, source)) {
    const opened = await openOld(place, options);
    if (typeof opened === "string") {
      left.push(leftFor(place, opened));
      continue;
    }
    current += place.view.encryptedData.size - opened.size;
    if (opened.size === 0) continue;
    try {
      // Documents keep their numbers: only texts inside them change.
      const hints = place.view.annotations[HINTS_ANNOTATION] !== undefined;
      text = await editSealed(text, place, { set: opened, unset: [] }, { ...options, hints, source });
      items += opened.size;
    } catch (cause) {
      if (!(cause instanceof ToolkitError)) throw cause;
      left.push(leftFor(place, [cause.message, ...cause.details].join("; ")));
    }
  }
  return { text: text === original ? undefined : text, items, current, left };
}

/** The items that are on older keys, opened; or why the SealedSecret cannot be rotated. */
async function openOld(
  { view }: SealedInFile,
  { keyring, certificate }: RotateSealedOptions,
): Promise<ReadonlyMap<string, ClearText> | string> {
  if (view.legacyData !== undefined) return "it uses the deprecated field spec.data: seal the whole Secret again";
  const { namespace = "", name = "" } = view.metadata;
  const label = scopeLabel(scopeOf(view.annotations), namespace, name);
  const old = new Map<string, ClearText>();
  const unopened: string[] = [];
  for (const [item, value] of view.encryptedData) {
    const sealed = typeof value === "string" ? decodeBase64Go(value).bytes : undefined;
    const opened = sealed === undefined ? undefined : await openOne(sealed, label, keyring);
    if (opened === undefined) unopened.push(JSON.stringify(item));
    else if (opened.openedBy !== certificate.fingerprint) old.set(item, opened.clearText);
  }
  return unopened.length === 0 ? old : `no key opens ${unopened.join(", ")} where it stands`;
}

async function openOne(sealed: Uint8Array, label: Uint8Array, keyring: Keyring) {
  try {
    return await keyring.open(sealed, label);
  } catch (error) {
    if (error instanceof SealedError) return undefined;
    throw error;
  }
}

function leftFor({ object, line }: SealedInFile, why: string): LeftSealed {
  return { object: subjectOf(objectId(object)), line, why };
}
