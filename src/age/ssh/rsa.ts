import { primitives } from "#primitives";
import { DerReader, der, derInteger, derOid, TAG } from "../../bytes/der.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { headerError } from "../errors.ts";
import type { Stanza } from "../stanza.ts";
import { type RsaPublicKey, sshTag } from "./public-key.ts";
import { sshFields } from "./wire.ts";

const TYPE = "ssh-rsa";
const LABEL = encodeUtf8("age-encryption.org/v1/ssh-rsa");
const ALGORITHM = der(TAG.sequence, derOid("1.2.840.113549.1.1.1"), der(TAG.null));

/** RSA-OAEP with SHA-256. Source: C2SP age, "ssh-rsa recipient stanza". */
export async function wrapForRsa(key: RsaPublicKey, fileKey: Uint8Array): Promise<Stanza> {
  const publicKey = der(TAG.sequence, derInteger(key.modulus), derInteger(key.exponent));
  const spki = der(TAG.sequence, ALGORITHM, der(TAG.bitString, Uint8Array.of(0), publicKey));
  return { type: TYPE, args: [sshTag(key)], body: await primitives.rsaOaepEncrypt(spki, fileKey, LABEL) };
}

/** The file key out of the stanza for `key`; `pkcs8` gives its secret half, and only when a stanza bears its tag. */
export async function unwrapRsa(
  key: RsaPublicKey,
  pkcs8: () => Promise<Uint8Array>,
  stanzas: readonly Stanza[],
): Promise<Uint8Array | undefined> {
  const own = stanzas.filter(({ type }) => type === TYPE);
  if (own.some(({ args }) => args.length !== 1)) throw headerError("invalid ssh-rsa recipient block", "");
  for (const { args, body } of own) {
    if (args[0] !== sshTag(key)) continue;
    const fileKey = await primitives.rsaOaepDecrypt(await pkcs8(), body, LABEL);
    if (fileKey !== undefined) return fileKey;
  }
  return undefined;
}

/** The numbers of an RSA private key, big-endian. */
export interface RsaPrivateNumbers {
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
  readonly privateExponent: Uint8Array;
  readonly coefficient: Uint8Array;
  readonly primes: readonly [Uint8Array, Uint8Array];
}

/** PKCS#8 from the numbers, the two that it wants besides are computed. Undefined for primes that are none. */
export function pkcs8OfNumbers(numbers: RsaPrivateNumbers): Uint8Array | undefined {
  const { modulus, exponent, privateExponent, coefficient, primes } = numbers;
  const d = toNumber(privateExponent);
  if (primes.some((prime) => toNumber(prime) < 3n)) return undefined;
  const exponents = primes.map((prime) => derInteger(toBytes(d % (toNumber(prime) - 1n))));
  const before = [modulus, exponent, privateExponent, ...primes].map(derInteger);
  return pkcs8OfPkcs1(
    der(TAG.sequence, derInteger(Uint8Array.of(0)), ...before, ...exponents, derInteger(coefficient)),
  );
}

export function pkcs8OfPkcs1(pkcs1: Uint8Array): Uint8Array {
  return der(TAG.sequence, derInteger(Uint8Array.of(0)), ALGORITHM, der(TAG.octetString, pkcs1));
}

/** The public half of a PKCS#1 private key as SSH writes it; undefined when the DER is malformed. */
export function sshWireOfPkcs1(pkcs1: Uint8Array): Uint8Array | undefined {
  const fields = new DerReader(pkcs1).enter(TAG.sequence);
  const version = fields?.next(TAG.integer);
  const [modulus, exponent] = [fields?.next(TAG.integer), fields?.next(TAG.integer)];
  if (version === undefined || modulus === undefined || exponent === undefined) return undefined;
  return sshFields(TYPE, exponent.content, modulus.content);
}

function toNumber(bytes: Uint8Array): bigint {
  let hex = "";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return BigInt(`0x${hex || "0"}`);
}

function toBytes(value: bigint): Uint8Array {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return Uint8Array.from(even.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
