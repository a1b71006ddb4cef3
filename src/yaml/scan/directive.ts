import { isBlank, isBlankOrEnd, isBreak, isBreakOrEnd } from "../characters.ts";
import type { ScanState } from "./state.ts";
import { scanTagDirective } from "./tag.ts";

export type Directive =
  | { readonly kind: "version"; readonly version: string }
  | { readonly kind: "tag"; readonly handle: string; readonly prefix: string };

/** The Go library reads at most two digits. */
const VERSION_DIGITS = 2;

/**
 * Scans a `%YAML` or `%TAG` line; the state ends at the next line.
 *
 * @throws {YamlError} `YAML_DIRECTIVE` for other directives and broken ones.
 */
export function scanDirective(state: ScanState): Directive {
  const text = state.text;
  const startLine = state.line;
  const nameStart = ++state.pos;
  while (/[-0-9A-Za-z_]/.test(text.charAt(state.pos))) state.pos++;
  const name = text.slice(nameStart, state.pos);
  if (name === "") throw state.scanError("could not find expected directive name", startLine, "YAML_DIRECTIVE");
  if (!isBlankOrEnd(text.charCodeAt(state.pos))) {
    throw state.scanError("found unexpected non-alphabetical character", startLine, "YAML_DIRECTIVE");
  }
  const directive = scanValue(state, name, startLine);
  while (isBlank(text.charCodeAt(state.pos))) state.pos++;
  if (text.charCodeAt(state.pos) === 35) {
    while (!isBreakOrEnd(text.charCodeAt(state.pos))) state.pos++;
  }
  if (!isBreakOrEnd(text.charCodeAt(state.pos))) {
    throw state.scanError("did not find expected comment or line break", startLine, "YAML_DIRECTIVE");
  }
  if (isBreak(text.charCodeAt(state.pos))) state.breakLine();
  return directive;
}

function scanValue(state: ScanState, name: string, startLine: number): Directive {
  if (name === "TAG") {
    const { handle, suffix } = scanTagDirective(state, startLine);
    return { kind: "tag", handle, prefix: suffix };
  }
  if (name !== "YAML") throw state.scanError("found unknown directive name", startLine, "YAML_DIRECTIVE");
  const text = state.text;
  while (isBlank(text.charCodeAt(state.pos))) state.pos++;
  const major = scanNumber(state, startLine);
  if (text.charCodeAt(state.pos) !== 46) {
    throw state.scanError("did not find expected digit or '.' character", startLine, "YAML_DIRECTIVE");
  }
  state.pos++;
  return { kind: "version", version: `${major}.${scanNumber(state, startLine)}` };
}

function scanNumber(state: ScanState, startLine: number): number {
  const from = state.pos;
  while (/[0-9]/.test(state.text.charAt(state.pos))) {
    if (state.pos - from === VERSION_DIGITS) {
      throw state.scanError("found extremely long version number", startLine, "YAML_DIRECTIVE");
    }
    state.pos++;
  }
  if (state.pos === from) throw state.scanError("did not find expected version number", startLine, "YAML_DIRECTIVE");
  return Number(state.text.slice(from, state.pos));
}
