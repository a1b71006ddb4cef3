import { encodeBase64 } from "../../bytes/base64.ts";
import type { ClearText } from "../../clear-text.ts";
import { scopeLabel, sealItem } from "../../sealed/index.ts";
import { editManifests, type TextChange } from "../../yaml/index.ts";
import { SecretsError } from "../errors.ts";
import { scopeOf } from "../scope.ts";
import { HINTS_ANNOTATION, hashOfItem, hintsText, type ItemHint, readHints } from "../seal/hints.ts";
import type { SealedSecretView } from "../sealed-secret.ts";
import { nameOf } from "../secret.ts";

/** Where a SealedSecret stands in a file of manifests. */
export interface SealedPlace {
  readonly view: SealedSecretView;
  /** 0-based index of the document, as `readManifests` counts. */
  readonly document: number;
  /** Place in the `items` of a List; undefined when the document is the object itself. */
  readonly item?: number | undefined;
}

export interface ItemChanges {
  /** Items that get a new value, or are added. */
  readonly set: ReadonlyMap<string, ClearText>;
  /** Items to take out; each has to be there. */
  readonly unset: readonly string[];
}

export interface EditSealedOptions {
  /** The key to seal for: `readCertificate(pem)`. */
  readonly certificate: { readonly spki: Uint8Array; readonly fingerprint: string };
  /** Whether the annotation says for which key the items were sealed. Those that are there are kept true either way. */
  readonly hints: boolean;
  /** Name of the file, for messages. */
  readonly source?: string;
}

/** What a key of a Secret may be. Source: Kubernetes, IsConfigMapKey. */
const ITEM_NAME = /^[-._a-zA-Z0-9]{1,253}$/;

/**
 * The text of a file with some items of one SealedSecret in it sealed anew or taken out, for the scope, name and
 * namespace that the object itself has. Every other character of the file stays.
 *
 * @throws {SecretsError} `SECRETS_ITEM_NAME`, `SECRETS_ITEM_MISSING`, `SECRETS_NAME_MISSING`,
 *   `SECRETS_NAMESPACE_MISSING`; {YamlError} `YAML_NOT_EDITABLE`
 */
export async function editSealed(
  text: string,
  place: SealedPlace,
  changes: ItemChanges,
  options: EditSealedOptions,
): Promise<string> {
  checkChanges(place.view, changes);
  const { spki, fingerprint } = options.certificate;
  const label = labelOf(place.view);
  const sealed = await Promise.all(
    [...changes.set].map(async ([name, value]) => {
      return [name, encodeBase64(await sealItem(spki, value.reveal(), label))] as const;
    }),
  );
  const { source, hints } = options;
  return placeSealed(text, place, sealed, { unset: changes.unset, fingerprint, addHints: hints, source });
}

export interface PlaceSealedOptions {
  /** The key that the items are sealed for. */
  readonly fingerprint: string;
  /** Items to take out. */
  readonly unset?: readonly string[] | undefined;
  /** Whether the annotation says for which key the items are, also where it is not there yet. */
  readonly addHints: boolean;
  readonly source?: string | undefined;
}

/**
 * The text of a file with items of one SealedSecret in it that were sealed elsewhere, as base64. Every other character of
 * the file stays.
 *
 * @throws {YamlError} `YAML_NOT_EDITABLE`
 */
export function placeSealed(
  text: string,
  { view, document, item }: SealedPlace,
  sealed: readonly (readonly [name: string, value: string])[],
  { fingerprint, unset = [], addHints, source }: PlaceSealedOptions,
): string {
  const before = item === undefined ? [] : ["items", item];
  const steps: TextChange[] = [
    ...sealed.map(([name, value]) => ({ path: [...before, "spec", "encryptedData", name], value })),
    ...unset.map((name) => ({ path: [...before, "spec", "encryptedData", name], value: undefined })),
  ];
  const present = view.annotations[HINTS_ANNOTATION];
  const hints = changedHints(present, { sealed, unset, fingerprint: addHints ? fingerprint : undefined });
  if (hints !== present) steps.push({ path: [...before, "metadata", "annotations", HINTS_ANNOTATION], value: hints });
  return editManifests(text, { document, changes: steps, ...(source === undefined ? {} : { source }) });
}

/**
 * Refuses a SealedSecret that `editSealed` could not change, before anybody types what would be lost.
 *
 * @throws as `editSealed`
 */
export function checkEditable(text: string, place: SealedPlace, source: string): void {
  refuseLegacy(place.view);
  labelOf(place.view);
  const before = place.item === undefined ? [] : ["items", place.item];
  const changes = [
    { path: [...before, "spec", "encryptedData", PROBE], value: PROBE },
    { path: [...before, "metadata", "annotations", HINTS_ANNOTATION], value: PROBE },
  ];
  editManifests(text, { document: place.document, changes, source });
}

/** A name that nothing has, to see whether an entry can be added. */
const PROBE = "sealkit-probe";

/** Without a fingerprint, hints of changed items are dropped: they would say nothing any more. */
function changedHints(
  present: string | undefined,
  {
    sealed,
    unset,
    fingerprint,
  }: {
    readonly sealed: readonly (readonly [string, string])[];
    readonly unset: readonly string[];
    readonly fingerprint: string | undefined;
  },
): string | undefined {
  if (present === undefined && fingerprint === undefined) return undefined;
  const hints = new Map<string, ItemHint>(readHints(present));
  for (const name of unset) hints.delete(name);
  for (const [name, item] of sealed) {
    const hash = hashOfItem(item);
    if (fingerprint === undefined || hash === undefined) hints.delete(name);
    else hints.set(name, { fingerprint, hash });
  }
  return hintsText(hints);
}

/**
 * Refuses changes that cannot be made, without a certificate and without sealing anything.
 *
 * @throws as `editSealed`
 */
export function checkChanges(view: SealedSecretView, { set, unset }: ItemChanges): void {
  const { metadata, encryptedData } = view;
  refuseLegacy(view);
  for (const [at, name] of [...set.keys()].entries()) {
    if (ITEM_NAME.test(name) && name !== "." && !name.startsWith("..")) continue;
    // Not repeated: key and value are easily swapped.
    throw new SecretsError("SECRETS_ITEM_NAME", "Cannot seal an item: a Secret takes no such key", {
      original: "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
      details: [`item ${at + 1} of those that were given; its key has ${name.length} characters`],
      hints: ["use letters, digits, '-', '_' and '.' only"],
    });
  }
  for (const name of unset) {
    if (encryptedData.has(name)) continue;
    const there = [...encryptedData.keys()].slice(0, 20).join(", ");
    const state = `SealedSecret "${nameOf(metadata)}" has no such item`;
    throw new SecretsError("SECRETS_ITEM_MISSING", `Cannot remove item ${JSON.stringify(name)}: ${state}`, {
      original: state,
      details: [there === "" ? "it has no items" : `its items: ${there}`],
    });
  }
}

function refuseLegacy({ metadata, legacyData }: SealedSecretView): void {
  if (legacyData === undefined) return;
  const what = `Cannot edit SealedSecret "${nameOf(metadata)}"`;
  throw new SecretsError("SECRETS_LEGACY_DATA", `${what}: it uses the deprecated field spec.data`, {
    original: "using deprecated 'data' field, use 'encryptedData' or flip the feature flag",
    hints: ["all its values are in one piece: seal the whole Secret again"],
  });
}

function labelOf({ metadata, annotations }: SealedSecretView): Uint8Array {
  const { name = "", namespace = "" } = metadata;
  const scope = scopeOf(annotations);
  if (scope === "strict" && name === "") {
    throw new SecretsError("SECRETS_NAME_MISSING", "Cannot seal for this SealedSecret: it has no name", {
      original: "missing metadata.name in input Secret",
      hints: ["add metadata.name"],
    });
  }
  if (scope !== "cluster-wide" && namespace === "") {
    throw new SecretsError("SECRETS_NAMESPACE_MISSING", `Cannot seal for SealedSecret "${name}": it has no namespace`, {
      original: "secret must declare a namespace",
      hints: ["add metadata.namespace: the items are bound to it"],
    });
  }
  return scopeLabel(scope, namespace, name);
}
