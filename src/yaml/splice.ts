import type { ScalarNode } from "./node.ts";

/**
 * Replaces one scalar in the text that it was read from (`ParsedYaml.text`) and leaves every other character as it is.
 * `replacement` is written as it is: quotes and escapes are the caller's.
 *
 * @throws {RangeError} when the node was not read from a text.
 */
export function spliceScalar(text: string, node: ScalarNode, replacement: string): string {
  const { textStart, textEnd } = node;
  if (textStart === undefined || textEnd === undefined || textEnd > text.length) {
    throw new RangeError("spliceScalar: expected a scalar that was read from this text");
  }
  return text.slice(0, textStart) + replacement + text.slice(textEnd);
}
