import { type ErrorContext, ToolkitError } from "../errors.ts";

export type TreeErrorCode =
  | "TREE_BAD_ARCHIVE"
  | "TREE_BAD_PATH"
  | "TREE_CLASHING_PATHS"
  | "TREE_LINK_REFUSED"
  | "TREE_TOO_LARGE"
  | "TREE_UNSUPPORTED_ENTRY";

/**
 * Files cannot become a tree, or an archive cannot be read.
 *
 * Branch on `code`; `path` is the entry at fault, as far as one is known.
 */
export class TreeError extends ToolkitError {
  override readonly name = "TreeError";
  readonly code: TreeErrorCode;
  readonly path: string | undefined;

  constructor(code: TreeErrorCode, message: string, more: ErrorContext & { path?: string } = {}) {
    super(message, more);
    this.code = code;
    this.path = more.path;
  }
}
