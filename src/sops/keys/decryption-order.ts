import type { KeyGroup } from "../metadata/metadata.ts";

/** The types that are tried first when nobody says otherwise: what needs no network. */
export const DEFAULT_DECRYPTION_ORDER: readonly string[] = ["age", "pgp"];

/** The keys of a group as they are tried: types in the order given, then the others, each in the order of the file. */
export function inDecryptionOrder(keys: KeyGroup, order: readonly string[]): KeyGroup {
  const rank = ({ type }: KeyGroup[number]) => (order.includes(type) ? order.indexOf(type) : order.length);
  return keys.toSorted((a, b) => rank(a) - rank(b));
}
