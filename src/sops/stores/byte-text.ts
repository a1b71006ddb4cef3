import { isUtf8 } from "node:buffer";
import type { Leaf } from "../values/value.ts";

/**
 * Bytes as text that can be turned back: UTF-8 as it is, each byte that is no UTF-8 as half a surrogate pair (U+DC80 to
 * U+DCFF), which UTF-8 itself can never give.
 */
export function decodeText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return buffer.toString("utf8");
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < buffer.length; ) {
    const length = sequenceLength(buffer, at);
    if (length > 0) {
      at += length;
      continue;
    }
    parts.push(buffer.toString("utf8", from, at), String.fromCharCode(FIRST_HALF + (buffer[at] ?? 0)));
    from = ++at;
  }
  parts.push(buffer.toString("utf8", from));
  return parts.join("");
}

/** The bytes of such a text; the text itself where it is plain UTF-8. */
export function encodeText(text: string): string | Uint8Array {
  if (isWholeText(text)) return text;
  const parts = text.split(BYTES).map((part, index) => {
    return index % 2 === 0
      ? Buffer.from(part)
      : Buffer.from(Array.from(part, (character) => character.charCodeAt(0) - FIRST_HALF));
  });
  return Buffer.concat(parts);
}

/** Such a text as a value. */
export function leafOfText(text: string): Leaf {
  const encoded = encodeText(text);
  return typeof encoded === "string" ? encoded : { kind: "bytes", bytes: encoded };
}

/** Whether a text stands for UTF-8 alone. */
export function isWholeText(text: string): boolean {
  return !BYTE.test(text);
}

const FIRST_HALF = 0xdc00;
const BYTE = /[\udc80-\udcff]/u;
const BYTES = /([\udc80-\udcff]+)/u;

/** Bytes of the UTF-8 character that starts here, 0 when none does. */
export function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}
