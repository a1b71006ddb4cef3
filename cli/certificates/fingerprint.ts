import type { SealingCertificate } from "../../src/x509/index.ts";
import { KubesealError } from "../kubeseal/errors.ts";

/** Says what is wrong with a fingerprint that was typed, or undefined: `SHA256:` and 43 characters of base64. */
export function fingerprintProblem(typed: string): string | undefined {
  return /^SHA256:[A-Za-z0-9+/]{43}$/.test(typed) ? undefined : "it is not SHA256: and 43 characters of base64";
}

/**
 * Refuses a certificate whose key is none of those that were asked for; none asked for accepts any. This is what stops
 * somebody who can answer in place of the controller from reading what is sealed.
 *
 * @param place where the certificate came from, for people.
 * @throws {KubesealError} `KUBESEAL_CERTIFICATE`
 */
export function checkFingerprint(
  { fingerprint }: Pick<SealingCertificate, "fingerprint">,
  wanted: readonly string[],
  place: string,
): void {
  if (wanted.length === 0 || wanted.includes(fingerprint)) return;
  throw new KubesealError("KUBESEAL_CERTIFICATE", `Cannot seal with the certificate ${place}: its key is another one`, {
    details: [`its key is ${fingerprint}`, ...wanted.map((one) => `wanted is ${one}`)],
    hints: [
      "if the controller renewed its key, check the new fingerprint with: sealkit keys list",
      "and then name that one with --cert-fingerprint",
    ],
  });
}
