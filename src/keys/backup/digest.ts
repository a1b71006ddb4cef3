import { primitives } from "#primitives";
import { encodeHex } from "../../bytes/hex.ts";
import { KeysError } from "../errors.ts";

/** What a backup is known by: `sha256:` and hex, of the file as it is. */
export function backupDigest(file: Uint8Array): string {
  return `sha256:${encodeHex(primitives.sha256(file))}`;
}

/** A digest as a person gives it: hex, with `sha256:` before it or without. Undefined for anything else. */
export function parseBackupDigest(text: string): string | undefined {
  const [, hex] = /^(?:sha256:)?([0-9a-fA-F]{64})$/.exec(text.trim()) ?? [];
  return hex === undefined ? undefined : `sha256:${hex.toLowerCase()}`;
}

/**
 * Refuses any file but the one that is expected. Encryption says who can open a backup and not who made it: this does.
 *
 * @throws {KeysError} `KEYS_BACKUP_OTHER`
 */
export function checkBackupDigest(file: Uint8Array, expected: string): void {
  const actual = backupDigest(file);
  if (actual === expected) return;
  throw new KeysError("KEYS_BACKUP_OTHER", "Cannot use the backup: it is another than the one that is expected", {
    details: [`expected: ${expected}`, `found:    ${actual}`],
    hints: ["take the file with that digest; if this one is right, find out who replaced the other, and when"],
  });
}
