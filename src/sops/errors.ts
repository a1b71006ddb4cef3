import { type ErrorContext, ToolkitError } from "../errors.ts";

export type SopsErrorCode =
  | "SOPS_ALREADY_ENCRYPTED"
  | "SOPS_BAD_CONFIG"
  | "SOPS_BAD_DATA_KEY"
  | "SOPS_BAD_KEY"
  | "SOPS_BAD_METADATA"
  | "SOPS_BAD_PATH"
  | "SOPS_BAD_RECIPIENT"
  | "SOPS_BAD_REGEX"
  | "SOPS_BAD_SELECTOR"
  | "SOPS_BAD_SHARES"
  | "SOPS_BAD_SYNTAX"
  | "SOPS_BAD_THRESHOLD"
  | "SOPS_BAD_VALUE"
  | "SOPS_COMMENT_CONFLICT"
  | "SOPS_EMPTY_FILE"
  | "SOPS_KEY_NOT_USED"
  | "SOPS_LAYOUT_NOT_KEPT"
  | "SOPS_MAC_MISMATCH"
  | "SOPS_NO_CONFLICT"
  | "SOPS_NO_DATA_KEY"
  | "SOPS_NO_GROUP"
  | "SOPS_NO_METADATA"
  | "SOPS_NO_RECIPIENTS"
  | "SOPS_NO_RULE"
  | "SOPS_NOTHING_THERE"
  | "SOPS_NOT_A_SECRET"
  | "SOPS_NOT_ENCRYPTED"
  | "SOPS_TOO_LARGE"
  | "SOPS_UNPRINTABLE"
  | "SOPS_WRONG_KEY_OR_ALTERED";

export interface SopsErrorContext extends ErrorContext {
  readonly file?: string | undefined;
  /** Keys from the root to the value at fault; absent when no single value is. */
  readonly path?: readonly string[] | undefined;
  /** What the original tool says in this case, without any value; absent where that text would show one. */
  readonly upstream?: string | undefined;
}

/**
 * A SOPS file cannot be read, decrypted, encrypted or written, or its configuration cannot be used.
 *
 * Branch on `code`. `file` and `path` say where; `upstream` is the sentence of the original for a command that stands in
 * for it. No field ever holds a value of the file, a data key or an identity.
 */
export class SopsError extends ToolkitError {
  override readonly name = "SopsError";
  readonly code: SopsErrorCode;
  readonly file: string | undefined;
  readonly path: readonly string[] | undefined;
  readonly upstream: string | undefined;

  constructor(code: SopsErrorCode, message: string, more: SopsErrorContext = {}) {
    super(message, more);
    this.code = code;
    this.file = more.file;
    this.path = more.path;
    this.upstream = more.upstream;
  }
}

/** How an error names what it is about: the quoted file, or `the SOPS data` for text without a name. */
export function nameOf(file: string | undefined): string {
  return file === undefined ? "the SOPS data" : JSON.stringify(file);
}

/** A path as people write it: `stringData.password`; keys that are not plain words are quoted. */
export function showPath(path: readonly string[]): string {
  return path.map((key) => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key))).join(".");
}
