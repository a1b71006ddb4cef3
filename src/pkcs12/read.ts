import { DerReader, TAG } from "../bytes/der.ts";
import { checkPkcs12Mac, decryptPkcs12, oidOf } from "./protection.ts";

/** What a PKCS #12 file (`.pfx`, `.p12`) holds of what we look for. */
export interface Pkcs12Contents {
  /** PKCS #8, DER; secret. The first key of the file. */
  readonly privateKey: Uint8Array;
  /** X.509, DER, as they stand in the file. */
  readonly certificates: readonly Uint8Array[];
}

const MAX_BYTES = 1024 * 1024;
const MAX_BAGS = 100;
/** Programs write two or three; each may be encrypted by itself, and costs as many rounds as it says. */
const MAX_PARTS = 10;

/** Object identifiers, as their DER contents in hex. Source: RFC 7292 §4. */
const OID = {
  data: "2a864886f70d010701",
  encryptedData: "2a864886f70d010706",
  keyBag: "2a864886f70d010c0a0101",
  shroudedKeyBag: "2a864886f70d010c0a0102",
  certificateBag: "2a864886f70d010c0a0103",
  x509: "2a864886f70d01091601",
} as const;

/**
 * Opens a PKCS #12 file with its password; the MAC is checked first, where there is one.
 *
 * @param password Without one, the empty one.
 * @returns what is in it, or one clause saying why it cannot be used; nothing of the file is in that
 */
export async function readPkcs12(bytes: Uint8Array, password = ""): Promise<Pkcs12Contents | string> {
  if (bytes.length > MAX_BYTES) return "it is too long";
  const file = new DerReader(bytes).enter(TAG.sequence);
  file?.next(TAG.integer);
  const content = file?.enter(TAG.sequence);
  const whole = content !== undefined && oidOf(content) === OID.data ? octets(content) : undefined;
  if (file === undefined || whole === undefined) return "it is no PKCS #12 file, or one that is signed with a key";
  const macData = file.enter(TAG.sequence);
  const problem = macData === undefined ? undefined : checkPkcs12Mac(macData, whole, password);
  if (problem !== undefined) return problem;
  const found: Found = { certificates: [], password };
  const parts = new DerReader(whole).enter(TAG.sequence);
  for (let count = 0; parts !== undefined && !parts.atEnd; count++) {
    const part = parts.enter(TAG.sequence);
    if (part === undefined || count >= MAX_PARTS) return MALFORMED;
    const bags = await openPart(part, password);
    const trouble = typeof bags === "string" ? bags : await readBags(bags, found);
    if (trouble !== undefined) return trouble;
  }
  if (found.privateKey === undefined) return "it has no private key";
  return { privateKey: found.privateKey, certificates: found.certificates };
}

const MALFORMED = "it is malformed";

interface Found {
  readonly password: string;
  readonly certificates: Uint8Array[];
  privateKey?: Uint8Array | undefined;
}

/** The bags of one part, which may be encrypted as a whole. */
async function openPart(part: DerReader, password: string): Promise<Uint8Array | string> {
  const kind = oidOf(part);
  if (kind === OID.data) return octets(part) ?? MALFORMED;
  if (kind !== OID.encryptedData) return "a part of it is encrypted to a certificate";
  const encrypted = part.enter(TAG.context0)?.enter(TAG.sequence);
  encrypted?.next(TAG.integer);
  const info = encrypted?.enter(TAG.sequence);
  if (info === undefined || oidOf(info) !== OID.data) return MALFORMED;
  const algorithm = info.enter(TAG.sequence);
  const ciphertext = info.next(IMPLICIT_0)?.content;
  if (algorithm === undefined || ciphertext === undefined) return MALFORMED;
  return await decryptPkcs12(algorithm, ciphertext, password);
}

/** An octet string under a tag of its own that stands in for the usual one. */
const IMPLICIT_0 = 0x80;

async function readBags(contents: Uint8Array, found: Found): Promise<string | undefined> {
  const bags = new DerReader(contents).enter(TAG.sequence);
  if (bags === undefined) return MALFORMED;
  for (let count = 0; !bags.atEnd; count++) {
    const bag = bags.enter(TAG.sequence);
    if (bag === undefined || count >= MAX_BAGS) return MALFORMED;
    const kind = oidOf(bag);
    const value = bag.enter(TAG.context0);
    if (value === undefined) return MALFORMED;
    const problem = await readBag(kind, value, found);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

async function readBag(kind: string, value: DerReader, found: Found): Promise<string | undefined> {
  if (kind === OID.keyBag) {
    found.privateKey ??= value.next(TAG.sequence)?.whole;
  } else if (kind === OID.shroudedKeyBag && found.privateKey === undefined) {
    const shrouded = value.enter(TAG.sequence);
    const algorithm = shrouded?.enter(TAG.sequence);
    const ciphertext = shrouded?.next(TAG.octetString)?.content;
    if (algorithm === undefined || ciphertext === undefined) return MALFORMED;
    const key = await decryptPkcs12(algorithm, ciphertext, found.password);
    if (typeof key === "string") return key;
    found.privateKey = key;
  } else if (kind === OID.certificateBag) {
    const certificate = value.enter(TAG.sequence);
    if (certificate === undefined) return MALFORMED;
    if (oidOf(certificate) !== OID.x509) return undefined;
    const der = octets(certificate);
    if (der === undefined) return MALFORMED;
    found.certificates.push(der);
  }
  // Revocation lists and secrets of other kinds are nothing to us.
  return undefined;
}

/** The octet string inside the explicit tag that comes next. */
function octets(reader: DerReader): Uint8Array | undefined {
  return reader.enter(TAG.context0)?.next(TAG.octetString)?.content;
}
