import { concat } from "../../../bytes/concat.ts";
import { DerReader, der, derInteger, derOid, TAG } from "../../../bytes/der.ts";
import { quoteGo } from "../../../bytes/go-quote.ts";
import { GoError } from "../../value/go-error.ts";
import { bytesOf, isValidUtf8 } from "../../value/go-string.ts";

/** What a certificate says, all but its signature. */
export interface CertificateFields {
  /** 16 random bytes; read as a number. */
  readonly serial: Uint8Array;
  /** Name in DER. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Seconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Uint8Array;
  readonly isAuthority: boolean;
  readonly dnsNames: readonly string[];
  /** 4 or 16 bytes each. */
  readonly addresses: readonly Uint8Array[];
  /** Of the key itself; undefined to leave it out. */
  readonly subjectKeyId: Uint8Array | undefined;
  readonly authorityKeyId: Uint8Array | undefined;
  /** AlgorithmIdentifier in DER. */
  readonly algorithm: Uint8Array;
}

const TRUE = der(TAG.boolean, Uint8Array.of(0xff));
const PRINTABLE_STRING = 0x13;

/** TBSCertificate (RFC 5280 §4.1) with extensions in the order in which Go writes them. */
export function toBeSigned(fields: CertificateFields): Uint8Array {
  return der(
    TAG.sequence,
    der(TAG.context0, derInteger(Uint8Array.of(2))),
    derInteger(fields.serial),
    fields.algorithm,
    fields.issuer,
    der(TAG.sequence, time(fields.notBefore), time(fields.notAfter)),
    fields.subject,
    fields.spki,
    der(TAG.context3, der(TAG.sequence, ...extensions(fields))),
  );
}

/** The certificate of a signed body. */
export function signedCertificate(body: Uint8Array, algorithm: Uint8Array, signature: Uint8Array): Uint8Array {
  return der(TAG.sequence, body, algorithm, der(TAG.bitString, Uint8Array.of(0), signature));
}

/** A name of nothing but a common name, or of nothing when that is empty. @throws {GoError} if it is not UTF-8 */
export function commonName(name: string): Uint8Array {
  if (name === "") return der(TAG.sequence);
  if (!isValidUtf8(name)) throw new GoError("asn1: string not valid UTF-8");
  const tag = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(name) ? PRINTABLE_STRING : TAG.utf8String;
  return der(TAG.sequence, der(TAG.set, der(TAG.sequence, derOid("2.5.4.3"), der(tag, bytesOf(name)))));
}

/** What of a signing certificate goes into those that it signs. */
export function readSigner(certificate: Uint8Array): {
  readonly subject: Uint8Array;
  readonly subjectKeyId: Uint8Array | undefined;
} {
  const body = new DerReader(certificate).enter(TAG.sequence)?.enter(TAG.sequence);
  const malformed = () =>
    new GoError("error parsing certificate: decodedSignerCert.Bytes: x509: malformed certificate");
  if (body === undefined) throw malformed();
  body.next(TAG.context0);
  body.next(TAG.integer);
  // Algorithm, issuer, validity.
  for (let skipped = 0; skipped < 3; skipped++) body.next(TAG.sequence);
  const subject = body.next(TAG.sequence)?.whole;
  if (subject === undefined) throw malformed();
  body.next(TAG.sequence);
  return { subject, subjectKeyId: subjectKeyIdOf(body.enter(TAG.context3)?.enter(TAG.sequence)) };
}

function subjectKeyIdOf(extensions: DerReader | undefined): Uint8Array | undefined {
  const wanted = derOid("2.5.29.14").join();
  for (;;) {
    const extension = extensions?.enter(TAG.sequence);
    if (extension === undefined) return undefined;
    const oid = extension.next(TAG.oid)?.whole.join();
    extension.next(TAG.boolean);
    const value = extension.next(TAG.octetString)?.content;
    if (oid === wanted && value !== undefined) return new DerReader(value).next(TAG.octetString)?.content;
  }
}

/** UTCTime from 1950 to 2049, GeneralizedTime outside (RFC 5280 §4.1.2.5). */
function time(seconds: number): Uint8Array {
  const date = new Date(seconds * 1000);
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) {
    throw new GoError("error creating certificate: asn1: structure error: cannot represent time as GeneralizedTime");
  }
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, "");
  return year >= 1950 && year < 2050 ? der(TAG.utcTime, ascii(text.slice(2))) : der(TAG.generalizedTime, ascii(text));
}

const DIGITAL_SIGNATURE = 0x80;
const KEY_ENCIPHERMENT = 0x20;
const CERT_SIGN = 0x04;

function extensions(fields: CertificateFields): Uint8Array[] {
  const usage = DIGITAL_SIGNATURE | KEY_ENCIPHERMENT | (fields.isAuthority ? CERT_SIGN : 0);
  const unused = fields.isAuthority ? 2 : 5;
  const found = [
    extension("2.5.29.15", der(TAG.bitString, Uint8Array.of(unused, usage)), "critical"),
    // TLS servers and clients.
    extension("2.5.29.37", der(TAG.sequence, derOid("1.3.6.1.5.5.7.3.1"), derOid("1.3.6.1.5.5.7.3.2"))),
    extension("2.5.29.19", fields.isAuthority ? der(TAG.sequence, TRUE) : der(TAG.sequence), "critical"),
  ];
  const { subjectKeyId, authorityKeyId } = fields;
  if (subjectKeyId !== undefined) found.push(extension("2.5.29.14", der(TAG.octetString, subjectKeyId)));
  if (authorityKeyId !== undefined) {
    found.push(extension("2.5.29.35", der(TAG.sequence, der(0x80, authorityKeyId))));
  }
  const names = [...fields.dnsNames.map(dnsName), ...fields.addresses.map((address) => der(0x87, address))];
  const isUnnamed = fields.subject.length === 2;
  if (names.length > 0) found.push(extension("2.5.29.17", der(TAG.sequence, ...names), isUnnamed ? "critical" : ""));
  return found;
}

function extension(oid: string, value: Uint8Array, critical: "critical" | "" = ""): Uint8Array {
  const mark = critical === "" ? new Uint8Array() : TRUE;
  return der(TAG.sequence, concat(derOid(oid), mark), der(TAG.octetString, value));
}

function dnsName(name: string): Uint8Array {
  const bytes = bytesOf(name);
  if (bytes.some((byte) => byte > 0x7f)) {
    throw new GoError(`error creating certificate: x509: ${quoteGo(bytes)} cannot be encoded as an IA5String`);
  }
  return der(0x82, bytes);
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
