/** The bytes of a `!!binary` scalar: padded Base64 with line breaks anywhere, or undefined. */
export function decodeBinary(text: string): Uint8Array | undefined {
  const packed = text.replace(/[\r\n]/g, "");
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(packed)) return undefined;
  const binary = atob(packed);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** Text of bytes as Go makes it: every byte that is not part of UTF-8 becomes one U+FFFD. */
export function textOfBytes(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    let text = "";
    for (let at = 0; at < bytes.length; ) {
      const character = characterAt(bytes, at);
      text += character?.text ?? "\ufffd";
      at += character?.width ?? 1;
    }
    return text;
  }
}

function characterAt(bytes: Uint8Array, at: number): { text: string; width: number } | undefined {
  for (let width = 1; width <= 4 && at + width <= bytes.length; width++) {
    try {
      const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      return { text: decoder.decode(bytes.subarray(at, at + width)), width };
    } catch {}
  }
  return undefined;
}
