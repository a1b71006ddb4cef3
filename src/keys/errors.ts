import { type ErrorContext, ToolkitError } from "../errors.ts";

export type KeysErrorCode =
  | "KEYS_AGE_NEEDED"
  | "KEYS_AGE_SECRET"
  | "KEYS_BACKUP_DAMAGED"
  | "KEYS_BACKUP_EMPTY"
  | "KEYS_BACKUP_MALFORMED"
  | "KEYS_BACKUP_OTHER"
  | "KEYS_BACKUP_VERSION"
  | "KEYS_FORBIDDEN"
  | "KEYS_IMPORT_MISMATCH"
  | "KEYS_IMPORT_WEAK"
  | "KEYS_INCLUDE_MISSING"
  | "KEYS_NEEDED"
  | "KEYS_NO_SUCH_KEY"
  | "KEYS_NOT_SERVED"
  | "KEYS_NOT_SYNCED"
  | "KEYS_RESTORE_BROKEN_OFF"
  | "KEYS_CONVERT_REFUSED"
  | "KEYS_PROMOTE_REFUSED"
  | "KEYS_RESTORE_CONFLICT"
  | "KEYS_RULES_NOT_EDITABLE"
  | "KEYS_SECRET_UNUSABLE"
  | "KEYS_SHARE_MALFORMED"
  | "KEYS_SHARES_MIXED"
  | "KEYS_SHARES_TOO_FEW"
  | "KEYS_SHARES_WRONG"
  | "KEYS_UNREAD";

/** Sealing keys, or a backup of them, cannot be used as asked. No field holds a private key; fingerprints are public. */
export class KeysError extends ToolkitError {
  override readonly name = "KeysError";
  readonly code: KeysErrorCode;

  constructor(code: KeysErrorCode, message: string, more: ErrorContext = {}) {
    super(message, more);
    this.code = code;
  }
}
