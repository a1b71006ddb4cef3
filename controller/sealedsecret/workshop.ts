import type { RsaPrivateKey, SealingCertificate } from "../../src/x509/index.ts";
import { createSealingKey, readCertificate, readPrivateKey } from "../../src/x509/index.ts";
import type { KeyWorkshop } from "../keys/key-manager.ts";
import type { SealingKey } from "../keys/sealing-key.ts";

/** A sealing key with what opening and sealing need of it. */
export interface FullSealingKey extends SealingKey {
  readonly certificate: SealingCertificate;
  readonly privateKey: RsaPrivateKey;
}

/** Makes and reads RSA keys with their certificates. */
export function rsaWorkshop(options: {
  readonly bits: number;
  readonly ttlMs: number;
  readonly commonName: string;
}): KeyWorkshop<FullSealingKey> {
  return {
    async generate({ nowMs }) {
      const { bits, ttlMs: lifetimeMs, commonName } = options;
      const { certificatePem, privateKeyPem } = await createSealingKey({ now: nowMs, lifetimeMs, commonName, bits });
      return { certificatePem, privateKeyPem };
    },
    read({ certificatePem, privateKeyPem }) {
      const certificate = readCertificate(certificatePem);
      const privateKey = readPrivateKey(privateKeyPem);
      return {
        // That of the private key: the certificate is not checked against it, here as in the original.
        fingerprint: privateKey.fingerprint,
        notBeforeMs: certificate.notBefore,
        certificatePem,
        certificate,
        privateKey,
      };
    },
  };
}
