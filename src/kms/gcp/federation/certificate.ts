import { X509Certificate } from "node:crypto";
import { jsonObject, textField } from "../../http/message.ts";
import { type Refusal, refusal } from "../../http/refusal.ts";
import type { KmsPorts } from "../../ports.ts";
import type { CertificateSource } from "./subject-source.ts";

export interface CertificateProof {
  /** A JSON list of certificates, base64 of DER: the one that the connection shows, and those behind it. */
  readonly token: string;
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

/**
 * A client certificate that stands for a token: the exchange happens over a connection that shows it.
 *
 * Source: Google's "Configure workload identity federation with X.509 certificates"; recorded runs of sops 3.13.3.
 */
export async function certificateSubject(
  ports: KmsPorts,
  { configPath, chainPath }: CertificateSource,
): Promise<CertificateProof | Refusal> {
  const path = configPath ?? ports.env("GOOGLE_API_CERTIFICATE_CONFIG") ?? standardPath(ports);
  const config = jsonObject({ body: (await ports.readFile(path)) ?? new Uint8Array() });
  const workload = memberOf(memberOf(config, "cert_configs"), "workload");
  const [certificatePath, keyPath] = [textField(workload, "cert_path"), textField(workload, "key_path")];
  if (!certificatePath || !keyPath) {
    const state = `the certificate configuration ${JSON.stringify(path)} cannot be read, or names no certificate and key`;
    return refusal("KEY_SERVICE_NO_CREDENTIALS", state, {
      original: "cannot create GCP KMS service: certificate source is unavailable",
      isWhole: true,
    });
  }
  const [certificate, key] = [await pemOf(ports, certificatePath), await pemOf(ports, keyPath)];
  const [own] = certificatesOf(certificate ?? "");
  if (certificate === undefined || own === undefined) return unreadable("certificate", certificatePath);
  if (key === undefined) return unreadable("key", keyPath);
  const chain = chainPath === undefined ? [] : certificatesOf((await pemOf(ports, chainPath)) ?? "");
  if (chainPath !== undefined && chain.length === 0) return unreadable("trust chain", chainPath);
  const all = [own, ...chain.filter((text) => text !== own)];
  return { token: JSON.stringify(all), certificate, key };
}

function standardPath(ports: KmsPorts): string {
  const windows = ports.env("APPDATA");
  return `${windows ?? `${ports.home}/.config`}/gcloud/certificate_config.json`;
}

function memberOf(object: unknown, name: string): unknown {
  if (typeof object !== "object" || object === null || !Object.hasOwn(object, name)) return undefined;
  return Object.getOwnPropertyDescriptor(object, name)?.value;
}

async function pemOf(ports: KmsPorts, path: string): Promise<string | undefined> {
  const bytes = await ports.readFile(path);
  const text = bytes === undefined ? "" : new TextDecoder().decode(bytes);
  return text.includes("-----BEGIN") ? text : undefined;
}

const MAX_CERTIFICATES = 20;

/** The certificates of a text as base64 of DER; none when one of them cannot be read. */
function certificatesOf(text: string): string[] {
  const found: string[] = [];
  for (const [pem] of text.matchAll(/-----BEGIN CERTIFICATE-----[^-]{1,20000}-----END CERTIFICATE-----/g)) {
    try {
      found.push(new X509Certificate(pem).raw.toString("base64"));
    } catch {
      return [];
    }
    if (found.length >= MAX_CERTIFICATES) break;
  }
  return found;
}

function unreadable(what: string, path: string): Refusal {
  return refusal("KEY_SERVICE_NO_CREDENTIALS", `the ${what} ${JSON.stringify(path)} cannot be read as PEM`);
}
