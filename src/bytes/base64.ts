import { decodeAscii } from "./utf8.ts";

/** What a decoder gives: the bytes, or the offset of the first byte of the text that cannot be part of it. */
export type Base64Result =
  | { readonly bytes: Uint8Array; readonly illegalAt?: undefined }
  | { readonly bytes?: undefined; readonly illegalAt: number };

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PAD = 0x3d;
const LF = 0x0a;
const CR = 0x0d;
const ILLEGAL = 0xff;

/** Byte of the text → its six bits, or `ILLEGAL`. */
export const BASE64_VALUE: Uint8Array = (() => {
  const table = new Uint8Array(256).fill(ILLEGAL);
  for (let value = 0; value < 64; value++) table[ALPHABET.charCodeAt(value)] = value;
  return table;
})();

/** Six bits → byte of the text. */
const BASE64_LETTER: Uint8Array = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0));

/** Standard alphabet with padding, no line breaks (RFC 4648 §4). */
export function encodeBase64(bytes: Uint8Array): string {
  return decodeAscii(encodeToBytes(bytes, true));
}

/** Standard alphabet without padding, as age headers and SSH fingerprints have it. */
export function encodeBase64Unpadded(bytes: Uint8Array): string {
  return decodeAscii(encodeToBytes(bytes, false));
}

/** Standard alphabet with padding; canonical only: no line breaks, no bits left over. */
export function decodeBase64(text: string): Base64Result {
  return decode(new TextEncoder().encode(text), { padded: true, strict: true, breaks: false });
}

/** Standard alphabet without padding; canonical only. */
export function decodeBase64Unpadded(text: string): Base64Result {
  return decode(new TextEncoder().encode(text), { padded: false, strict: true, breaks: false });
}

/**
 * What Go's `base64.StdEncoding` takes, and so what Kubernetes takes: padding is required, CR and LF are ignored
 * wherever they stand, left-over bits need not be zero. `illegalAt` is the number that Go prints.
 */
export function decodeBase64Go(text: string): Base64Result {
  return decode(new TextEncoder().encode(text), { padded: true, strict: false, breaks: true });
}

/** As `decodeBase64`, over the ASCII bytes of the text. */
export function decodeBase64Bytes(text: Uint8Array): Base64Result {
  return decode(text, { padded: true, strict: true, breaks: false });
}

function encodeToBytes(bytes: Uint8Array, padded: boolean): Uint8Array {
  const whole = Math.floor(bytes.length / 3);
  const rest = bytes.length - whole * 3;
  const out = new Uint8Array(whole * 4 + (rest === 0 ? 0 : padded ? 4 : rest + 1));
  const at = encodeTriples(bytes, { start: 0, end: whole * 3 }, out, 0);
  if (rest > 0) {
    const tail = bytes.subarray(whole * 3);
    const bits = ((tail[0] ?? 0) << 16) | ((tail[1] ?? 0) << 8);
    out[at] = BASE64_LETTER[bits >>> 18] ?? 0;
    out[at + 1] = BASE64_LETTER[(bits >>> 12) & 63] ?? 0;
    if (rest === 2) out[at + 2] = BASE64_LETTER[(bits >>> 6) & 63] ?? 0;
    if (padded) out.fill(PAD, at + rest + 1);
  }
  return out;
}

/**
 * Writes the bytes from `start` to `end` (a multiple of three apart) as letters to `out` from `at`; returns the offset
 * behind them. Takes offsets, not views: a view for every line of armor costs more than the encoding.
 */
export function encodeTriples(
  bytes: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
  out: Uint8Array,
  at: number,
): number {
  let to = at;
  for (let from = start; from + 2 < end; from += 3) {
    const bits = ((bytes[from] ?? 0) << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0);
    out[to++] = BASE64_LETTER[bits >>> 18] ?? 0;
    out[to++] = BASE64_LETTER[(bits >>> 12) & 63] ?? 0;
    out[to++] = BASE64_LETTER[(bits >>> 6) & 63] ?? 0;
    out[to++] = BASE64_LETTER[bits & 63] ?? 0;
  }
  return to;
}

interface Rules {
  readonly padded: boolean;
  /** Left-over bits must be zero. */
  readonly strict: boolean;
  /** CR and LF are skipped. */
  readonly breaks: boolean;
}

function decode(text: Uint8Array, { padded, strict, breaks }: Rules): Base64Result {
  const out = new Uint8Array(Math.ceil((text.length * 3) / 4));
  const skipped = (at: number) => breaks && (text[at] === LF || text[at] === CR);
  let length = 0;
  let bits = 0;
  let have = 0;
  let at = 0;
  for (; at < text.length; at++) {
    const value = BASE64_VALUE[text[at] ?? 0] ?? ILLEGAL;
    if (value === ILLEGAL) {
      if (skipped(at)) continue;
      break;
    }
    bits = (bits << 6) | value;
    if (++have === 4) {
      out[length++] = bits >>> 16;
      out[length++] = bits >>> 8;
      out[length++] = bits;
      bits = 0;
      have = 0;
    }
  }
  if (at < text.length) {
    if (!padded || text[at] !== PAD || have < 2) return { illegalAt: at };
    at++;
    if (have === 2) {
      while (skipped(at)) at++;
      if (at === text.length) return { illegalAt: at };
      if (text[at] !== PAD) return { illegalAt: at - 1 };
      at++;
    }
    while (skipped(at)) at++;
    if (at < text.length) return { illegalAt: at };
  } else if (have === 1 || (padded && have > 0)) {
    return { illegalAt: at - have };
  }
  if (have > 0) {
    const left = bits & (have === 2 ? 0xf : 0x3);
    if (strict && left !== 0) return { illegalAt: at - (have === 2 ? 2 : 1) };
    out[length++] = have === 2 ? bits >>> 4 : bits >>> 10;
    if (have === 3) out[length++] = bits >>> 2;
  }
  return { bytes: out.subarray(0, length) };
}
