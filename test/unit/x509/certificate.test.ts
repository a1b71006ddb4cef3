import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { concat } from "../../../src/bytes/concat.ts";
import { DerReader, der, TAG } from "../../../src/bytes/der.ts";
import { encodePem } from "../../../src/bytes/pem.ts";
import {
  certify,
  checkNotExpired,
  createSealingKey,
  readCertificate,
  readPrivateKey,
  X509Error,
} from "../../../src/x509/index.ts";
import { decodeSpki, encodeSpki, type RsaPublicKey } from "../../../src/x509/rsa-key.ts";
import { makeSealingKey } from "../../helpers/sealing-keys.ts";

const NOW = Date.UTC(2026, 0, 31, 12, 30, 15, 500);
const WHOLE_SECOND = Date.UTC(2026, 0, 31, 12, 30, 15);
const TEN_YEARS = 10 * 365 * 24 * 3600 * 1000;

const pair = await makeSealingKey({ now: NOW, lifetimeMs: TEN_YEARS });
const pem = pair.certificatePem;
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** The certificate with an EC key in place of its own: well-formed; nobody looks at the signature. */
function withEcKey(): string {
  const ecSpki = ec.publicKey.export({ format: "der", type: "spki" });
  const { der: bytes, spki } = pair.certificate;
  const certificate = new DerReader(bytes).enter(TAG.sequence);
  const tbs = certificate?.next(TAG.sequence)?.content ?? bytes;
  const at = Buffer.from(tbs).indexOf(spki);
  const other = der(TAG.sequence, tbs.subarray(0, at), ecSpki, tbs.subarray(at + spki.length));
  const tail = [certificate?.next(TAG.sequence)?.whole, certificate?.next(TAG.bitString)?.whole];
  return encodePem("CERTIFICATE", der(TAG.sequence, other, ...tail.map((part) => part ?? bytes)));
}

function readRsa(spki: Uint8Array): RsaPublicKey {
  const key = decodeSpki(spki);
  if (typeof key !== "object") throw new Error("not RSA");
  return key;
}

function codeOf(run: () => unknown): string {
  try {
    run();
    return "no error";
  } catch (error) {
    return error instanceof X509Error ? error.code : String(error);
  }
}

describe("certify()", () => {
  const parsed = new X509Certificate(pem);

  test("OpenSSL reads the certificate and its signature", () => {
    expect(parsed.verify(parsed.publicKey)).toBe(true);
    expect(parsed.checkPrivateKey(createPrivateKey(pair.privateKeyPem))).toBe(true);
    expect([parsed.subject, parsed.issuer]).toEqual([undefined, undefined]);
    expect(new Date(parsed.validFrom).getTime()).toBe(WHOLE_SECOND);
    expect(new Date(parsed.validTo).getTime()).toBe(WHOLE_SECOND + TEN_YEARS);
    expect(parsed.serialNumber.length).toBeLessThanOrEqual(32);
  });

  test("the three extensions are there, byte by byte, and no fourth", () => {
    const hex = Buffer.from(pair.certificate.der).toString("hex");
    expect(hex).toContain("0603551d0f0101ff040403020001"); // KeyUsage, critical: encipherOnly
    expect(hex).toContain("0603551d130101ff040530030101ff"); // BasicConstraints, critical: CA
    expect(hex).toContain("0603551d0e04160414"); // SubjectKeyIdentifier: 20 bytes
    expect(hex.match(/0603551d/g)).toHaveLength(3);
  });

  test("a common name stands in subject and issuer", async () => {
    const named = await certify(pair.privateKey, { now: NOW, lifetimeMs: 1000, commonName: "sealkit & søn" });
    const { subject, issuer } = new X509Certificate(named.certificatePem);
    expect([subject, issuer]).toEqual(["CN=sealkit & søn", "CN=sealkit & søn"]);
  });

  test.each([
    { name: "before 2050", now: Date.UTC(2049, 11, 31, 23, 59, 58) },
    { name: "after 2050", now: Date.UTC(2050, 0, 1) },
  ])("times $name are read back", async ({ now }) => {
    const { certificate, certificatePem } = await certify(pair.privateKey, { now, lifetimeMs: 2000 });
    expect([certificate.notBefore, certificate.notAfter]).toEqual([now, now + 2000]);
    expect(new Date(new X509Certificate(certificatePem).validTo).getTime()).toBe(now + 2000);
  });

  test("createSealingKey() makes a key whose parts fit", async () => {
    const made = await createSealingKey({ now: NOW, lifetimeMs: TEN_YEARS, bits: 2048 });
    expect([made.certificate.bits, made.privateKey.bits]).toEqual([2048, 2048]);
    expect(made.certificate.fingerprint).toBe(made.privateKey.fingerprint);
    expect(made.privateKeyPem).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/);
    const again = createPublicKey(made.privateKeyPem).export({ format: "der", type: "spki" });
    expect(Buffer.from(made.certificate.spki).equals(again)).toBe(true);
  });
});

describe("readCertificate()", () => {
  const { fingerprint } = pair.certificate;
  const key = pair.privateKeyPem;

  test.each([
    { name: "a certificate", text: pem },
    { name: "CRLF", text: pem.replaceAll("\n", "\r\n") },
    { name: "text around", text: `subject=x\n${pem}\nbye` },
    { name: "a private key before it", text: key + pem },
    { name: "an EC certificate behind it", text: pem + withEcKey() },
  ])("$name is read", ({ text }) => expect(readCertificate(text).fingerprint).toBe(fingerprint));

  const bytes = pair.certificate.der;
  const damaged = (at: number, to: number) => encodePem("CERTIFICATE", bytes.with(at, to));
  test.each([
    { name: "an empty file", text: "", code: "X509_NO_CERTIFICATE" },
    { name: "garbage", text: "hello\u0000\u0001", code: "X509_NO_CERTIFICATE" },
    { name: "a private key only", text: key, code: "X509_NO_CERTIFICATE" },
    { name: "a bare public key", text: encodePem("PUBLIC KEY", pair.certificate.spki), code: "X509_NO_CERTIFICATE" },
    { name: "a block with headers", text: pem.replace("\n", "\nA: b\n\n"), code: "X509_NO_CERTIFICATE" },
    { name: "DER instead of PEM", text: Buffer.from(bytes).toString("latin1"), code: "X509_NO_CERTIFICATE" },
    { name: "no END line", text: pem.slice(0, -30), code: "X509_NO_CERTIFICATE" },
    { name: "another label", text: pem.replaceAll("CERTIFICATE", "CERTIFICATE REQUEST"), code: "X509_NO_CERTIFICATE" },
    { name: "an EC certificate", text: withEcKey(), code: "X509_NOT_RSA" },
    { name: "an EC certificate before the RSA one", text: withEcKey() + pem, code: "X509_NOT_RSA" },
    { name: "an empty block", text: encodePem("CERTIFICATE", new Uint8Array(0)), code: "X509_MALFORMED" },
    {
      name: "a key in a CERTIFICATE block",
      text: encodePem("CERTIFICATE", pair.certificate.spki),
      code: "X509_MALFORMED",
    },
    { name: "a truncated one", text: encodePem("CERTIFICATE", bytes.subarray(0, -1)), code: "X509_MALFORMED" },
    { name: "one byte more", text: encodePem("CERTIFICATE", concat(bytes, Uint8Array.of(0))), code: "X509_MALFORMED" },
    { name: "a length that lies", text: damaged(3, 0xff), code: "X509_MALFORMED" },
    { name: "an endless length", text: damaged(1, 0x80), code: "X509_MALFORMED" },
    { name: "a good one, then a broken one", text: pem + damaged(3, 0xff), code: "X509_MALFORMED" },
    {
      name: "128 KiB of ones",
      text: encodePem("CERTIFICATE", new Uint8Array(131_072).fill(0x30)),
      code: "X509_MALFORMED",
    },
  ])("$name is refused with $code", ({ text, code }) => expect(codeOf(() => readCertificate(text))).toBe(code));

  const { modulus, exponent } = readRsa(pair.certificate.spki);
  test.each([
    { name: "the exponent 1", modulus, exponent: [1], want: "public exponent too small or negative" },
    { name: "an even exponent", modulus, exponent: [4], want: "public exponent is even" },
    { name: "a huge exponent", modulus, exponent: [0x80, 0, 0, 1], want: "public exponent too large" },
    { name: "an even modulus", modulus: modulus.with(-1, 2), exponent: [...exponent], want: "public modulus is even" },
    {
      name: "1,023 bits",
      modulus: modulus.subarray(0, 128).with(0, 0x7f),
      exponent: [...exponent],
      want: /^crypto\/rsa: 1023-bit keys are insecure/,
    },
    {
      name: "65,536 bits",
      modulus: new Uint8Array(8192).fill(0xff),
      exponent: [...exponent],
      want: /^crypto\/rsa: 65536-bit keys are too large$/,
    },
  ])("a key that protects nothing is refused: $name", async ({ modulus: n, exponent: e, want }) => {
    const spki = encodeSpki({ modulus: n, exponent: Uint8Array.from(e) });
    const error = await certify({ ...pair.privateKey, spki }, { now: NOW, lifetimeMs: 1000 }).catch((reason) => reason);
    const original = typeof want === "string" ? `crypto/rsa: ${want}` : expect.stringMatching(want);
    expect(error).toMatchObject({ code: "X509_KEY_UNSAFE", original });
  });

  test.each([[3], [17], [1, 0, 1], [0x7f, 0xff, 0xff, 0xff]])("an exponent of %j… is fine", async (...bytes) => {
    const spki = encodeSpki({ modulus, exponent: Uint8Array.from(bytes) });
    const { certificate } = await certify({ ...pair.privateKey, spki }, { now: NOW, lifetimeMs: 1000 });
    expect(certificate.bits).toBe(2048);
  });

  test("no change of one byte makes it throw anything else", () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const to of [0x00, 0x30, 0x7f, 0x80, 0xff]) {
        const code = codeOf(() => readCertificate(damaged(at, to)));
        expect(["no error", "X509_MALFORMED", "X509_NOT_RSA", "X509_KEY_UNSAFE"], `byte ${at} to ${to}`).toContain(
          code,
        );
      }
    }
  });

  test("an expired one is refused by checkNotExpired() with its day", () => {
    const { certificate } = pair;
    expect(codeOf(() => checkNotExpired(certificate, certificate.notAfter))).toBe("no error");
    expect(() => checkNotExpired(certificate, certificate.notAfter + 1)).toThrow(
      expect.objectContaining({
        code: "X509_EXPIRED",
        original: "failed to encrypt using an expired certificate on January 29, 2036",
      }),
    );
  });
});

describe("readPrivateKey()", () => {
  const { fingerprint, spki } = pair.privateKey;
  const pkcs8 = encodePem("PRIVATE KEY", pair.privateKey.pkcs8);
  const pkcs1 = pair.privateKeyPem;
  const ecPem = ec.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const sec1 = ec.privateKey.export({ type: "sec1", format: "pem" }).toString();
  const encrypted = createPrivateKey(pkcs1)
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })
    .toString();

  test.each([
    { name: "PKCS#1", text: pkcs1 },
    { name: "PKCS#8", text: pkcs8 },
    { name: "a certificate before it", text: pem + pkcs8 },
    { name: "another key behind it", text: pkcs1 + ecPem },
    {
      name: "PKCS#8 as OpenSSL writes it",
      text: createPrivateKey(pkcs1).export({ type: "pkcs8", format: "pem" }).toString(),
    },
  ])("$name is read", ({ text }) => {
    const key = readPrivateKey(text);
    expect(key.fingerprint).toBe(fingerprint);
    expect(key.spki).toEqual(spki);
    expect(createPrivateKey({ key: Buffer.from(key.pkcs8), format: "der", type: "pkcs8" }).asymmetricKeyType).toBe(
      "rsa",
    );
  });

  test.each([
    { name: "nothing", text: "", code: "X509_NO_PRIVATE_KEY" },
    { name: "a certificate", text: pem, code: "X509_NO_PRIVATE_KEY" },
    { name: "an encrypted key", text: encrypted, code: "X509_NO_PRIVATE_KEY" },
    {
      name: "garbage in a key block",
      text: encodePem("PRIVATE KEY", Uint8Array.of(1, 2, 3)),
      code: "X509_NO_PRIVATE_KEY",
    },
    { name: "PKCS#1 under the name of PKCS#8", text: pkcs1.replaceAll("RSA ", ""), code: "X509_NO_PRIVATE_KEY" },
    {
      name: "a truncated key",
      text: encodePem("PRIVATE KEY", pair.privateKey.pkcs8.subarray(0, -9)),
      code: "X509_NO_PRIVATE_KEY",
    },
    { name: "an EC key", text: ecPem, code: "X509_PRIVATE_KEY_NOT_RSA" },
    { name: "an EC key in the old form", text: sec1, code: "X509_PRIVATE_KEY_NOT_RSA" },
    { name: "an EC key before an RSA key", text: ecPem + pkcs1, code: "X509_PRIVATE_KEY_NOT_RSA" },
  ])("$name is refused with $code", ({ text, code }) => expect(codeOf(() => readPrivateKey(text))).toBe(code));

  test("an error never holds a part of the key", () => {
    for (const text of [encrypted, ecPem, pkcs1.replaceAll("RSA ", "")]) {
      try {
        readPrivateKey(text);
      } catch (error) {
        const shown = JSON.stringify(error, Object.getOwnPropertyNames(error));
        for (const line of text.split("\n").filter((part) => part.length > 20 && !part.startsWith("---"))) {
          expect(shown).not.toContain(line.slice(0, 20));
        }
      }
    }
  });
});
