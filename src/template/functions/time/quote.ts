/** What Go's package time refuses, in its own words. */
export class GoTimeError extends Error {}

/** Text between quotes as Go's package time writes it: bytes that are not printable ASCII in hex. */
export function quoted(text: string): string {
  let out = '"';
  for (const byte of bytes(text)) {
    if (byte >= 0x80 || byte < 0x20) out += `\\x${byte.toString(16).padStart(2, "0")}`;
    else if (byte === 0x22 || byte === 0x5c) out += `\\${String.fromCharCode(byte)}`;
    else out += String.fromCharCode(byte);
  }
  return `${out}"`;
}

function* bytes(text: string): Iterable<number> {
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    // A lone surrogate stands for a byte that is not UTF-8.
    if (code >= 0xdc80 && code <= 0xdcff) yield code - 0xdc00;
    else yield* new TextEncoder().encode(character);
  }
}
