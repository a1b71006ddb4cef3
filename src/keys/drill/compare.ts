import { compareBytes } from "../../yaml/index.ts";
import type { DigestedSecret } from "./secret-digests.ts";

/** A Secret that is not the same in both clusters. Names only. */
export interface SecretDifference {
  readonly namespace: string;
  readonly name: string;
  /** Items with other values. */
  readonly changed: readonly string[];
  readonly onlyLive: readonly string[];
  readonly onlyRehearsed: readonly string[];
  /** Whether the Secrets are of two types. */
  readonly type: boolean;
}

export interface SecretPlace {
  readonly namespace: string;
  readonly name: string;
}

/** The Secrets of a rehearsal beside those of the live cluster; every list sorted by namespace and name. */
export interface Comparison {
  readonly equal: number;
  readonly differ: readonly SecretDifference[];
  /** Live Secrets that Git or a backup should bring, by the marks on them, and that the rehearsal did not bring. */
  readonly missing: readonly SecretPlace[];
  /** Live Secrets that a release of Helm made, which is not rehearsed. */
  readonly ofReleases: readonly (SecretPlace & { readonly release: string })[];
  /** Live Secrets that nothing claims to bring: whoever made them has to make them again. */
  readonly onlyLive: readonly SecretPlace[];
  /** Secrets of the rehearsal that the live cluster does not have. */
  readonly onlyRehearsed: readonly SecretPlace[];
}

/** Compares two sets of Secrets that were digested under one key. */
export function compareSecrets(rehearsed: readonly DigestedSecret[], live: readonly DigestedSecret[]): Comparison {
  const liveByPlace = new Map(live.map((secret) => [placeOf(secret), secret]));
  const differ: SecretDifference[] = [];
  const onlyRehearsed: SecretPlace[] = [];
  let equal = 0;
  for (const secret of [...rehearsed].sort(byPlace)) {
    const other = liveByPlace.get(placeOf(secret));
    liveByPlace.delete(placeOf(secret));
    const difference = other === undefined ? undefined : differenceOf(secret, other);
    if (other === undefined) onlyRehearsed.push(nameOf(secret));
    else if (difference === undefined) equal++;
    else differ.push(difference);
  }
  const rest = [...liveByPlace.values()].sort(byPlace);
  return {
    equal,
    differ,
    missing: rest.filter(({ isManaged }) => isManaged).map(nameOf),
    ofReleases: rest.flatMap((secret) =>
      secret.isManaged || secret.release === undefined ? [] : [{ ...nameOf(secret), release: secret.release }],
    ),
    onlyLive: rest.filter(({ isManaged, release }) => !isManaged && release === undefined).map(nameOf),
    onlyRehearsed,
  };
}

function differenceOf(rehearsed: DigestedSecret, live: DigestedSecret): SecretDifference | undefined {
  const items = [...rehearsed.items];
  const changed = items.filter(([item, digest]) => live.items.has(item) && live.items.get(item) !== digest);
  const onlyRehearsed = items.filter(([item]) => !live.items.has(item));
  const onlyLive = [...live.items].filter(([item]) => !rehearsed.items.has(item));
  const type = rehearsed.type !== live.type;
  if (changed.length + onlyRehearsed.length + onlyLive.length === 0 && !type) return undefined;
  return {
    ...nameOf(rehearsed),
    changed: namesOf(changed),
    onlyLive: namesOf(onlyLive),
    onlyRehearsed: namesOf(onlyRehearsed),
    type,
  };
}

function namesOf(entries: readonly (readonly [string, string])[]): string[] {
  return entries.map(([item]) => item).sort(compareBytes);
}

const nameOf = ({ namespace, name }: SecretPlace): SecretPlace => ({ namespace, name });
const placeOf = ({ namespace, name }: SecretPlace) => `${namespace}/${name}`;
const byPlace = (a: SecretPlace, b: SecretPlace) => compareBytes(placeOf(a), placeOf(b));
