import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from "./der.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const LIFE_DAYS = 365;
const ECDSA_SHA256 = "1.2.840.10045.4.3.2";
const COMMON_NAME = "2.5.4.3";

/** What a TLS server needs, and what its clients need to trust it. All PEM. */
export interface ServerIdentity {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/**
 * A fresh certificate authority and a server certificate for this machine's loopback names, both EC P-256. The
 * authority's private key is dropped at once: nothing else will ever be signed by it.
 */
export function createServerIdentity(now: number): ServerIdentity {
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const server = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = `sealkit-sandbox-ca-${randomBytes(4).toString("hex")}`;
  const validity = { from: now - DAY_MS, to: now + LIFE_DAYS * DAY_MS };
  const ca = certify({
    issuer,
    subject: issuer,
    publicKey: authority.publicKey,
    signer: authority.privateKey,
    validity,
    extensions: [
      extension("2.5.29.19", true, sequence(boolean(true))),
      extension("2.5.29.15", true, bitString(Buffer.from([0x06]), 1)),
      extension("2.5.29.14", false, octetString(keyIdentifier(authority.publicKey))),
    ],
  });
  const leaf = certify({
    issuer,
    subject: "sealkit-sandbox",
    publicKey: server.publicKey,
    signer: authority.privateKey,
    validity,
    extensions: [
      extension("2.5.29.15", true, bitString(Buffer.from([0x80]), 7)),
      extension("2.5.29.37", false, sequence(objectIdentifier("1.3.6.1.5.5.7.3.1"))),
      extension("2.5.29.35", false, sequence(implicit(0, keyIdentifier(authority.publicKey)))),
      extension("2.5.29.17", false, sequence(...SUBJECT_NAMES)),
    ],
  });
  return {
    caPem: pem(ca),
    certificatePem: pem(leaf),
    keyPem: server.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

const SUBJECT_NAMES = [
  ...["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"].map((name) =>
    implicit(2, Buffer.from(name)),
  ),
  implicit(7, Buffer.from([127, 0, 0, 1])),
  implicit(7, Buffer.from([...new Array<number>(15).fill(0), 1])),
];

interface CertificateContent {
  readonly issuer: string;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly validity: { readonly from: number; readonly to: number };
  readonly extensions: readonly Buffer[];
}

function certify(content: CertificateContent): Buffer {
  const algorithm = sequence(objectIdentifier(ECDSA_SHA256));
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const toBeSigned = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial),
    algorithm,
    commonName(content.issuer),
    sequence(time(content.validity.from), time(content.validity.to)),
    commonName(content.subject),
    content.publicKey.export({ type: "spki", format: "der" }),
    explicit(3, sequence(...content.extensions)),
  );
  return sequence(toBeSigned, algorithm, bitString(sign("sha256", toBeSigned, content.signer)));
}

const commonName = (name: string) => sequence(set(sequence(objectIdentifier(COMMON_NAME), utf8String(name))));

const extension = (id: string, critical: boolean, value: Buffer) =>
  sequence(objectIdentifier(id), ...(critical ? [boolean(true)] : []), octetString(value));

const keyIdentifier = (key: KeyObject) =>
  createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest()
    .subarray(0, 20);

const pem = (der: Buffer) =>
  `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`;
