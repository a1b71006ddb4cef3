export { ClearText } from "./clear-text.ts";
export { ToolkitError } from "./errors.ts";
