import { createPublicKey } from "node:crypto";
import forge from "node-forge";
import { takeRsaKey } from "./rsa-keys.ts";

export interface TlsAuthority {
  /** The certificate to trust, PEM. */
  readonly ca: string;
  /** Of a server that has all the names, and of a client, PEM. */
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of its own and one server certificate of it, for a day. */
export function makeTlsAuthority(names: readonly string[]): TlsAuthority {
  const root = pair();
  const leaf = pair();
  const issuer = [{ name: "commonName", value: "authority of a test" }];
  const ca = forge.pki.createCertificate();
  ca.publicKey = forge.pki.publicKeyFromPem(root.publicPem);
  ca.serialNumber = "01";
  ca.validity = validity();
  ca.setSubject(issuer);
  ca.setIssuer(issuer);
  ca.setExtensions([
    { name: "basicConstraints", cA: true, critical: true },
    { name: "keyUsage", keyCertSign: true, critical: true },
  ]);
  ca.sign(forge.pki.privateKeyFromPem(root.privatePem), forge.md.sha256.create());
  const cert = forge.pki.createCertificate();
  cert.publicKey = forge.pki.publicKeyFromPem(leaf.publicPem);
  cert.serialNumber = "02";
  cert.validity = validity();
  cert.setSubject([{ name: "commonName", value: names[0] ?? "" }]);
  cert.setIssuer(issuer);
  cert.setExtensions([
    { name: "basicConstraints", cA: false },
    { name: "extKeyUsage", serverAuth: true, clientAuth: true },
    { name: "subjectAltName", altNames: names.map((value) => ({ type: 2, value })) },
  ]);
  cert.sign(forge.pki.privateKeyFromPem(root.privatePem), forge.md.sha256.create());
  return { ca: forge.pki.certificateToPem(ca), cert: forge.pki.certificateToPem(cert), key: leaf.privatePem };
}

function pair(): { readonly publicPem: string; readonly privatePem: string } {
  const privateKey = takeRsaKey();
  return {
    publicPem: createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString(),
    privatePem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function validity(): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 24 * 3_600_000) };
}
