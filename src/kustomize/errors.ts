import { type ErrorContext, ToolkitError } from "../errors.ts";

export type KustomizeErrorCode =
  | "KUSTOMIZE_BAD_FILE"
  | "KUSTOMIZE_BAD_OBJECT"
  | "KUSTOMIZE_CYCLE"
  | "KUSTOMIZE_DUPLICATE"
  | "KUSTOMIZE_FIELD_UNSUPPORTED"
  | "KUSTOMIZE_MULTIPLE_FILES"
  | "KUSTOMIZE_OUTSIDE"
  | "KUSTOMIZE_REMOTE_REFUSED"
  | "KUSTOMIZE_RESOURCE_NOT_FOUND"
  | "KUSTOMIZE_TOO_LARGE";

/** A directory of manifests cannot be built. Branch on `code`; `file` is the file at fault, from the tree's root. */
export class KustomizeError extends ToolkitError {
  override readonly name = "KustomizeError";
  readonly code: KustomizeErrorCode;
  readonly file: string | undefined;

  constructor(code: KustomizeErrorCode, message: string, more: ErrorContext & { file?: string } = {}) {
    super(message, more);
    this.code = code;
    this.file = more.file;
  }
}
