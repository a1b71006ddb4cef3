/** A key pair that SealedSecrets are encrypted to, as far as managing keys needs to know it. */
export interface SealingKey {
  /** `SHA256:...` of the public key in SSH form; public. */
  readonly fingerprint: string;
  /** Start of the certificate's validity, milliseconds since the epoch. */
  readonly notBeforeMs: number;
  readonly certificatePem: string;
}
