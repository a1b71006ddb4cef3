const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });

/** UTF-8 of a string; lone surrogates become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The string, or undefined when the bytes are not UTF-8. A byte order mark stays in the text. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The string with U+FFFD in place of what is not UTF-8: for messages only. */
export function showUtf8(bytes: Uint8Array): string {
  return lossy.decode(bytes);
}

/** The string of bytes that are known to be ASCII. */
export function decodeAscii(bytes: Uint8Array): string {
  return lossy.decode(bytes);
}

/** The encoding that the byte order mark at the start of a text names: UTF-8 where there is none. */
export function markedEncoding([first, second]: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}
