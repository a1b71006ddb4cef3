import { type ErrorContext, ToolkitError } from "../errors.ts";

export type AgeErrorCode =
  | "AGE_ARMOR"
  | "AGE_HEADER"
  | "AGE_HEADER_MAC"
  | "AGE_PAYLOAD"
  | "AGE_SOURCE_CHANGED"
  | "AGE_NO_MATCH"
  | "AGE_WRONG_PASSPHRASE"
  | "AGE_WORK_FACTOR"
  | "AGE_NO_RECIPIENTS"
  | "AGE_RECIPIENTS_MIXED"
  | "AGE_RECIPIENT_MALFORMED"
  | "AGE_RECIPIENT_UNSUPPORTED"
  | "AGE_RECIPIENTS_FILE"
  | "AGE_IDENTITY_MALFORMED"
  | "AGE_IDENTITY_UNSUPPORTED"
  | "AGE_IDENTITY_LOCKED"
  | "AGE_IDENTITIES_FILE"
  | "AGE_PLUGIN_MISSING"
  | "AGE_PLUGIN_REFUSED"
  | "AGE_PLUGIN_BROKEN"
  | "AGE_PASSKEY_UNAVAILABLE"
  | "AGE_PASSKEY_REFUSED";

/** What an `AgeError` can say beyond code and message. */
export interface AgeErrorContext extends ErrorContext {
  /** What the age tool prints in this case, for the commands that stand in for it. */
  readonly original: string;
}

/** Something cannot be encrypted to or decrypted with age. No field holds clear text, a secret key or a passphrase. */
export class AgeError extends ToolkitError {
  override readonly name = "AgeError";
  readonly code: AgeErrorCode;
  readonly original: string;

  constructor(code: AgeErrorCode, message: string, more: AgeErrorContext) {
    super(message, more);
    this.code = code;
    this.original = more.original;
  }
}

/** The header breaks the format; `reason` is age's text without the part that says where. */
export function headerError(reason: string, prefix = "failed to read header: "): AgeError {
  return new AgeError("AGE_HEADER", "Cannot read age file: its header is malformed", {
    original: `${prefix}${reason}`,
    details: [reason],
  });
}

export function armorError(reason: string): AgeError {
  return new AgeError("AGE_ARMOR", "Cannot read age file: its armor is malformed", {
    original: `invalid armor: ${reason}`,
    details: [reason],
  });
}

/** What is to be encrypted ends before what was seen of it, so that no chunk is left to be the last. */
export function shortened(): AgeError {
  return new AgeError("AGE_SOURCE_CHANGED", "Cannot encrypt: the file became shorter while it was read", {
    original: "unexpected EOF",
    hints: ["run it again when nobody writes to the file"],
  });
}

/** The payload was cut, changed or added to; which of them is said only where the text shows it. */
export function payloadError(original: string): AgeError {
  return new AgeError("AGE_PAYLOAD", "Cannot decrypt age file: its payload is damaged, cut off or was tampered with", {
    original,
    details: original === PAYLOAD_DAMAGED ? [] : [original],
    hints: ["fetch or restore the file again; what was decrypted before the damage is authentic"],
  });
}

export const PAYLOAD_DAMAGED =
  "failed to decrypt and authenticate payload chunk, file may be corrupted or tampered with";
