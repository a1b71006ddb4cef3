import { CLASS, isBlank, isBlankOrEnd, URI, WORD } from "../characters.ts";
import type { ScanState } from "./state.ts";

export interface ScannedTag {
  /** `!`, `!!` or `!name!`; `""` for a verbatim tag and for `!` alone. */
  readonly handle: string;
  readonly suffix: string;
}

/** Who asks: the words of an error depend on it. */
interface TagContext {
  readonly directive: boolean;
  readonly startLine: number;
}

function hasClass(code: number, bit: number): boolean {
  return code < 128 && ((CLASS[code] ?? 0) & bit) !== 0;
}

/** End of the letters, digits, `_` and `-` from `from` on. */
export function endOfWord(text: string, from: number): number {
  let at = from;
  while (hasClass(text.charCodeAt(at), WORD)) at++;
  return at;
}

/**
 * Scans a tag at its `!`.
 *
 * Source: YAML 1.1, section 8.2, as libyaml reads it.
 * @throws {YamlError} `YAML_TAG`.
 */
export function scanTag(state: ScanState): ScannedTag {
  const context = { directive: false, startLine: state.line };
  const text = state.text;
  let handle: string;
  let suffix: string;
  if (text.charCodeAt(state.pos + 1) === 60) {
    state.pos += 2;
    handle = "";
    suffix = scanUri(state, "", context);
    if (text.charCodeAt(state.pos) !== 62) {
      throw state.scanError("did not find the expected '>'", context.startLine, "YAML_TAG");
    }
    state.pos++;
  } else {
    handle = scanHandle(state, context);
    if (handle.length > 1 && handle.endsWith("!")) {
      suffix = scanUri(state, "", context);
    } else {
      suffix = scanUri(state, handle, context);
      handle = "!";
      if (suffix === "") [handle, suffix] = ["", "!"];
    }
  }
  if (!isBlankOrEnd(text.charCodeAt(state.pos))) {
    throw state.scanError("did not find expected whitespace or line break", context.startLine, "YAML_TAG");
  }
  return { handle, suffix };
}

/** Scans handle and prefix of a `%TAG` directive, from the blank behind its name on. */
export function scanTagDirective(state: ScanState, startLine: number): ScannedTag {
  const context = { directive: true, startLine };
  skipBlanks(state);
  const handle = scanHandle(state, context);
  if (!isBlank(state.text.charCodeAt(state.pos))) {
    throw state.scanError("did not find expected whitespace", startLine, "YAML_DIRECTIVE");
  }
  skipBlanks(state);
  const suffix = scanUri(state, "", context);
  if (!isBlankOrEnd(state.text.charCodeAt(state.pos))) {
    throw state.scanError("did not find expected whitespace or line break", startLine, "YAML_DIRECTIVE");
  }
  return { handle, suffix };
}

function skipBlanks(state: ScanState): void {
  while (isBlank(state.text.charCodeAt(state.pos))) state.pos++;
}

function scanHandle(state: ScanState, context: TagContext): string {
  const text = state.text;
  const from = state.pos;
  if (text.charCodeAt(from) !== 33) {
    throw state.scanError("did not find expected '!'", context.startLine, "YAML_TAG");
  }
  state.pos = endOfWord(text, from + 1);
  if (text.charCodeAt(state.pos) === 33) {
    state.pos++;
  } else if (context.directive && state.pos !== from + 1) {
    throw state.scanError("did not find expected '!'", context.startLine, "YAML_TAG");
  }
  return text.slice(from, state.pos);
}

/** Scans what follows a handle. `head` is a handle that turned out to be the start of the suffix: `!name`. */
function scanUri(state: ScanState, head: string, context: TagContext): string {
  const text = state.text;
  let uri = head.slice(1);
  let found = head !== "";
  let from = state.pos;
  for (;;) {
    const code = text.charCodeAt(state.pos);
    if (!hasClass(code, URI)) break;
    found = true;
    if (code === 37) {
      uri += text.slice(from, state.pos) + scanUriEscapes(state, context);
      from = state.pos;
    } else {
      state.pos++;
    }
  }
  if (!found) throw state.scanError("did not find expected tag URI", context.startLine, "YAML_TAG");
  return uri + text.slice(from, state.pos);
}

/** One character as `%XX` octets of UTF-8. */
function scanUriEscapes(state: ScanState, context: TagContext): string {
  const octets: number[] = [];
  let width = 1;
  while (octets.length < width) {
    const hex = state.text.slice(state.pos, state.pos + 3);
    if (!/^%[0-9A-Fa-f]{2}$/.test(hex)) {
      throw state.scanError("did not find URI escaped octet", context.startLine, "YAML_TAG");
    }
    const octet = Number.parseInt(hex.slice(1), 16);
    if (octets.length === 0) {
      width =
        octet < 0x80 ? 1 : (octet & 0xe0) === 0xc0 ? 2 : (octet & 0xf0) === 0xe0 ? 3 : (octet & 0xf8) === 0xf0 ? 4 : 0;
      if (width === 0) throw state.scanError("found an incorrect leading UTF-8 octet", context.startLine, "YAML_TAG");
    } else if ((octet & 0xc0) !== 0x80) {
      throw state.scanError("found an incorrect trailing UTF-8 octet", context.startLine, "YAML_TAG");
    }
    octets.push(octet);
    state.pos += 3;
  }
  return new TextDecoder().decode(Uint8Array.from(octets));
}
