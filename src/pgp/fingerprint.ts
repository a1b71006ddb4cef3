/** Which key of a ring is meant. */
export interface PgpKeyName {
  /** A fingerprint, or a key ID of 16 digits: lower case, without `0x`. */
  readonly hex: string;
  /** Whether this very key or subkey is meant, and not the one of its owner that fits best. */
  readonly isExact: boolean;
}

/**
 * Reads how SOPS names PGP keys: a fingerprint or a long key ID in hex, with `!` behind it for exactly this subkey.
 * Undefined for anything else: names and addresses could be those of several keys.
 */
export function readFingerprint(text: string): PgpKeyName | undefined {
  const [, hex, mark] = /^(?:0x)?([0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})(!?)$/i.exec(text) ?? [];
  return hex === undefined ? undefined : { hex: hex.toLowerCase(), isExact: mark === "!" };
}
