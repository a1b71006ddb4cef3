import type { Format, SopsConfig } from "../../../src/sops/index.ts";
import type { SopsFlags } from "./flags.ts";

/** The indent of the result: that of `--indent`, else that of the format in the configuration. */
export function indentFor(flags: SopsFlags, config: SopsConfig | undefined, format: Format): number | undefined {
  const asked = Number.parseInt(flags.text("indent"), 10);
  if (Number.isSafeInteger(asked)) return asked;
  if (format === "binary") return config?.indents.binary;
  return format === "json" ? config?.indents.json : config?.indents.yaml;
}
