/** The two halves of a Bech32 string; `prefix` in lower case. */
export interface Bech32 {
  readonly prefix: string;
  readonly data: Uint8Array;
}

/** Why a string is not Bech32. The text never holds a part of the string: it may be a secret key. */
export interface Bech32Problem {
  readonly problem: string;
}

const CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const CHECKSUM_LENGTH = 6;
/** age has no length limit; ours only keeps foreign text from costing time. The longest known key has 1,959. */
const MAX_LENGTH = 16_384;

/**
 * Bech32 of BIP 173 without its limit of 90 characters, as age uses it. Lower case; secret keys are shown in upper case
 * by the caller.
 */
export function encodeBech32(prefix: string, data: Uint8Array): string {
  const words = regroup(data, { from: 8, to: 5, pad: true }) ?? [];
  const check = polymod([...expand(prefix), ...words, 0, 0, 0, 0, 0, 0]) ^ 1;
  for (let at = 0; at < CHECKSUM_LENGTH; at++) words.push((check >>> (5 * (5 - at))) & 31);
  return `${prefix}1${words.map((word) => CHARSET[word]).join("")}`;
}

/** Reads Bech32 in lower or upper case, not mixed. */
export function decodeBech32(text: string): Bech32 | Bech32Problem {
  if (text.length > MAX_LENGTH) return { problem: "too long" };
  if (/[a-z]/.test(text) && /[A-Z]/.test(text)) return { problem: "mixed case" };
  const split = text.lastIndexOf("1");
  if (split < 1 || split + CHECKSUM_LENGTH + 1 > text.length) {
    return { problem: `separator '1' at invalid position: pos=${split}, len=${text.length}` };
  }
  const prefix = text.slice(0, split);
  const strange = [...prefix].findIndex((letter) => letter < "!" || letter > "~");
  if (strange >= 0) return { problem: `invalid character in human-readable part at position ${strange}` };
  const lower = lowerAscii(text);
  const words: number[] = [];
  for (let at = split + 1; at < text.length; at++) {
    const value = CHARSET.indexOf(lower.charAt(at));
    if (value < 0) return { problem: `invalid character data part: s[${at - split - 1}]=${lower.charCodeAt(at)}` };
    words.push(value);
  }
  const lowerPrefix = lowerAscii(prefix);
  if (polymod([...expand(lowerPrefix), ...words]) !== 1) return { problem: "invalid checksum" };
  const data = regroup(words.slice(0, -CHECKSUM_LENGTH), { from: 5, to: 8, pad: false });
  if (data === undefined) return { problem: "invalid padding" };
  return { prefix: lowerPrefix, data: Uint8Array.from(data) };
}

/** `toLowerCase` also folds letters outside ASCII (the Kelvin sign becomes k), which would be a second spelling. */
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32));
}

function expand(prefix: string): number[] {
  const codes = [...prefix].map((letter) => letter.charCodeAt(0));
  return [...codes.map((code) => code >>> 5), 0, ...codes.map((code) => code & 31)];
}

function polymod(words: readonly number[]): number {
  let check = 1;
  for (const word of words) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ word;
    for (let bit = 0; bit < 5; bit++) if ((top >>> bit) & 1) check ^= GENERATOR[bit] ?? 0;
  }
  return check;
}

/** Changes the width of groups of bits; undefined when padding is left that is too long or not zero. */
function regroup(
  groups: Iterable<number>,
  { from, to, pad }: { readonly from: number; readonly to: number; readonly pad: boolean },
): number[] | undefined {
  const out: number[] = [];
  const mask = (1 << to) - 1;
  let bits = 0;
  let have = 0;
  for (const group of groups) {
    bits = ((bits << from) | group) & 0xffff;
    have += from;
    while (have >= to) {
      have -= to;
      out.push((bits >>> have) & mask);
    }
  }
  const rest = (bits << (to - have)) & mask;
  if (pad) {
    if (have > 0) out.push(rest);
  } else if (have >= from || rest !== 0) {
    return undefined;
  }
  return out;
}
