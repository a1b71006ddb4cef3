import forge from "node-forge";

/** A key and its certificate in a PKCS #12 file, as older programs of Windows write it: triple DES, a MAC of SHA-1. */
export function makePfx(privateKeyPem: string, certificatePem: string, password: string): Uint8Array {
  const key = forge.pki.privateKeyFromPem(privateKeyPem);
  const certificate = forge.pki.certificateFromPem(certificatePem);
  const options = { algorithm: "3des", count: 100 } as const;
  const der = forge.asn1.toDer(forge.pkcs12.toPkcs12Asn1(key, [certificate], password, options)).getBytes();
  return new Uint8Array(Buffer.from(der, "latin1"));
}
