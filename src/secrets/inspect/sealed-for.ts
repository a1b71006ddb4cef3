import { type Keyring, type Scope, SealedError, scopeLabel } from "../../sealed/index.ts";
import { annotationOf } from "../scope.ts";

/** A place that an item can be sealed for. The name says nothing when the scope is wider, nor the namespace for `cluster-wide`. */
export interface SealedPlaceName {
  readonly scope: Scope;
  readonly namespace: string;
  readonly name: string;
}

/** The place that an item was sealed for, and the key that shows it. */
export interface SealedFor extends SealedPlaceName {
  /** Fingerprint of the key that opened it. */
  readonly openedBy: string;
}

export interface SearchOptions {
  /** Where the object stands. */
  readonly own: SealedPlaceName;
  /** Other names and namespaces that it may have had, the likeliest first. */
  readonly names: readonly string[];
  readonly namespaces: readonly string[];
  /** How many places are tried at most; each costs one private-key operation for every key of the item's size. */
  readonly maxPlaces: number;
  /** A place that was found for a neighbour: tried first. */
  readonly first?: SealedPlaceName | undefined;
}

export interface Search {
  readonly found: SealedFor | undefined;
  /** How many places were tried. */
  readonly tried: number;
  /** Whether there were more than were tried. */
  readonly isCut: boolean;
}

/**
 * Finds out what an item that does not open in its place was sealed for, by trying the labels of likely places: the other
 * scopes, then other namespaces and names.
 *
 * This tells where an item belongs. Do it for people who hold the keys, never in an answer to strangers.
 */
export async function findSealedFor(sealed: Uint8Array, keyring: Keyring, options: SearchOptions): Promise<Search> {
  const places = candidates(options);
  let tried = 0;
  for (const place of places.slice(0, options.maxPlaces)) {
    tried++;
    const openedBy = await openedIn(place, sealed, keyring);
    if (openedBy !== undefined) return { found: { ...place, openedBy }, tried, isCut: false };
  }
  return { found: undefined, tried, isCut: places.length > tried };
}

/** `cluster-wide`, `namespace-wide in team-a`, `team-a/db (strict)`: what stands behind "sealed for". */
export function describePlace({ scope, namespace, name }: SealedPlaceName): string {
  if (scope === "cluster-wide") return scope;
  return scope === "namespace-wide" ? `namespace-wide in ${namespace}` : `${namespace}/${name} (strict)`;
}

/** What to do with an object that stands in `own`, so that items open which were sealed for `place`. */
export function remedyFor(place: SealedPlaceName, own: SealedPlaceName): string {
  const isElsewhere = place.scope !== "cluster-wide" && place.namespace !== own.namespace;
  const isRenamed = place.scope === "strict" && place.name !== own.name;
  const parts = [
    ...(isRenamed ? [`the name "${place.name}"`] : []),
    ...(isElsewhere ? [`the namespace "${place.namespace}"`] : []),
  ];
  const steps = parts.length === 0 ? [] : [`give the SealedSecret ${parts.join(" and ")}`];
  const rescope = place.scope === own.scope ? undefined : scopeStep(place.scope, own.scope);
  if (rescope !== undefined) steps.push(rescope);
  return `${steps.join(" and ")}${parts.length === 0 ? "" : ", or seal it again"}`;
}

function scopeStep(wanted: Scope, own: Scope): string {
  if (wanted === "strict") return "take the scope annotations of the SealedSecret away";
  const annotate = `annotate the SealedSecret with ${annotationOf(wanted)}: "true"`;
  // Where both stand, cluster-wide counts.
  return own === "cluster-wide" ? `${annotate} in place of ${annotationOf(own)}` : annotate;
}

/** The likeliest first: another scope, a copy in another namespace, another name, both. */
function candidates({ own, names, namespaces, first }: SearchOptions): SealedPlaceName[] {
  const found = new Map<string, SealedPlaceName>();
  const own1 = labelText(own);
  const add = (scope: Scope, namespace: string, name: string) => {
    const place = { scope, namespace, name };
    const label = labelText(place);
    // Empty parts make labels that belong to other scopes.
    const isWhole = scope === "cluster-wide" || (namespace !== "" && (scope === "namespace-wide" || name !== ""));
    if (isWhole && label !== own1 && !found.has(label)) found.set(label, place);
  };
  if (first !== undefined) add(first.scope, first.namespace, first.name);
  add("strict", own.namespace, own.name);
  add("namespace-wide", own.namespace, own.name);
  add("cluster-wide", own.namespace, own.name);
  for (const namespace of namespaces) add("strict", namespace, own.name);
  for (const namespace of namespaces) add("namespace-wide", namespace, own.name);
  for (const name of names) add("strict", own.namespace, name);
  for (const name of names) for (const namespace of namespaces) add("strict", namespace, name);
  return [...found.values()];
}

function labelText({ scope, namespace, name }: SealedPlaceName): string {
  return new TextDecoder().decode(scopeLabel(scope, namespace, name));
}

async function openedIn(
  { scope, namespace, name }: SealedPlaceName,
  sealed: Uint8Array,
  keyring: Keyring,
): Promise<string | undefined> {
  try {
    return (await keyring.open(sealed, scopeLabel(scope, namespace, name))).openedBy;
  } catch (error) {
    if (error instanceof SealedError) return undefined;
    throw error;
  }
}
