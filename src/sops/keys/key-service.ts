import { type ErrorContext, ToolkitError } from "../../errors.ts";
import type { KeyType, MasterKey } from "../metadata/metadata.ts";

/** A service that holds data keys for one type of master key, or for several when it is a remote one. */
export interface KeyService {
  /** As people know it: `AWS KMS`. */
  readonly name: string;
  /** The text of `enc` for a data key, or for a share of one. @throws {KeyServiceError} */
  encrypt(key: MasterKey, dataKey: Uint8Array): Promise<string>;
  /** The data key, or share, that the key's `enc` holds. @throws {KeyServiceError} */
  decrypt(key: MasterKey): Promise<Uint8Array>;
  /**
   * The key with what its text may leave out, such as the version of an Azure key. Asked before anything is encrypted to
   * it or compared with it; absent where the text says all.
   *
   * @throws {KeyServiceError}
   */
  complete?(key: MasterKey): Promise<MasterKey>;
}

/** Who answers for which type of key. */
export type KeyServices = ReadonlyMap<KeyType, KeyService>;

export type KeyServiceErrorCode =
  | "KEY_SERVICE_ABSENT"
  | "KEY_SERVICE_BAD_ANSWER"
  | "KEY_SERVICE_BAD_DATA"
  | "KEY_SERVICE_BAD_KEY"
  | "KEY_SERVICE_BAD_SETTINGS"
  | "KEY_SERVICE_DENIED"
  | "KEY_SERVICE_FAILED"
  | "KEY_SERVICE_MISSING_KEY"
  | "KEY_SERVICE_NOT_ALLOWED"
  | "KEY_SERVICE_NO_CREDENTIALS"
  | "KEY_SERVICE_NO_MATCH"
  | "KEY_SERVICE_THROTTLED"
  | "KEY_SERVICE_TIMEOUT"
  | "KEY_SERVICE_UNREACHABLE";

export interface KeyServiceErrorContext extends ErrorContext {
  /** The line that the original shows in this case. */
  readonly original: string;
}

/** Why a key service did not do what it was asked. No field ever holds a key, a token, clear text or a body. */
export class KeyServiceError extends ToolkitError {
  override readonly name = "KeyServiceError";
  readonly code: KeyServiceErrorCode;
  readonly original: string;

  constructor(code: KeyServiceErrorCode, message: string, more: KeyServiceErrorContext) {
    super(message, more);
    this.code = code;
    this.original = more.original;
  }
}
