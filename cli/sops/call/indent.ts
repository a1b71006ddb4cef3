import { type Format, indentOf, type SopsConfig } from "../../../src/sops/index.ts";
import type { SopsFlags } from "./flags.ts";

/** The indent of the result: that of `--indent`, else that of the format in the configuration. */
export function indentFor(flags: SopsFlags, config: SopsConfig | undefined, format: Format): number | undefined {
  const asked = Number.parseInt(flags.text("indent"), 10);
  return Number.isSafeInteger(asked) ? asked : indentOf(config?.indents, format);
}
