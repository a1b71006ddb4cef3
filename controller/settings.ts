import type { KeyOrder } from "../src/keys/index.ts";
import type { BackupSettings } from "./backup/settings.ts";

/** Private-key operations at the same time, at most: each has a thread of its own. */
export const MOST_WORKERS = 256;

/** What the SealedSecret controller can be told; names follow the original's flags. Spans in milliseconds. */
export interface SealedSecretSettings {
  readonly keyPrefix: string;
  readonly keySizeBits: number;
  readonly keyTtlMs: number;
  readonly commonName: string;
  /** False: keys come from elsewhere, none is made but on request. */
  readonly generateKeys: boolean;
  /** 0 switches renewal off. */
  readonly keyRenewPeriodMs: number;
  readonly keyOrder: KeyOrder;
  readonly keyCutoffMs?: number | undefined;
  readonly privateKeyLabels: Readonly<Record<string, string>>;
  readonly privateKeyAnnotations: Readonly<Record<string, string>>;
  readonly acceptDeprecatedV1Data: boolean;
  readonly updateStatus: boolean;
  readonly skipRecreate: boolean;
  readonly oldGcBehavior: boolean;
  /** Set back what others change in Secrets of ours; objects may say otherwise for themselves. */
  readonly revertChanges: boolean;
  /** Failures in a row after which an object is left alone until it changes; absent: never. */
  readonly maxUnsealRetries?: number | undefined;
  readonly metricsOmitSecretLabels: boolean;
  readonly labelSelector?: string | undefined;
  readonly ratePerSecond: number;
  readonly rateBurst: number;
  /** Networks of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** Private-key operations at the same time, 1 to 256; absent: one for each core, at least 2 and at most 4. */
  readonly unsealWorkers?: number | undefined;
  /** Absent: nobody backs the keys up but people. */
  readonly backup?: BackupSettings | undefined;
}

const HOUR_MS = 3_600_000;

/** The original's defaults, save that failures are never given up. */
export const defaultSealedSecretSettings: SealedSecretSettings = {
  keyPrefix: "sealed-secrets-key",
  keySizeBits: 4096,
  keyTtlMs: 87_600 * HOUR_MS,
  commonName: "",
  generateKeys: true,
  keyRenewPeriodMs: 720 * HOUR_MS,
  keyOrder: "CertNotBefore",
  privateKeyLabels: {},
  privateKeyAnnotations: {},
  acceptDeprecatedV1Data: true,
  updateStatus: true,
  skipRecreate: false,
  oldGcBehavior: false,
  revertChanges: false,
  metricsOmitSecretLabels: false,
  ratePerSecond: 2,
  rateBurst: 2,
  trustedProxies: [],
};
