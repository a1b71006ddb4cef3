/** Classes of ASCII characters, as bits. */
export const BLANK = 1;
export const BREAK = 2;
export const END = 4;
export const FLOW_INDICATOR = 8;
export const COLON = 16;
export const WORD = 32;
export const URI = 64;
/** Cannot start a plain scalar without a look at the next character. */
export const INDICATOR = 128;

const table = new Uint8Array(128);
function mark(characters: string, bit: number): void {
  for (const character of characters) {
    const code = character.charCodeAt(0);
    table[code] = (table[code] ?? 0) | bit;
  }
}
mark(" \t", BLANK);
mark("\n\r", BREAK);
mark("\0", END);
mark(",?[]{}", FLOW_INDICATOR);
mark(":", COLON);
const WORDS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";
mark(WORDS, WORD);
mark(`${WORDS};/?:@&=+$,.!~*'()[]%`, URI);
mark("-?:,[]{}#&*!|>'\"%@`", INDICATOR);

/** Class bits by code, for codes below 128. */
export const CLASS: Readonly<Uint8Array> = table;

/** Line breaks of YAML 1.1: besides LF and CR also NEL, LS and PS. */
export function isBreak(code: number): boolean {
  return code === 10 || code === 13 || code === 0x85 || code === 0x2028 || code === 0x2029;
}

export function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** Blank, line break or end of text. */
export function isBlankOrEnd(code: number): boolean {
  return code < 128 ? ((CLASS[code] ?? 0) & (BLANK | BREAK | END)) !== 0 : isBreak(code);
}

/** Line break or end of text. */
export function isBreakOrEnd(code: number): boolean {
  return code === 0 || isBreak(code);
}

/** What a line break contributes to a scalar: CR, CRLF and NEL become LF; LS and PS stay. */
export function breakText(code: number): string {
  return code === 0x2028 ? "\u2028" : code === 0x2029 ? "\u2029" : "\n";
}
