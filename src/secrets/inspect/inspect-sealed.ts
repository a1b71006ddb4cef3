import { decodeBase64Go } from "../../bytes/base64.ts";
import { type Keyring, SealedError, scopeLabel } from "../../sealed/index.ts";
import { scopeOf } from "../scope.ts";
import { claimedKey, HINTS_ANNOTATION, type Hints, readHints } from "../seal/hints.ts";
import type { SealedSecretView } from "../sealed-secret.ts";
import { itemParts } from "./item-parts.ts";
import { findSealedFor, type SealedFor, type SealedPlaceName } from "./sealed-for.ts";

/** What keys say of an item: it opens where it stands; it would open elsewhere; or no key opens it in any place tried. */
export type Opening =
  | { readonly kind: "opens"; readonly key: string }
  | { readonly kind: "elsewhere"; readonly sealedFor: SealedFor }
  | { readonly kind: "closed"; readonly placesTried: number; readonly isCut: boolean };

/** What can be told of one item. */
export interface ItemReport {
  readonly item: string;
  /** Size of the RSA key that it was sealed for; undefined when it is no sealed item. */
  readonly bits: number | undefined;
  /** Length of the clear text. */
  readonly clearBytes: number | undefined;
  /** Why it is no sealed item. */
  readonly defect: string | undefined;
  /** The key that its hint names: a claim, no proof. */
  readonly claims: string | undefined;
  /** Whether there is a hint that was written for another ciphertext. */
  readonly hintIsStale: boolean;
  /** Undefined without keys. */
  readonly opening: Opening | undefined;
}

export interface InspectOptions {
  readonly keyring: Keyring;
  /** Other names and namespaces to look for, the likeliest first. */
  readonly names: readonly string[];
  readonly namespaces: readonly string[];
  /** How many places are tried for one object. */
  readonly maxPlaces: number;
}

/** The place that a SealedSecret stands in, by its own annotations, name and namespace. */
export function placeOf({ metadata, annotations }: SealedSecretView): SealedPlaceName {
  const { namespace = "", name = "" } = metadata;
  return { scope: scopeOf(annotations), namespace, name };
}

/** What can be told of the items without any key. */
export function inspectItems(view: SealedSecretView): ItemReport[] {
  const hints = readHints(view.annotations[HINTS_ANNOTATION]);
  return [...view.encryptedData].map(([item, value]) => reportOf(item, value, hints));
}

/**
 * What can be told of the items with private keys: which key opens each, or what it was sealed for instead. The search
 * is made once for an object; its result is tried on the others. Nothing of the clear text leaves this function.
 */
export async function inspectWithKeys(view: SealedSecretView, options: InspectOptions): Promise<ItemReport[]> {
  const { keyring } = options;
  const own = placeOf(view);
  const label = scopeLabel(own.scope, own.namespace, own.name);
  const reports = inspectItems(view);
  const open = (report: ItemReport, first: string | undefined) => openIn(view, report, { keyring, label, first });
  // The first item finds the key, so that the others are opened at the first trial.
  const [head, ...rest] = reports;
  if (head === undefined) return [];
  const opened = [await open(head, head.claims)];
  const known = opened[0]?.opening?.kind === "opens" ? opened[0].opening.key : undefined;
  opened.push(...(await Promise.all(rest.map((report) => open(report, known ?? report.claims)))));
  return await explained(view, opened, { ...options, own });
}

/** Looks for the place that closed items were sealed for. */
async function explained(
  { encryptedData, template }: SealedSecretView,
  reports: readonly ItemReport[],
  { own, keyring, maxPlaces, ...near }: InspectOptions & { readonly own: SealedPlaceName },
): Promise<ItemReport[]> {
  const names = [template.metadata?.name, ...near.names].filter((name) => name !== undefined);
  const namespaces = [template.metadata?.namespace, "default", ...near.namespaces].filter((name) => name !== undefined);
  const found: ItemReport[] = [];
  let elsewhere: SealedFor | undefined;
  let left = maxPlaces;
  for (const report of reports) {
    const sealed = sealedBytes(encryptedData.get(report.item));
    if (report.opening?.kind !== "closed" || sealed === undefined) {
      found.push(report);
      continue;
    }
    // What was found for a neighbour is tried also when nothing more may be.
    const limit = Math.max(left, elsewhere === undefined ? 0 : 1);
    const search = await findSealedFor(sealed, keyring, { own, names, namespaces, maxPlaces: limit, first: elsewhere });
    left -= Math.min(left, search.tried);
    elsewhere = search.found ?? elsewhere;
    const opening: Opening =
      search.found === undefined
        ? { kind: "closed", placesTried: search.tried + 1, isCut: search.isCut }
        : { kind: "elsewhere", sealedFor: search.found };
    found.push({ ...report, opening });
  }
  return found;
}

interface OpenIn {
  readonly keyring: Keyring;
  readonly label: Uint8Array;
  /** The key to try first. */
  readonly first: string | undefined;
}

/** Whether an item opens where it stands. */
async function openIn(
  view: SealedSecretView,
  report: ItemReport,
  { keyring, label, first }: OpenIn,
): Promise<ItemReport> {
  const sealed = sealedBytes(view.encryptedData.get(report.item));
  if (report.defect !== undefined || sealed === undefined) return report;
  const key = await openedBy(keyring, sealed, label, first);
  return {
    ...report,
    opening: key === undefined ? { kind: "closed", placesTried: 1, isCut: false } : { kind: "opens", key },
  };
}

function reportOf(item: string, value: unknown, hints: Hints): ItemReport {
  const parts = itemParts(value);
  const claims = claimedKey(hints, item, value);
  const hintIsStale = hints.has(item) && claims === undefined;
  const common = { item, claims, hintIsStale, opening: undefined };
  if ("defect" in parts) return { ...common, bits: undefined, clearBytes: undefined, defect: parts.defect };
  return { ...common, ...parts, defect: undefined };
}

function sealedBytes(value: unknown): Uint8Array | undefined {
  return typeof value === "string" ? decodeBase64Go(value).bytes : undefined;
}

async function openedBy(
  keyring: Keyring,
  sealed: Uint8Array,
  label: Uint8Array,
  first: string | undefined,
): Promise<string | undefined> {
  try {
    return (await keyring.open(sealed, label, { first })).openedBy;
  } catch (error) {
    if (error instanceof SealedError) return undefined;
    throw error;
  }
}
