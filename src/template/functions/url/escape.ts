import { quoteGo } from "../../../bytes/go-quote.ts";
import { bytesOf, goString } from "../../value/go-string.ts";

/** What Go's `net/url` refuses, in its own words. */
export class UrlError extends Error {}

/** The part of a URL that a text stands in: each has other characters that need no escape. */
export type Part = "path" | "host" | "zone" | "userinfo" | "fragment";

const HOST = "!$&'()*+,;=:[]<>\"";
const PLAIN: Readonly<Record<Part, string>> = {
  path: "$&+,/:;=@",
  host: HOST,
  zone: HOST,
  userinfo: "$&+,;=",
  fragment: "$&+,/:;=?@!()*",
};

/** Whether a byte has to be escaped in that part. */
function needsEscape(byte: number, part: Part): boolean {
  const letter = String.fromCharCode(byte);
  return !/^[A-Za-z0-9._~-]$/.test(letter) && !PLAIN[part].includes(letter);
}

/** `%XX` for every byte that needs it. */
export function escapePart(text: string, part: Part): string {
  let out = "";
  for (const byte of bytesOf(text)) {
    out += needsEscape(byte, part) ? `%${byte.toString(16).toUpperCase().padStart(2, "0")}` : String.fromCharCode(byte);
  }
  return out;
}

/** @throws {UrlError} for an escape that is none, or that stands for what may not be escaped there. */
export function unescapePart(text: string, part: Part): string {
  const bytes = bytesOf(text);
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte !== 0x25) {
      if ((part === "host" || part === "zone") && byte < 0x80 && needsEscape(byte, part)) {
        throw new UrlError(`invalid character ${quoteGo(String.fromCharCode(byte))} in host name`);
      }
      out.push(byte);
      continue;
    }
    const sequence = goString(bytes.subarray(at, at + 3));
    if (!/^%[0-9A-Fa-f]{2}$/.test(sequence)) throw badEscape(bytes.subarray(at, at + 3));
    const value = Number.parseInt(sequence.slice(1), 16);
    if (part === "host" && value < 0x80 && sequence !== "%25") throw badEscape(bytes.subarray(at, at + 3));
    if (part === "zone" && sequence !== "%25" && value !== 0x20 && needsEscape(value, "host")) {
      throw badEscape(bytes.subarray(at, at + 3));
    }
    out.push(value);
    at += 2;
  }
  return goString(Uint8Array.from(out));
}

function badEscape(bytes: Uint8Array): UrlError {
  return new UrlError(`invalid URL escape ${quoteGo(bytes)}`);
}

/** Whether a text is a good encoding of that part as it stands. */
export function isEncoded(text: string, part: Part): boolean {
  return [...bytesOf(text)].every(
    (byte) => "!$&'()*+,;=:@[]%".includes(String.fromCharCode(byte)) || !needsEscape(byte, part),
  );
}
