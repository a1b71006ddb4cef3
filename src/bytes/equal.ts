/**
 * Whether two byte strings are equal, looking at every byte whatever the first difference is. Lengths are not secret.
 * As constant in time as JavaScript allows: no early exit, no branch on a byte.
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return difference === 0;
}
