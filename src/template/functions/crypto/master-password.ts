import { concat } from "../../../bytes/concat.ts";

/** What a password of each type looks like: a letter for each class of characters. */
const TEMPLATES: Readonly<Record<string, string>> = {
  maximum: "anoxxxxxxxxxxxxxxxxx axxxxxxxxxxxxxxxxxno",
  long: `CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno CvcvnoCvccCvcv
    CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno CvccnoCvccCvcv CvccCvccnoCvcv
    CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno CvccnoCvcvCvcc CvccCvcvnoCvcc CvccCvcvCvccno`,
  medium: "CvcnoCvc CvcCvcno",
  short: "Cvcn",
  basic: "aaanaaan aannaaan aaannaaa",
  pin: "nnnn",
};

const CLASSES: Readonly<Record<string, string>> = {
  V: "AEIOU",
  C: "BCDFGHJKLMNPQRSTVWXYZ",
  v: "aeiou",
  c: "bcdfghjklmnpqrstvwxyz",
  A: "AEIOUBCDFGHJKLMNPQRSTVWXYZ",
  a: "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
  n: "0123456789",
  o: "@&%?,=[]_:-+*$#!'^~;()/.",
  x: "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
};

const NAME = new TextEncoder().encode("com.lyndir.masterpassword");

/** The primitives that the algorithm is made of. */
export interface MasterPasswordPort {
  /** scrypt with N = 32768, r = 8, p = 2, 64 bytes. */
  scrypt(password: Uint8Array, salt: Uint8Array): Uint8Array;
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
}

export interface Site {
  readonly counter: number;
  readonly password: Uint8Array;
  readonly user: Uint8Array;
  readonly site: Uint8Array;
}

/**
 * The password of a site after the Master Password algorithm, version 3; undefined for an unknown type.
 *
 * Source: the algorithm's description, and Sprig's tables of templates and characters (its formats, not its code).
 */
export function masterPassword(
  type: string,
  { counter, password, user, site }: Site,
  port: MasterPasswordPort,
): string | undefined {
  const templates = Object.hasOwn(TEMPLATES, type) ? TEMPLATES[type]?.split(/\s+/) : undefined;
  if (templates === undefined) return undefined;
  const key = port.scrypt(password, concat(NAME, uint32(user.length), user));
  const seed = port.hmacSha256(key, concat(NAME, uint32(site.length), site, uint32(counter)));
  const template = templates[(seed[0] ?? 0) % templates.length] ?? "";
  return Array.from(template, (letter, at) => {
    const characters = CLASSES[letter] ?? "";
    return characters[(seed[at + 1] ?? 0) % characters.length];
  }).join("");
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
