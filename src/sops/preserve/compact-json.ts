import { writeJson } from "../stores/json-write.ts";
import type { Node } from "../values/value.ts";

/** A value as JSON on one line. Texts hold no line break that is not escaped. */
export function compactJson(node: Node): string {
  return writeJson(node, { unit: "" }).replaceAll("\n", "");
}
