import { decodeBech32 } from "../bytes/bech32.ts";
import { lineCounter } from "../bytes/line-counter.ts";
import type { Leak } from "./leak.ts";

const PRIVATE_KEY = /-----BEGIN ((?:RSA |EC |DSA |OPENSSH )?PRIVATE KEY|PGP PRIVATE KEY BLOCK)-----/g;
const AGE_IDENTITY = /AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{50,3000}/g;
/** The base64 of the smallest key, an Ed25519 one. */
const MIN_BASE64 = 64;
const MAX_KEY_CHARACTERS = 20_000;
/** More in one file are counted no further. */
const MAX_FOUND = 100;

/** Private keys and age identities that no passphrase protects, in a text of any kind. */
export function keyLeaks(text: string): readonly Leak[] {
  const found: Leak[] = [];
  const lineOf = lineCounter(text);
  for (const { index, 1: label = "" } of text.matchAll(PRIVATE_KEY)) {
    if (found.length >= MAX_FOUND) break;
    if (isClearKey(text, index, label)) found.push(leak("private-key", lineOf(index), label));
  }
  const lineAgain = lineCounter(text);
  for (const { index, 0: identity } of text.matchAll(AGE_IDENTITY)) {
    if (found.length >= MAX_FOUND) break;
    // The checksum tells a key from a page that shows what one looks like.
    if ("data" in decodeBech32(identity)) found.push(leak("age-identity", lineAgain(index), "identity"));
  }
  return found;
}

function leak(rule: "private-key" | "age-identity", line: number, field: string): Leak {
  return { rule, line, object: undefined, fields: [field] };
}

function isClearKey(text: string, start: number, label: string): boolean {
  const from = start + `-----BEGIN ${label}-----`.length;
  const rest = text.slice(from, from + MAX_KEY_CHARACTERS);
  const end = rest.indexOf(`-----END ${label}-----`);
  const block = end < 0 ? rest : rest.slice(0, end);
  // Of one that is encrypted by its header (RFC 1421), and of an OpenSSH one with a cipher.
  if (/Proc-Type: *4, *ENCRYPTED/.test(block)) return false;
  const body = base64Of(block);
  if (body.length < MIN_BASE64) return false;
  return !(label.startsWith("OPENSSH") && openSshCipher(body) !== "none");
}

/** The base64 at the start of a block that may be indented, quoted, commented, or one line with `\n` in it. */
function base64Of(block: string): string {
  const plain = block
    .replace(/^[A-Za-z-]+: .*$/gm, "")
    .replace(/\\[rn]/g, "")
    .replace(/[\s"',#>|*;]/g, "");
  return /^[A-Za-z0-9+/=]*/.exec(plain)?.[0] ?? "";
}

/** Source: OpenSSH PROTOCOL.key: a magic of 15 bytes, then the length and the name of the cipher. */
function openSshCipher(body: string): string {
  const bytes = Buffer.from(body, "base64");
  const length = bytes.length > 19 ? bytes.readUInt32BE(15) : 0;
  return bytes.subarray(19, 19 + Math.min(length, 64)).toString("latin1");
}
