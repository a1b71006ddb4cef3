import type { Need, NeededFor } from "../sealing/needed-by.ts";

/** A value that whoever holds a private key can read: to be changed where it came from. Never the value itself. */
export interface ExposedValue {
  /** `cluster`, or the folder of a repository. */
  readonly place: string;
  /** `SealedSecret/apps/db` */
  readonly object: string;
  readonly item: string;
  /** File, line and document (both from 1) of the object, in a repository. */
  readonly at: { readonly path: string; readonly line: number; readonly document: number } | undefined;
  /** Whether it is so in the file on disk. */
  readonly isOnDisk: boolean;
  /** Branches that hold it so; sorted. */
  readonly branches: readonly string[];
  /** The first commit with it, for a value that neither the files on disk nor a branch hold any more. */
  readonly commit: string | undefined;
}

/** What a key opens in a place: the cluster, or one of the states of a repository (files, branches, history). */
export interface NeedAt {
  readonly place: string;
  readonly need: Need;
}

/**
 * What a key opens in some places, one entry for an item of an object in a file, however many branches and commits hold it.
 * Of a repository the files on disk come before its branches, and these before its history.
 */
export function exposedValues(fingerprint: string, places: readonly NeedAt[]): readonly ExposedValue[] {
  const values = new Map<string, ExposedValue>();
  for (const { place, need } of places) {
    for (const needed of need.byKey.get(fingerprint) ?? []) {
      for (const item of needed.items) {
        const key = JSON.stringify([place, needed.object, item, needed.place?.path]);
        const known = values.get(key);
        values.set(key, known === undefined ? found(place, needed, item) : withBranches(known, needed));
      }
    }
  }
  return [...values.values()];
}

function found(place: string, { object, place: at }: NeededFor, item: string): ExposedValue {
  if (at === undefined) return { place, object, item, at, isOnDisk: false, branches: [], commit: undefined };
  const { path, line, document, branches, commit } = at;
  const isOnDisk = branches.length === 0 && commit === undefined;
  return { place, object, item, at: { path, line, document }, isOnDisk, branches, commit };
}

function withBranches(known: ExposedValue, { place }: NeededFor): ExposedValue {
  const branches = [...new Set([...known.branches, ...(place?.branches ?? [])])].sort();
  return { ...known, branches };
}
