import { primitives } from "#primitives";
import { decodeBase64Go, encodeBase64, encodeBase64Unpadded } from "../../bytes/base64.ts";
import { quoteGo } from "../../bytes/go-quote.ts";
import { montgomeryFromEdwards } from "../edwards.ts";
import { SshReader } from "./wire.ts";

/** A public key of SSH that files can be encrypted to. */
export type SshPublicKey = Ed25519PublicKey | RsaPublicKey;

export interface Ed25519PublicKey {
  readonly type: "ssh-ed25519";
  /** The whole key as SSH writes it: its name and its fields. */
  readonly wire: Uint8Array;
  /** The same point on Curve25519. */
  readonly point: Uint8Array;
}

export interface RsaPublicKey {
  readonly type: "ssh-rsa";
  readonly wire: Uint8Array;
  /** Big-endian, as `SshReader.positiveInteger` gives them. */
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
}

/** RSA keys below this are refused: they can be broken. */
export const MIN_RSA_BITS = 2048;

/** `unsupported` is the name of a well-formed key of another kind; `problem` says what is wrong with a malformed one. */
export type SshPublicKeyResult = SshPublicKey | { readonly unsupported: string } | { readonly problem: string };

/**
 * A line of `authorized_keys` that begins with the type: `ssh-ed25519 AAAA… comment`. Options before the type are not
 * read: they limit logins, and nobody should think that they limit a file.
 */
export function parseAuthorizedKey(line: string): SshPublicKeyResult {
  const [type = "", text] = line.trim().split(/[ \t]+/);
  if (text === undefined) return { problem: "ssh: no key found" };
  const { bytes } = decodeBase64Go(text);
  if (bytes === undefined) return { problem: "ssh: no key found" };
  const encoded = new SshReader(bytes).name();
  const ignored = "ssh: no key found; last parsing error for ignored line: ";
  if (encoded === undefined) return { problem: `${ignored}ssh: short read` };
  if (encoded !== type) {
    const types = `human-readable type ${quoteGo(type)}, encoded type ${quoteGo(encoded.slice(0, 100))}`;
    return { problem: `${ignored}ssh: authorized keys key type mismatch: ${types}` };
  }
  return parseSshPublicKey(bytes);
}

/** A key as SSH writes it in binary. */
export function parseSshPublicKey(wire: Uint8Array): SshPublicKeyResult {
  const reader = new SshReader(wire);
  const type = reader.name();
  if (type === "ssh-ed25519") {
    const edwards = reader.string();
    const point = edwards === undefined ? undefined : montgomeryFromEdwards(edwards);
    if (point === undefined || !reader.atEnd) return { problem: "invalid Ed25519 public key" };
    return { type, wire, point };
  }
  if (type === "ssh-rsa") {
    const [exponent, modulus] = [reader.positiveInteger(), reader.positiveInteger()];
    if (exponent === undefined || modulus === undefined || !reader.atEnd) return { problem: "invalid RSA public key" };
    return { type, wire, modulus, exponent };
  }
  return type === undefined ? { problem: "ssh: short read" } : { unsupported: type };
}

/** The word in stanzas that says whose they are: 4 bytes of a hash, so other keys may have the same. */
export function sshTag({ wire }: SshPublicKey): string {
  return encodeBase64Unpadded(primitives.sha256(wire).subarray(0, 4));
}

/** The key as a line of `authorized_keys`, without comment. */
export function formatSshPublicKey({ type, wire }: SshPublicKey): string {
  return `${type} ${encodeBase64(wire)}`;
}

export function rsaBits({ modulus }: RsaPublicKey): number {
  const from = modulus[0] === 0 ? 1 : 0;
  return (modulus.length - from) * 8 - Math.clz32(modulus[from] ?? 0) + 24;
}
