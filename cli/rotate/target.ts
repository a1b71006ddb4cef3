import { type Reseal, resealThroughController, resealWithKeys } from "../../src/keys/index.ts";
import type { Clock } from "../../src/kube/index.ts";
import { checkNotExpired, readCertificate, type SealingCertificate } from "../../src/x509/index.ts";
import { checkFingerprint } from "../certificates/fingerprint.ts";
import {
  type CertificateFlagValues,
  certificateWishes,
  inOwnWords,
  ownCertificates,
} from "../certificates/own-flags.ts";
import { selectionOf } from "../cluster-flags.ts";
import { CliError } from "../errors.ts";
import type { Io } from "../io.ts";
import { fetchCertificate } from "../kubeseal/controller.ts";
import { checkOpens } from "../opening/check-opens.ts";
import type { LoadedMeans } from "../opening/load-means.ts";
import { openRotatingController } from "./rotating-controller.ts";

/** Who seals anew, and for which key. */
export interface RotationTarget {
  /** Undefined when there is no key for SealedSecrets at all. */
  readonly reseal: Reseal | undefined;
  /** Whether it takes nothing but the keys that are here. */
  readonly isHere: boolean;
  /** What is sealed for with the keys that are here; undefined without any. */
  readonly certificate: Pick<SealingCertificate, "spki" | "fingerprint"> | undefined;
  /** For people: `the newest key of the set, sealed-secrets-keyx7`; undefined without one. */
  readonly from: string | undefined;
  close(): Promise<void>;
}

export interface TargetFlags extends CertificateFlagValues {
  readonly viaController: boolean;
  readonly cert: string | undefined;
}

/**
 * What SealedSecrets are brought to: the newest key of those at hand, that of a certificate which was named, or that of a
 * controller.
 *
 * @throws {CliError} `CLI_BAD_FLAG` when there are keys, and none of them says how old it is; {X509Error} `X509_EXPIRED`;
 *   {KubesealError}; {KubeError}
 */
export async function rotationTarget(
  flags: TargetFlags,
  means: LoadedMeans,
  io: Io,
  clock: Clock,
): Promise<RotationTarget> {
  if (flags.viaController) return await throughController(flags, io, clock);
  const close = async () => undefined;
  if (!means.hasSealingKeys) return { reseal: undefined, isHere: true, certificate: undefined, from: undefined, close };
  const { certificate, from } = await targetCertificate(flags, means, io);
  await checkOpens(means.sealed, certificate, io);
  return { reseal: resealWithKeys({ keyring: means.sealed, certificate }), isHere: true, certificate, from, close };
}

async function throughController(flags: TargetFlags, io: Io, clock: Clock): Promise<RotationTarget> {
  const address = { ...flags, selection: selectionOf(flags, io) };
  const pem = await inOwnWords(() => fetchCertificate(address, io));
  const certificate = readCertificate(new TextDecoder().decode(pem));
  await inOwnWords(async () => checkFingerprint(certificate, flags.certFingerprint, "of the controller"));
  const controller = await inOwnWords(() => openRotatingController(address, io, clock));
  return {
    reseal: resealThroughController(controller.ask, certificate.fingerprint),
    isHere: false,
    certificate: undefined,
    from: "the newest key of the controller",
    close: controller.close,
  };
}

async function targetCertificate(
  flags: TargetFlags,
  { newest }: LoadedMeans,
  io: Io,
): Promise<{ readonly certificate: SealingCertificate; readonly from: string }> {
  if (flags.cert !== undefined) {
    const [obtained] = await ownCertificates([flags.cert], flags, io);
    if (obtained !== undefined) return { certificate: obtained.certificate, from: `the certificate ${obtained.place}` };
  }
  if (newest === undefined) {
    throw new CliError("CLI_BAD_FLAG", "Cannot rotate: nothing says which of the private keys is the newest", {
      details: ["a private key alone has no date; its certificate has one"],
      hints: ["name the certificate to seal for: --cert FILE", "or key Secrets, which hold the certificate too"],
    });
  }
  const { certificate, name } = newest;
  checkNotExpired(certificate, io.now());
  await inOwnWords(async () => {
    checkFingerprint(certificate, certificateWishes([], flags, io).fingerprints, `of ${name}`);
  });
  return { certificate, from: `the newest key of the set, ${name}` };
}
