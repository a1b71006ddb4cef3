import { primitives } from "#primitives";
import { encodeHex } from "../../bytes/hex.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";

/** What a signature is over. */
export interface Signable {
  readonly method: string;
  readonly url: URL;
  /** The path as the scheme wants to see it. */
  readonly path: string;
  /** Names in lower case; every one of them is signed, and `host` with them. */
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body in hex. */
  readonly bodyHash: string;
}

/** The canonical form that SigV4 and SDK-HMAC-SHA256 share, and the list of the headers in it. */
export function canonicalRequest({ method, url, path, headers, bodyHash }: Signable): {
  readonly text: string;
  readonly signedHeaders: string;
} {
  const lines = Object.entries({ ...headers, host: url.host })
    .map(([name, value]) => [name, value.trim().replace(/ +/g, " ")] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const signedHeaders = lines.map(([name]) => name).join(";");
  const shown = lines.map(([name, value]) => `${name}:${value}\n`).join("");
  return { text: [method, path, canonicalQuery(url), shown, signedHeaders, bodyHash].join("\n"), signedHeaders };
}

function canonicalQuery({ searchParams }: URL): string {
  const pairs = [...searchParams].map(([name, value]): [string, string] => [percentEncode(name), percentEncode(value)]);
  return pairs
    .toSorted(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map((pair) => pair.join("="))
    .join("&");
}

/** RFC 3986: every byte but letters, digits and `-._~`, in upper-case hex. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd")).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** SHA-256 in lower-case hex. */
export function sha256Hex(content: string | Uint8Array): string {
  return encodeHex(primitives.sha256(typeof content === "string" ? encodeUtf8(content) : content));
}

/** A time as both schemes write it: `20261121T093000Z`. */
export function compactTime(now: Date): string {
  return now.toISOString().replace(/[-:]|\.\d+/g, "");
}
