import { checkNotExpired, readCertificate, type SealingCertificate, X509Error } from "../../src/x509/index.ts";
import type { Io } from "../io.ts";
import { certificatePem } from "../kubeseal/certificate.ts";
import type { ControllerAddress } from "../kubeseal/controller.ts";
import { type CacheSettings, controllerCertificate } from "./controller-certificate.ts";
import { checkFingerprint } from "./fingerprint.ts";

export interface CertificateWishes extends ControllerAddress, CacheSettings {
  /** Files and URLs, one for each cluster to seal for; none: the controller of the cluster is asked. */
  readonly certs: readonly string[];
  /** `SHA256:…` of the keys that may be sealed for; none: any. */
  readonly fingerprints: readonly string[];
}

/** A certificate with where it came from. */
export interface ObtainedCertificate {
  readonly certificate: SealingCertificate;
  /** For people: `in "cert.pem"`, or `from the controller`. */
  readonly place: string;
}

/**
 * The certificates to seal with, one for each cluster, in the order in which they were named. Each is good now: RSA, of
 * a wanted key, and not out of date.
 *
 * @throws {KubesealError} `KUBESEAL_FILE`, `KUBESEAL_CERTIFICATE`, `KUBESEAL_CLUSTER`; {KubeError}
 * @throws {X509Error} with the place in its details
 */
export async function sealingCertificates(wishes: CertificateWishes, io: Io): Promise<readonly ObtainedCertificate[]> {
  const sources = wishes.certs.length === 0 ? [""] : wishes.certs;
  const found: ObtainedCertificate[] = [];
  for (const cert of sources) {
    const obtained = obtainedCertificate(await obtainPem(cert, wishes, io), cert, wishes.fingerprints);
    found.push(checkedTime(obtained, io.now()));
  }
  return found;
}

/** The PEM text that `cert` names: a file, a URL, or (empty) the controller. */
export async function obtainPem(cert: string, wishes: ControllerAddress & CacheSettings, io: Io): Promise<Uint8Array> {
  return cert === "" ? await controllerCertificate(wishes, wishes, io) : await certificatePem(cert, io);
}

/**
 * The certificate of a PEM text, checked against the fingerprints that were asked for.
 *
 * @throws {X509Error} with the place in its details; {KubesealError} `KUBESEAL_CERTIFICATE` for another key.
 */
export function obtainedCertificate(
  pem: Uint8Array,
  cert: string,
  fingerprints: readonly string[],
): ObtainedCertificate {
  const place = placeOf(cert);
  const certificate = placed(place, () => readCertificate(new TextDecoder("utf-8", { ignoreBOM: true }).decode(pem)));
  checkFingerprint(certificate, fingerprints, place);
  return { certificate, place };
}

/** @throws {X509Error} `X509_EXPIRED`, with the place in its details. */
export function checkedTime(obtained: ObtainedCertificate, now: number): ObtainedCertificate {
  placed(obtained.place, () => checkNotExpired(obtained.certificate, now));
  return obtained;
}

/** Without what a URL says of a user or in its query: that may be secret. */
function placeOf(cert: string): string {
  if (cert === "") return "from the controller";
  if (!/^https?:/i.test(cert) || !URL.canParse(cert)) return `in "${cert}"`;
  const { origin, pathname } = new URL(cert);
  return `at "${origin}${pathname}"`;
}

function placed<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof X509Error)) throw error;
    const { code, message, original, details, hints } = error;
    throw new X509Error(code, message, {
      original,
      details: [place, ...details],
      hints,
      cause: error,
    });
  }
}
