import type { ScanState } from "./state.ts";

const SIMPLE: ReadonlyMap<string, string> = new Map([
  ["0", "\0"],
  ["a", "\x07"],
  ["b", "\b"],
  ["t", "\t"],
  ["\t", "\t"],
  ["n", "\n"],
  ["v", "\v"],
  ["f", "\f"],
  ["r", "\r"],
  ["e", "\x1b"],
  [" ", " "],
  ['"', '"'],
  ["'", "'"],
  ["\\", "\\"],
  ["N", "\u0085"],
  ["_", "\u00a0"],
  ["L", "\u2028"],
  ["P", "\u2029"],
]);

const HEX_DIGITS: ReadonlyMap<string, number> = new Map([
  ["x", 2],
  ["u", 4],
  ["U", 8],
]);

/**
 * The character that the escape at the backslash stands for; the state ends behind it.
 *
 * `\/` is not known, as in YAML 1.1 and in the Go libraries.
 * @throws {YamlError} `YAML_SYNTAX`.
 */
export function scanEscape(state: ScanState, startLine: number): string {
  const letter = state.text.charAt(state.pos + 1);
  const simple = SIMPLE.get(letter);
  if (simple !== undefined) {
    state.pos += 2;
    return simple;
  }
  const digits = HEX_DIGITS.get(letter);
  if (digits === undefined) throw state.scanError("found unknown escape character", startLine);
  state.pos += 2;
  const hex = state.text.slice(state.pos, state.pos + digits);
  if (hex.length !== digits || /[^0-9A-Fa-f]/.test(hex)) {
    throw state.scanError("did not find expected hexdecimal number", startLine);
  }
  const code = Number.parseInt(hex, 16);
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) {
    throw state.scanError("found invalid Unicode character escape code", startLine);
  }
  state.pos += digits;
  return String.fromCodePoint(code);
}
