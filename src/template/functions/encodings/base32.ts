const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const PAD = 0x3d;

/** How many letters a last group may have before its padding → how many bytes they hold. */
const HELD: Readonly<Record<number, number>> = { 2: 1, 4: 2, 5: 3, 7: 4, 8: 5 };

/** Base32 with padding (RFC 4648 §6). */
export function encodeBase32(bytes: Uint8Array): string {
  let out = "";
  for (let at = 0; at < bytes.length; at += 5) {
    const group = bytes.subarray(at, at + 5);
    let bits = 0n;
    for (let index = 0; index < 5; index++) bits = (bits << 8n) | BigInt(group[index] ?? 0);
    const letters = Math.ceil((group.length * 8) / 5);
    for (let index = 0; index < 8; index++) {
      out += index < letters ? ALPHABET[Number((bits >> BigInt(35 - index * 5)) & 31n)] : "=";
    }
  }
  return out;
}

/** The bytes, or the offset that Go's `encoding/base32` names; line breaks are ignored, and not counted. */
export function decodeBase32(
  input: Uint8Array,
):
  | { readonly bytes: Uint8Array; readonly illegalAt?: undefined }
  | { readonly bytes?: undefined; readonly illegalAt: number } {
  const text = input.filter((byte) => byte !== 0x0a && byte !== 0x0d);
  const out: number[] = [];
  for (let start = 0; start < text.length; start += 8) {
    const values: number[] = [];
    let isLast = false;
    while (values.length < 8 && !isLast) {
      const at = start + values.length;
      const byte = text[at];
      if (byte === undefined) return { illegalAt: text.length - values.length };
      const left = text.length - at - 1;
      if (byte === PAD && values.length >= 2 && left < 8) {
        const problem = paddingProblem(text, at, values.length);
        if (problem !== undefined) return { illegalAt: problem };
        isLast = true;
        continue;
      }
      const value = ALPHABET.indexOf(String.fromCharCode(byte));
      if (value < 0) return { illegalAt: at };
      values.push(value);
    }
    out.push(...held(values));
    if (isLast) break;
  }
  return { bytes: Uint8Array.from(out) };
}

function paddingProblem(text: Uint8Array, at: number, letters: number): number | undefined {
  const left = text.length - at - 1;
  if (left + letters < 7) return text.length;
  for (let index = 0; index < 7 - letters; index++) {
    const byte = text[at + 1 + index];
    if (byte !== undefined && byte !== PAD) return at + index;
  }
  return HELD[letters] === undefined ? at : undefined;
}

function held(values: readonly number[]): number[] {
  let bits = 0n;
  for (let index = 0; index < 8; index++) bits = (bits << 5n) | BigInt(values[index] ?? 0);
  return Array.from({ length: HELD[values.length] ?? 0 }, (_, index) =>
    Number((bits >> BigInt(32 - index * 8)) & 255n),
  );
}
