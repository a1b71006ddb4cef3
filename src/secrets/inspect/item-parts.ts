import { decodeBase64Go } from "../../bytes/base64.ts";
import { SealedError, splitSealed } from "../../sealed/index.ts";

const TAG_BYTES = 16;

/** What the form of an item tells without any key. */
export interface ItemParts {
  /** Size of the RSA key that it was sealed for. */
  readonly bits: number;
  /** Length of the clear text. */
  readonly clearBytes: number;
}

/** Why an item is none, in words; it goes into reports as it is. */
export interface ItemDefect {
  readonly defect: string;
}

/** Sizes of the smallest and the largest RSA key that seals anything. */
const MIN_KEY_BYTES = 128;
const MAX_KEY_BYTES = 2048;

/** Looks at an item of a manifest without opening it. */
export function itemParts(item: unknown): ItemParts | ItemDefect {
  if (typeof item !== "string") return { defect: "it is no text" };
  const { bytes, illegalAt } = decodeBase64Go(item);
  if (bytes === undefined) return { defect: `it is not base64 (byte ${illegalAt})` };
  try {
    const { wrappedKey, body } = splitSealed(bytes);
    if (wrappedKey.length < MIN_KEY_BYTES || wrappedKey.length > MAX_KEY_BYTES) {
      return { defect: `it does not begin as a sealed item (its key would have ${wrappedKey.length * 8} bits)` };
    }
    return { bits: wrappedKey.length * 8, clearBytes: body.length - TAG_BYTES };
  } catch (error) {
    if (!(error instanceof SealedError)) throw error;
    return { defect: `it is cut off: ${error.details.join(", ")}` };
  }
}

/** Length of the clear text of an item; undefined when it is none. */
export function clearBytesOf(item: unknown): number | undefined {
  const parts = itemParts(item);
  return "defect" in parts ? undefined : parts.clearBytes;
}
