import { quoteGo } from "../../bytes/go-quote.ts";

/** What Go's `netip.ParseAddr` refuses, in its own words. */
export class AddressError extends Error {
  constructor(text: string, state: string, at = "") {
    super(`ParseAddr(${quoteGo(text)}): ${state}${at === "" ? "" : ` (at ${quoteGo(at)})`}`);
  }
}

/**
 * The 4 or 16 bytes of an address; a zone (`%eth0`) is read over.
 *
 * @throws {AddressError}
 */
export function parseAddress(text: string): Uint8Array {
  const [mark] = /[.:%]/.exec(text) ?? [];
  if (mark === ".") return ipv4(text, text);
  if (mark === ":") return ipv6(text);
  throw new AddressError(text, mark === "%" ? "missing IPv6 address" : "unable to parse IP");
}

function ipv4(text: string, whole: string): Uint8Array {
  const bytes: number[] = [];
  let digits = "";
  for (let at = 0; at < text.length; at++) {
    const letter = text.charAt(at);
    if (/[0-9]/.test(letter)) {
      if (digits === "0") throw new AddressError(whole, "IPv4 field has octet with leading zero");
      digits += letter;
      if (Number(digits) > 255) throw new AddressError(whole, "IPv4 field has value >255");
    } else if (letter === ".") {
      if (digits === "" || at === text.length - 1) {
        throw new AddressError(whole, "IPv4 field must have at least one digit", text.slice(at));
      }
      if (bytes.length === 3) throw new AddressError(whole, "IPv4 address too long");
      bytes.push(Number(digits));
      digits = "";
    } else {
      throw new AddressError(whole, "unexpected character", text.slice(at));
    }
  }
  if (bytes.length < 3) throw new AddressError(whole, "IPv4 address too short");
  return Uint8Array.from([...bytes, Number(digits)]);
}

function ipv6(whole: string): Uint8Array {
  const refuse = (state: string, at = "") => new AddressError(whole, state, at);
  const percent = whole.indexOf("%");
  if (percent === whole.length - 1) throw refuse("zone must be a non-empty string");
  let rest = percent < 0 ? whole : whole.slice(0, percent);
  const bytes: number[] = [];
  /** Where `::` stands, in bytes. */
  let gap: number | undefined;
  if (rest.startsWith("::")) {
    gap = 0;
    rest = rest.slice(2);
    if (rest === "") return new Uint8Array(16);
  }
  while (bytes.length < 16) {
    const [group = ""] = /^[0-9a-fA-F]{0,5}/.exec(rest) ?? [];
    if (group.length > 4) throw refuse("each group must have 4 or less digits", rest);
    if (group === "") throw refuse("each colon-separated field must have at least one digit", rest);
    if (rest[group.length] === ".") {
      if (gap === undefined && bytes.length !== 12) {
        throw refuse("embedded IPv4 address must replace the final 2 fields of the address", rest);
      }
      if (bytes.length > 12) {
        throw refuse("too many hex fields to fit an embedded IPv4 at the end of the address", rest);
      }
      bytes.push(...ipv4(rest, whole));
      rest = "";
      break;
    }
    const value = Number.parseInt(group, 16);
    bytes.push(value >> 8, value & 0xff);
    rest = rest.slice(group.length);
    if (rest === "") break;
    if (!rest.startsWith(":")) throw refuse("unexpected character, want colon", rest);
    if (rest.length === 1) throw refuse("colon must be followed by more characters", rest);
    rest = rest.slice(1);
    if (rest.startsWith(":")) {
      if (gap !== undefined) throw refuse("multiple :: in address", rest);
      gap = bytes.length;
      rest = rest.slice(1);
      if (rest === "") break;
    }
  }
  if (rest !== "") throw refuse("trailing garbage after address", rest);
  const missing = 16 - bytes.length;
  if (missing > 0 && gap === undefined) throw refuse("address string too short");
  if (missing === 0 && gap !== undefined) throw refuse("the :: must expand to at least one field of zeros");
  const at = gap ?? 16;
  return Uint8Array.from([...bytes.slice(0, at), ...new Array<number>(missing).fill(0), ...bytes.slice(at)]);
}
