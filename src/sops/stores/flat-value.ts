import { formatYamlFloat } from "../../yaml/index.ts";
import { SopsError, showPath } from "../errors.ts";
import { plaintextOf } from "../values/plaintext.ts";
import type { Branch, Leaf, List, Node } from "../values/value.ts";
import { decodeText } from "./byte-text.ts";

/** Whether a node has no place in a format of keys and texts. */
export function isComplex(node: Node): node is Branch | List {
  return typeof node === "object" && node !== null && (node.kind === "branch" || node.kind === "list");
}

/**
 * A leaf as formats that know only texts print it: floats with a point or an exponent, times without their fraction, null
 * as `<nil>`. Bytes that are no UTF-8 as `decodeText` has them.
 *
 * Source: what the original prints.
 */
export function flatText(leaf: Leaf): string {
  switch (typeof leaf) {
    case "string":
      return leaf;
    case "bigint":
      return leaf.toString();
    case "number":
      return floatText(leaf);
    case "boolean":
      return String(leaf);
    default:
      if (leaf === null) return "<nil>";
      return leaf.kind === "time" ? leaf.text.replace(/\.\d+/, "") : decodeText(leaf.bytes);
  }
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const text = formatYamlFloat(value).toUpperCase();
  return /[.E]/.test(text) ? text : `${text}.0`;
}

/**
 * The text of a value in an encrypted file of texts. `readAgain` is what a reader makes of the text.
 *
 * @throws {SopsError} `SOPS_UNPRINTABLE` for a clear value that a reader would hash differently: with it the file could
 * never be decrypted.
 */
export function lastingText(
  leaf: Leaf,
  path: readonly string[],
  { format, readAgain }: { format: string; readAgain: (text: string) => string },
): string {
  const text = flatText(leaf);
  const plain = leaf === null ? undefined : plaintextOf(leaf);
  const isLasting = (typeof plain === "string" ? plain : undefined) === readAgain(text);
  if (isLasting) return text;
  const why = leaf === null ? "null" : "a value that is no text";
  throw new SopsError(
    "SOPS_UNPRINTABLE",
    `Cannot print ${showPath(path)}: ${format} has only texts, and ${why} in clear would not be the same when it is read`,
    { path: [...path], hints: ["--output-type yaml", "or write it as a text: in quotes"] },
  );
}
