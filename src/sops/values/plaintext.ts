import { isUtf8 } from "node:buffer";
import { formatPlain, parseFloatText, parseIntText } from "./number.ts";
import { parseTime } from "./time.ts";
import type { Leaf } from "./value.ts";

/**
 * The bytes of a leaf that are encrypted and hashed: text as UTF-8, decimal integers, floats without exponent, `True` and
 * `False`, RFC 3339 times. A string stands for its UTF-8 form. Null has none.
 */
export function plaintextOf(leaf: Exclude<Leaf, null>): string | Uint8Array {
  switch (typeof leaf) {
    case "string":
      return leaf;
    case "bigint":
      return leaf.toString();
    case "number":
      return formatPlain(leaf);
    case "boolean":
      return leaf ? "True" : "False";
    default:
      return leaf.kind === "time" ? leaf.text : leaf.bytes;
  }
}

/** A decrypted string: text when it is UTF-8, else the bytes. */
export function textLeaf(bytes: Buffer): Leaf {
  const text = bytes.toString("utf8");
  // The decoder puts U+FFFD where bytes are no UTF-8; only then is a closer look needed.
  if (text.includes("\ufffd") && !isUtf8(bytes)) return { kind: "bytes", bytes };
  return text;
}

/** What a decrypted plaintext of this type means; undefined when it is no value of that type, or the type is unknown. */
export function leafOf(bytes: Buffer, type: string): Leaf | undefined {
  switch (type) {
    case "str":
    // Versions before Go wrote it for whole files and for dates.
    case "bytes":
      return textLeaf(bytes);
    case "int":
      return parseIntText(bytes.toString("latin1"));
    case "float":
      return parseFloatText(bytes.toString("latin1"));
    case "bool":
      return BOOLEANS.get(bytes.toString("latin1"));
    case "time":
      return parseTime(bytes.toString("latin1"));
    default:
      return undefined;
  }
}

/** The types that the format defines. */
export const KNOWN_TYPES: ReadonlySet<string> = new Set(["str", "bytes", "int", "float", "bool", "time", "comment"]);

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((text) => [text, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((text) => [text, false] as const),
]);
