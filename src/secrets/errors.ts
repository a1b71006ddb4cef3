import { type ErrorContext, ToolkitError } from "../errors.ts";
import type { TemplateProblem } from "./render/templates.ts";

export type SecretsErrorCode =
  | "SECRETS_SECRET_MALFORMED"
  | "SECRETS_DATA_EMPTY"
  | "SECRETS_NAME_MISSING"
  | "SECRETS_NAMESPACE_MISSING"
  | "SECRETS_NAMESPACE_MISMATCH"
  | "SECRETS_SCOPE_MISMATCH"
  | "SECRETS_NOT_SEALED_SECRET"
  | "SECRETS_ITEM_NAME"
  | "SECRETS_ITEM_MISSING"
  | "SECRETS_EDIT_REFUSED"
  | "SECRETS_UNSEAL_FAILED"
  | "SECRETS_LEGACY_DATA"
  | "SECRETS_TEMPLATE_MALFORMED"
  | "SECRETS_TEMPLATE_FAILED"
  | "SECRETS_TEMPLATES_BUSY";

/** Why one item of a SealedSecret could not be opened. */
export interface ItemProblem {
  /** Key of the item in `spec.encryptedData`. */
  readonly item: string;
  /** What upstream says of it: `no key could decrypt secret`, `illegal base64 data at input byte N`. */
  readonly original: string;
  /** Fingerprints of the keys that were tried. */
  readonly tried: readonly string[];
  /** What is wrong with the item itself, where that can be told without a key. */
  readonly defect?: string | undefined;
}

/** What a `SecretsError` can say beyond code and message. */
export interface SecretsErrorContext extends ErrorContext {
  /** What kubeseal or the upstream controller says in this case. */
  readonly original: string;
  readonly items?: readonly ItemProblem[];
  readonly templates?: readonly TemplateProblem[];
}

/** A Secret cannot be sealed, or a SealedSecret not opened. No field holds clear text; fingerprints are public. */
export class SecretsError extends ToolkitError {
  override readonly name = "SecretsError";
  readonly code: SecretsErrorCode;
  readonly original: string;
  /** For `SECRETS_UNSEAL_FAILED`: every item that failed. */
  readonly items: readonly ItemProblem[];
  /** Templates that gave nothing. Their `text` is what the original prints, and may quote clear text. */
  readonly templates: readonly TemplateProblem[];

  constructor(code: SecretsErrorCode, message: string, more: SecretsErrorContext) {
    super(message, more);
    this.code = code;
    this.original = more.original;
    this.items = more.items ?? [];
    this.templates = more.templates ?? [];
  }
}
