import { encodeUtf8 } from "../bytes/utf8.ts";

/** What a sealed item is bound to: its name and namespace, its namespace, or nothing. */
export type Scope = "strict" | "namespace-wide" | "cluster-wide";

export const SCOPES: readonly Scope[] = ["strict", "namespace-wide", "cluster-wide"];

/**
 * The label that binds a sealed item to its place: `namespace/name`, `namespace`, or no bytes at all. It is the only
 * binding; the key of the item within its Secret is not part of it.
 */
export function scopeLabel(scope: Scope, namespace: string, name: string): Uint8Array {
  if (scope === "cluster-wide") return new Uint8Array(0);
  return encodeUtf8(scope === "namespace-wide" ? namespace : `${namespace}/${name}`);
}
