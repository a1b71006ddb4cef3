import { ToolkitError } from "../../src/errors.ts";
import { clusterAddress, KubeError } from "../../src/kube/index.ts";
import { checkNotExpired, readCertificate, X509Error } from "../../src/x509/index.ts";
import type { Io } from "../io.ts";
import { type ControllerAddress, fetchCertificate } from "../kubeseal/controller.ts";
import { KubesealError } from "../kubeseal/errors.ts";
import { note, shortAge, warn } from "../output.ts";
import { type CachedCertificate, cachePath, readCached, writeCached } from "./cache-adapter.ts";
import { clusterKey } from "./cluster-key.ts";

export interface CacheSettings {
  /** How old a certificate out of the cache may be, in milliseconds; 0: it is always fetched, and none is kept. */
  readonly maxAgeMs: number;
  /** Ask the controller in any case; what it says is kept. */
  readonly refresh?: boolean | undefined;
  /** `SHA256:…` of the keys that may be sealed for; a certificate of another key is neither taken from the cache nor kept. */
  readonly fingerprints?: readonly string[] | undefined;
  /** Say on stderr which one is used. */
  readonly verbose?: boolean | undefined;
}

/** Controllers make a new key every 30 days unless they are told otherwise. */
const RENEWAL_MS = 30 * 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;

/**
 * The certificate that the controller of a cluster seals with, as PEM text: out of the cache while that is young
 * enough, without asking anybody; else from the controller.
 *
 * @throws {KubesealError} `KUBESEAL_CLUSTER`; {KubeError}
 */
export async function controllerCertificate(
  address: ControllerAddress,
  settings: CacheSettings,
  io: Io,
): Promise<Uint8Array> {
  if (settings.maxAgeMs <= 0) return await fetchOrExplain(address, { settings }, io);
  const path = cachePath(io, clusterKey(await clusterAddress(address.selection), address));
  const cached = path === undefined ? undefined : await readCached(path, io.now());
  const usable = cached !== undefined && isUsable(cached, settings, io) ? cached : undefined;
  if (usable !== undefined && settings.refresh !== true && io.now() - usable.fetchedAt <= settings.maxAgeMs) {
    await tellCached(usable, settings, io);
    return usable.pem;
  }
  const pem = await fetchOrExplain(address, { settings, cached: usable }, io);
  if (path !== undefined && isUsable({ pem }, settings, io)) await keep(path, pem, io);
  return pem;
}

/** Only what can be sealed with is worth keeping: anything else is asked for again. */
function isUsable({ pem }: Pick<CachedCertificate, "pem">, { fingerprints = [] }: CacheSettings, io: Io): boolean {
  try {
    const certificate = readCertificate(new TextDecoder().decode(pem));
    checkNotExpired(certificate, io.now());
    return fingerprints.length === 0 || fingerprints.includes(certificate.fingerprint);
  } catch (error) {
    if (error instanceof X509Error) return false;
    throw error;
  }
}

async function tellCached({ pem, fetchedAt }: CachedCertificate, settings: CacheSettings, io: Io): Promise<void> {
  const ageMs = io.now() - fetchedAt;
  const age = shortAge(ageMs);
  if (ageMs > RENEWAL_MS) {
    await warn(io, `the certificate was fetched ${age} ago, and the controller may have renewed its key since`);
  } else if (settings.verbose === true) {
    const { fingerprint } = readCertificate(new TextDecoder().decode(pem));
    await note(io, `Sealing for key ${fingerprint}, fetched ${age} ago`);
  }
}

async function keep(path: string, pem: Uint8Array, io: Io): Promise<void> {
  try {
    await writeCached(io, path, pem);
  } catch (error) {
    const why = error instanceof ToolkitError ? error.message : `${path} cannot be written`;
    await warn(io, `the certificate was not kept: ${why}`);
  }
}

async function fetchOrExplain(
  address: ControllerAddress,
  { settings, cached }: { readonly settings: CacheSettings; readonly cached?: CachedCertificate | undefined },
  io: Io,
): Promise<Uint8Array> {
  try {
    return await fetchCertificate(address, io);
  } catch (error) {
    // Who asks for the certificate itself is not helped by keeping it.
    if (cached === undefined && settings.refresh === true) throw error;
    const hours = Math.ceil((io.now() - (cached?.fetchedAt ?? 0)) / HOUR_MS) + 1;
    throw withHint(
      error,
      cached === undefined
        ? "without the cluster: keep its certificate (sealkit kubeseal --fetch-cert > cert.pem) and give --cert cert.pem"
        : `one fetched ${shortAge(io.now() - cached.fetchedAt)} ago is in the cache: --cert-max-age ${hours}h uses it`,
    );
  }
}

/** The same error with one more hint; whatever is no trouble with a cluster stays as it is. */
function withHint(error: unknown, hint: string): unknown {
  if (error instanceof KubeError) {
    const { code, message, status, reason, apiMessage, details, hints, cause } = error;
    return new KubeError(code, message, { status, reason, apiMessage, details, hints: [...hints, hint], cause });
  }
  if (!(error instanceof KubesealError) || error.code !== "KUBESEAL_CLUSTER") return error;
  const { code, message, details, hints, cause } = error;
  return new KubesealError(code, message, { details, hints: [...hints, hint], cause });
}
