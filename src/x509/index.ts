export {
  type CertificateValidity,
  checkNotExpired,
  readCertificate,
  readValidity,
  type SealingCertificate,
} from "./certificate.ts";
export { type CreateOptions, certify, createSealingKey, type SealingKeyPair } from "./create.ts";
export { X509Error, type X509ErrorCode } from "./errors.ts";
export { type RsaPrivateKey, readPrivateKey } from "./private-key.ts";
