import { bytesOf, canonical, goString, isValidUtf8 } from "../../value/go-string.ts";

/**
 * Searching in Go strings, which are bytes.
 *
 * A text that is valid UTF-8 is found in any Go string at the same places whether bytes or characters are compared. A
 * text with other bytes may be part of a character; then both are searched as strings of one character for each byte.
 */

/** Go's `strings.Contains`. */
export function containsText(text: string, part: string): boolean {
  if (isValidUtf8(part)) return text.includes(part);
  return binary(text).includes(binary(part));
}

/** Go's `strings.HasPrefix`. */
export function hasPrefix(text: string, part: string): boolean {
  if (isValidUtf8(part)) return text.startsWith(part);
  return binary(text).startsWith(binary(part));
}

/** Go's `strings.HasSuffix`. */
export function hasSuffix(text: string, part: string): boolean {
  if (isValidUtf8(part)) return text.endsWith(part);
  return binary(text).endsWith(binary(part));
}

/** Go's `strings.TrimPrefix`. */
export function trimPrefix(text: string, part: string): string {
  if (!hasPrefix(text, part)) return text;
  return isValidUtf8(part) ? text.slice(part.length) : fromBinary(binary(text).slice(binary(part).length));
}

/** Go's `strings.TrimSuffix`. */
export function trimSuffix(text: string, part: string): string {
  if (part === "" || !hasSuffix(text, part)) return text;
  return isValidUtf8(part) ? text.slice(0, -part.length) : fromBinary(binary(text).slice(0, -binary(part).length));
}

/**
 * Go's `strings.SplitN`: at most `limit` parts, the last one being the rest; all when it is negative. An empty
 * separator splits after each character.
 */
export function splitText(text: string, separator: string, limit: number): string[] {
  if (limit === 0) return [];
  const parts = allParts(text, separator);
  if (limit < 0 || parts.length <= limit) return parts;
  const rest = parts.slice(limit - 1).join(separator);
  return [...parts.slice(0, limit - 1), canonical(rest)];
}

/** How often a part is in a text without overlap; an empty one is before each character and at the end. */
export function countText(text: string, part: string): number {
  return part === "" ? Array.from(text).length + 1 : allParts(text, part).length - 1;
}

/** Go's `strings.ReplaceAll`; an empty `old` is found before each character and at the end. */
export function replaceText(text: string, old: string, replacement: string): string {
  if (old === "") return canonical(replacement + Array.from(text, (char) => char + replacement).join(""));
  return canonical(allParts(text, old).join(replacement));
}

/** One character (U+0000 to U+00FF) for each byte. */
export function binary(text: string): string {
  const bytes = bytesOf(text);
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += PIECE) {
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + PIECE)));
  }
  return pieces.join("");
}

/** The Go string of these bytes, one character each. */
export function fromBinary(text: string): string {
  return goString(Uint8Array.from(text, (char) => char.charCodeAt(0)));
}

/** Arguments of one call: the engine's stack holds far more. */
const PIECE = 4096;

function allParts(text: string, separator: string): string[] {
  if (separator === "") return Array.from(text);
  if (isValidUtf8(separator)) return text.split(separator);
  return binary(text).split(binary(separator)).map(fromBinary);
}
