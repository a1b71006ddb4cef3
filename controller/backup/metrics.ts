import type { Metrics } from "../metrics.ts";

/** The numbers by which somebody is woken when there is no good backup. */
export interface BackupMetrics {
  /** Milliseconds since the epoch of the last good one. */
  good(atMs: number, nowMs: number): void;
  failed(): void;
  recipients(hash: string): void;
  /** Why what is written is no good backup; undefined when it is one. */
  counts(shortcoming: string | undefined): void;
}

export function backupMetrics(metrics: Metrics): BackupMetrics {
  const last = metrics.gauge({
    name: "sealkit_backup_last_success_timestamp_seconds",
    help: "When the last good backup of the keys was written. A Secret in the same cluster is none",
  });
  const age = metrics.gauge({ name: "sealkit_backup_age_seconds", help: "Age of the last good backup of the keys" });
  const failures = metrics.counter({ name: "sealkit_backup_failures_total", help: "Backups that failed" });
  const recipients = metrics.gauge({
    name: "sealkit_backup_recipients_info",
    help: "Whom backups are encrypted to: SHA-256 of the sorted recipients",
    labels: ["hash"],
  });
  const counting = metrics.gauge({
    name: "sealkit_backup_counts",
    help: "Whether what is written is a good backup (1), and if not (0) why",
    labels: ["why"],
  });
  let known: string | undefined;
  return {
    good(atMs, nowMs) {
      last.set({}, atMs / 1000);
      age.set({}, Math.max(0, (nowMs - atMs) / 1000));
    },
    failed: () => failures.inc(),
    recipients(hash) {
      if (known !== undefined) recipients.remove({ hash: known });
      recipients.set({ hash }, 1);
      known = hash;
    },
    counts: (shortcoming) => counting.set({ why: shortcoming ?? "" }, shortcoming === undefined ? 1 : 0),
  };
}
