import type { Need } from "../sealing/needed-by.ts";

/** A value that whoever holds a private key can read: to be changed where it came from. Never the value itself. */
export interface ExposedValue {
  /** `cluster`, or the folder of a repository. */
  readonly place: string;
  /** `SealedSecret/apps/db` */
  readonly object: string;
  readonly item: string;
  /** File and line of the object, in a repository. */
  readonly at: string | undefined;
}

/** What a key opens in some places, one entry an item. */
export function exposedValues(
  fingerprint: string,
  places: readonly { readonly place: string; readonly need: Need }[],
): readonly ExposedValue[] {
  return places.flatMap(({ place, need }) =>
    (need.byKey.get(fingerprint) ?? []).flatMap(({ object, at, items }) =>
      items.map((item) => ({ place, object, item, at })),
    ),
  );
}
