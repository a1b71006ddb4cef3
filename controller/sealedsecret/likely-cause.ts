import { decodeBase64Go } from "../../src/bytes/base64.ts";
import type { Clock } from "../../src/kube/index.ts";
import { fieldAt, type KubeObject } from "../../src/objects/index.ts";
import { type Keyring, SealedError, scopeLabel } from "../../src/sealed/index.ts";
import { describePlace, remedyFor, type SealedPlaceName, scopeOf, viewSealedSecret } from "../../src/secrets/index.ts";

/** Tells for what an item that does not open was sealed. */
export interface LikelyCause {
  /**
   * What to say of this item, once for each generation of the object; undefined when nothing was found.
   *
   * @param names of the SealedSecrets in the same namespace.
   */
  of(sealed: KubeObject, item: string, names: () => readonly string[]): Promise<string | undefined>;
  forget(sealed: KubeObject): void;
}

/** Private-key operations for one object. */
const MAX_TRIALS = 8;
/** A second key is worth trying after this many more places with the first. */
const PLACES_PER_KEY = 3;
/** Searches in one namespace: so many at once, and then one after each pause. */
const BURST = 10;
const PAUSE_MS = 30_000;
const REMEMBERED_NAMESPACES = 4_096;
const REMEMBERED_OBJECTS = 50_000;

/**
 * Looks for the place that an item was sealed for: under the object's own name in another scope, and under the other names
 * in its own namespace. Never in another namespace: whoever may write here would learn what stands there. The bounds keep
 * broken objects from using up the private-key work of everybody.
 */
export function likelyCause({ keyring, clock }: { readonly keyring: Keyring; readonly clock: Clock }): LikelyCause {
  const told = new Map<string, { readonly generation: string; readonly text: string | undefined }>();
  const budgets = new Map<string, { tokens: number; atMs: number }>();

  const maySearch = (namespace: string): boolean => {
    const nowMs = clock.now();
    const before = budgets.get(namespace) ?? { tokens: BURST, atMs: nowMs };
    const tokens = Math.min(BURST, before.tokens + (nowMs - before.atMs) / PAUSE_MS);
    const isAllowed = tokens >= 1;
    remember(budgets, namespace, { tokens: isAllowed ? tokens - 1 : tokens, atMs: nowMs }, REMEMBERED_NAMESPACES);
    return isAllowed;
  };

  const search = async (sealed: KubeObject, item: string, names: readonly string[]): Promise<string | undefined> => {
    const value = fieldAt(sealed, "spec", "encryptedData", item);
    const bytes = typeof value === "string" ? decodeBase64Go(value).bytes : undefined;
    if (bytes === undefined) return undefined;
    const { name = "", namespace = "", annotations } = sealed.metadata;
    const own: SealedPlaceName = { scope: scopeOf(annotations), namespace, name };
    for (const { place, key } of trials(placesOf(sealed, names), fitting(keyring, bytes))) {
      const label = scopeLabel(place.scope, place.namespace, place.name);
      const opens = await keyring.open(bytes, label, { only: key }).then(() => true, failed);
      if (opens) return `item "${item}" was sealed for ${describePlace(place)} with ${key}: ${remedyFor(place, own)}`;
    }
    return undefined;
  };

  return {
    async of(sealed, item, names) {
      const { uid = "", namespace = "" } = sealed.metadata;
      const generation = JSON.stringify([sealed.metadata.generation, scopeOf(sealed.metadata.annotations)]);
      const known = told.get(uid);
      if (known?.generation === generation) return known.text;
      if (!maySearch(namespace)) return undefined;
      const text = await search(sealed, item, names());
      remember(told, uid, { generation, text }, REMEMBERED_OBJECTS);
      return text;
    },
    forget: ({ metadata }) => void told.delete(metadata.uid ?? ""),
  };
}

/** The likeliest places with the likeliest keys first, and no more of them than are allowed. */
function trials(places: readonly SealedPlaceName[], keys: readonly string[]) {
  return keys
    .slice(0, MAX_TRIALS)
    .flatMap((key, k) => places.map((place, p) => ({ place, key, rank: p + PLACES_PER_KEY * k })))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MAX_TRIALS);
}

function placesOf(sealed: KubeObject, names: readonly string[]): readonly SealedPlaceName[] {
  const { metadata, annotations, template } = viewSealedSecret(sealed);
  const { name = "", namespace = "" } = metadata;
  const own = scopeOf(annotations);
  const here: SealedPlaceName[] = (["strict", "namespace-wide", "cluster-wide"] as const)
    .filter((scope) => scope !== own)
    .map((scope) => ({ scope, namespace, name }));
  const templated = template.metadata?.name;
  const others = [...(templated === undefined ? [] : [templated]), ...alike(name, names)].filter(
    (other) => other !== "" && other !== name,
  );
  return [...here, ...[...new Set(others)].map((other) => ({ scope: "strict", namespace, name: other }) as const)];
}

/** Those that begin most like `name` first: it may have been renamed or copied. */
function alike(name: string, names: readonly string[]): readonly string[] {
  const common = (other: string) => {
    let length = 0;
    while (length < name.length && name[length] === other[length]) length += 1;
    return length;
  };
  return names
    .map((other) => ({ other, length: common(other) }))
    .sort((a, b) => b.length - a.length || (a.other < b.other ? -1 : 1))
    .slice(0, MAX_TRIALS)
    .map(({ other }) => other);
}

/** None for what is too short to be an item. */
function fitting(keyring: Keyring, sealed: Uint8Array): readonly string[] {
  try {
    return keyring.fitting(sealed);
  } catch (error) {
    if (error instanceof SealedError) return [];
    throw error;
  }
}

function failed(error: unknown): false {
  if (error instanceof SealedError) return false;
  throw error;
}

function remember<V>(map: Map<string, V>, key: string, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value ?? "");
}
