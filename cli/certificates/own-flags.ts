import { clusterFlags, selectionOf } from "../cluster-flags.ts";
import { flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import type { Io } from "../io.ts";
import { KubesealError } from "../kubeseal/errors.ts";
import { warn } from "../output.ts";
import { fingerprintProblem } from "./fingerprint.ts";
import { type CertificateWishes, type ObtainedCertificate, sealingCertificates } from "./sealing-certificates.ts";

/** Where the controller is. */
export const controllerFlags = {
  controllerName: flag.text({
    placeholder: "NAME",
    default: "sealed-secrets-controller",
    help: "Service of the controller",
    group: "Cluster",
  }),
  controllerNamespace: flag.text({
    placeholder: "NAME",
    default: "kube-system",
    help: "Namespace of the controller",
    group: "Cluster",
  }),
  ...clusterFlags,
};

/** Flags of our own commands about the certificate to seal with, beside `--cert`. */
export const certificateFlags = {
  certFingerprint: {
    ...flag.texts({ placeholder: "SHA256:…", help: "Refuse a certificate of any other key; may be repeated" }),
    check: fingerprintProblem,
  },
  certMaxAge: flag.duration({
    default: "0",
    placeholder: "DURATION",
    help: "Use the controller's certificate again while it is not older than this; 0: never",
  }),
  ...controllerFlags,
};

/** The values of `controllerFlags`. */
export interface ControllerFlagValues {
  readonly controllerName: string;
  readonly controllerNamespace: string;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

/** The values of `certificateFlags`, with the certificates that were named. */
export interface CertificateFlagValues extends ControllerFlagValues {
  readonly certFingerprint: readonly string[];
  readonly certMaxAge: number;
}

/** What those flags ask for. */
export function certificateWishes(certs: readonly string[], flags: CertificateFlagValues, io: Io): CertificateWishes {
  const { controllerName, controllerNamespace, certFingerprint, certMaxAge } = flags;
  return {
    certs,
    fingerprints: certFingerprint,
    maxAgeMs: certMaxAge,
    controllerName,
    controllerNamespace,
    selection: selectionOf(flags, io),
  };
}

const SOON_MS = 30 * 24 * 60 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The certificates to seal with, one for each of `certs`, or that of the controller. Warns of one that expires soon.
 *
 * @throws {CliError} for a file that cannot be read, in our own words; else as `sealingCertificates`.
 */
export async function ownCertificates(
  certs: readonly string[],
  flags: CertificateFlagValues,
  io: Io,
): Promise<readonly ObtainedCertificate[]> {
  const obtained = await inOwnWords(() => sealingCertificates(certificateWishes(certs, flags, io), io));
  for (const { certificate, place } of obtained) {
    const leftMs = certificate.notAfter - io.now();
    if (leftMs > SOON_MS) continue;
    const days = Math.floor(leftMs / DAY_MS);
    await warn(io, `the certificate ${place} expires in ${days} days; the newest one: sealkit cert`);
  }
  return obtained;
}

/** What kubeseal says in words of its own, for the scripts that match them, is told as our commands tell it. */
export async function inOwnWords<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof KubesealError)) throw error;
    if (error.cause instanceof CliError) throw error.cause;
    // Only who lacks a right waits for the rest of the library.
    const { lackOf, missingRightIn } = await import("../../src/keys/index.ts");
    const right = missingRightIn(error.message);
    if (right !== undefined) throw lackOf(right, error);
    throw error.message.startsWith("Cannot ") ? error : retold(error);
  }
}

function retold({ code, message, details, hints, cause }: KubesealError): KubesealError {
  const [first = "", advice] = message.split(".\nPlease, ");
  // With the advice the Service was not found, or nobody could be asked; hints stand there for the latter.
  const where = "is it elsewhere? --controller-name and --controller-namespace say where the controller's Service is";
  return new KubesealError(code, "Cannot fetch the certificate to seal with", {
    details: [...first.split("\n"), ...details],
    hints: advice !== undefined && first.endsWith("not found") ? [where, ...hints] : hints,
    cause,
  });
}
