import { DerReader, TAG } from "../bytes/der.ts";
import { decodePem } from "../bytes/pem.ts";
import { showUtf8 } from "../bytes/utf8.ts";
import { X509Error } from "./errors.ts";
import { decodeSpki, encodeSpki, fingerprint, rsaBits, unsafeReason } from "./rsa-key.ts";

/** A certificate that Secrets can be sealed for. */
export interface SealingCertificate {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** `SHA256:…` as `ssh-keygen -l` prints it. Public. */
  readonly fingerprint: string;
  /** Length of the modulus. */
  readonly bits: number;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** The certificate itself, DER. */
  readonly der: Uint8Array;
}

const MONTHS = "January February March April May June July August September October November December".split(" ");

/** The most certificates of one text that are looked at. */
const MAX_CERTIFICATES = 1000;

/**
 * The first certificate of a PEM text; text around it, keys before it and further certificates do not matter, except
 * that all of them must be well-formed. Nothing is said about time, usage, issuer or chain: see `checkNotExpired`.
 *
 * @throws {X509Error} `X509_NO_CERTIFICATE`, `X509_MALFORMED`, `X509_NOT_RSA`, `X509_KEY_UNSAFE`
 */
export function readCertificate(pem: string): SealingCertificate {
  const blocks = decodePem(pem).filter(({ label, hasHeaders }) => label === "CERTIFICATE" && !hasHeaders);
  if (blocks.length === 0) {
    throw new X509Error("X509_NO_CERTIFICATE", "Cannot read certificate: there is none in PEM form", {
      original: "data does not contain any valid RSA or ECDSA certificates",
      hints: [
        "fetch it from the cluster: sealkit kubeseal --fetch-cert > cert.pem",
        "a bare public key is not enough: the file has to hold BEGIN CERTIFICATE",
      ],
    });
  }
  const parsed = blocks.slice(0, MAX_CERTIFICATES).map(({ bytes }, index) => parseCertificate(bytes, index + 1));
  const [first] = parsed;
  if (first === undefined || first.key === "other") {
    throw new X509Error("X509_NOT_RSA", "Cannot seal with this certificate: its key is not an RSA key", {
      original: "expected RSA public key but found &{",
      hints: ["sealing needs the RSA certificate of the controller: sealkit kubeseal --fetch-cert > cert.pem"],
    });
  }
  const { key, notBefore, notAfter, der } = first;
  const unsafe = unsafeReason(key);
  if (unsafe !== undefined) {
    throw new X509Error("X509_KEY_UNSAFE", "Cannot seal with this certificate: its key protects nothing", {
      original: unsafe,
      details: [unsafe],
      hints: ["do not trust where it came from; fetch the certificate of the controller"],
    });
  }
  return { spki: encodeSpki(key), fingerprint: fingerprint(key), bits: rsaBits(key), notBefore, notAfter, der };
}

/** How long a certificate is valid, and the size of its key. */
export interface CertificateValidity {
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Length of the modulus; undefined for a key that is not RSA. */
  readonly bits: number | undefined;
}

/** What the first certificate of a PEM text says of its time, whatever its key is; undefined when it is malformed. */
export function readValidity(pem: string): CertificateValidity | undefined {
  const block = decodePem(pem).find(({ label, hasHeaders }) => label === "CERTIFICATE" && !hasHeaders);
  if (block === undefined) return undefined;
  try {
    const { key, notBefore, notAfter } = parseCertificate(block.bytes, 1);
    return { notBefore, notAfter, bits: key === "other" ? undefined : rsaBits(key) };
  } catch (error) {
    if (error instanceof X509Error) return undefined;
    throw error;
  }
}

/**
 * Refuses a certificate whose time is over.
 *
 * @param now milliseconds since the epoch
 * @throws {X509Error} `X509_EXPIRED`
 */
export function checkNotExpired({ notAfter, fingerprint: print }: SealingCertificate, now: number): void {
  if (now <= notAfter) return;
  const day = new Date(notAfter);
  const date = `${MONTHS[day.getUTCMonth()]} ${day.getUTCDate()}, ${day.getUTCFullYear()}`;
  throw new X509Error("X509_EXPIRED", "Cannot seal with this certificate: it has expired", {
    original: `failed to encrypt using an expired certificate on ${date}`,
    details: [`expired on ${date}`, `key ${print}`],
    hints: ["fetch the newest one: sealkit kubeseal --fetch-cert > cert.pem"],
  });
}

/** Fields of Certificate and TBSCertificate, RFC 5280 §4.1, as far as they matter here. */
function parseCertificate(bytes: Uint8Array, number: number) {
  const outer = new DerReader(bytes);
  const certificate = outer.enter(TAG.sequence);
  const tbs = certificate?.enter(TAG.sequence);
  const signatureAlgorithm = certificate?.next(TAG.sequence);
  const signature = certificate?.next(TAG.bitString);
  if (tbs?.peekTag() === TAG.context0) tbs.next(TAG.context0);
  const serial = tbs?.next(TAG.integer);
  const algorithm = tbs?.next(TAG.sequence);
  const issuer = tbs?.next(TAG.sequence);
  const validity = tbs?.enter(TAG.sequence);
  const notBefore = readTime(validity);
  const notAfter = readTime(validity);
  const subject = tbs?.next(TAG.sequence);
  const spki = tbs?.next(TAG.sequence);
  const key = spki === undefined ? undefined : decodeSpki(spki.whole);
  const parts = [signatureAlgorithm, signature, serial, algorithm, issuer, subject];
  const whole = outer.atEnd && certificate?.atEnd === true && parts.every((part) => part !== undefined);
  if (!whole || key === undefined || notBefore === undefined || notAfter === undefined) {
    throw new X509Error("X509_MALFORMED", "Cannot read certificate: it is not well-formed", {
      original: "x509: malformed certificate",
      details: [`certificate ${number} of the file`],
    });
  }
  return { key, notBefore, notAfter, der: bytes };
}

/** UTCTime or GeneralizedTime, in the one form that RFC 5280 §4.1.2.5 allows: with seconds, in UTC. */
function readTime(validity: DerReader | undefined): number | undefined {
  const short = validity?.peekTag() === TAG.utcTime;
  const value = validity?.next(short ? TAG.utcTime : TAG.generalizedTime);
  if (value === undefined) return undefined;
  const text = showUtf8(value.content);
  const match = (short ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/).exec(
    text,
  );
  if (match === null) return undefined;
  const [year = 0, month = 0, ...rest] = match.slice(1).map(Number);
  const [day = 0, hour = 0, minute = 0, second = 0] = rest;
  const century = short ? (year < 50 ? 2000 : 1900) : 0;
  const time = new Date(0);
  time.setUTCFullYear(century + year, month - 1, day);
  time.setUTCHours(hour, minute, second);
  const exact =
    time.getUTCMonth() === month - 1 && time.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  return exact ? time.getTime() : undefined;
}
