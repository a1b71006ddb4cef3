import type { AuditPolicy } from "../policy/index.ts";
import type { Keyring } from "../sealed/index.ts";
import { type Finding, finding } from "./finding.ts";

/** A sealing key as far as an audit asks. Times in milliseconds since the epoch. */
export interface AuditKey {
  /** The name of its Secret. */
  readonly name: string;
  /** `SHA256:…` */
  readonly fingerprint: string;
  readonly bits: number;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly status: "active" | "retired" | "compromised";
  /** The one that new items are sealed for. */
  readonly isNewest: boolean;
}

/** The keys of a backup or a cluster, by fingerprint, and what opens with them. */
export interface AuditKeys {
  /** What they came from, for reports: a file, or `the cluster`. */
  readonly source: string;
  readonly keys: ReadonlyMap<string, AuditKey>;
  readonly keyring: Keyring;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const MIN_BITS = 2048;

export function daysOld({ notBefore }: AuditKey, now: number): number {
  return Math.floor((now - notBefore) / DAY_MS);
}

export function shortName({ name, fingerprint }: AuditKey): string {
  return `${name} (${fingerprint.slice(0, "SHA256:".length + 8)}…)`;
}

/** What the rules say of the keys themselves: only of those that are in use. */
export function keyFindings({ source, keys }: AuditKeys, policy: AuditPolicy, now: number): readonly Finding[] {
  const found: Finding[] = [];
  for (const key of keys.values()) {
    if (key.status !== "active") continue;
    const object = `sealing key ${shortName(key)}`;
    if (key.bits < MIN_BITS) found.push(finding("weak-key", source, { object, detail: `${key.bits} bits` }));
    // The certificates of older keys are not looked at by anybody: opening knows no time.
    if (key.isNewest) found.push(...validityFindings(key, { path: source, object, policy, now }));
  }
  return found;
}

export interface ValidityOptions {
  readonly path: string;
  readonly line?: number | undefined;
  readonly object: string | undefined;
  readonly policy: AuditPolicy;
  readonly now: number;
}

/** What the rules say of the end of a certificate. */
export function validityFindings(
  { notAfter }: { readonly notAfter: number },
  { path, line, object, policy, now }: ValidityOptions,
): readonly Finding[] {
  const day = new Date(notAfter).toISOString().slice(0, 10);
  if (notAfter < now) return [finding("expired-certificate", path, { line, object, detail: `since ${day}` })];
  if (notAfter > now + policy.warnDaysBeforeExpiry * DAY_MS) return [];
  return [finding("expiring-certificate", path, { line, object, detail: `on ${day}` })];
}
