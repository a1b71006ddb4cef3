import { inOneLine, ToolkitError } from "../../src/errors.ts";
import { backupDigest } from "../../src/keys/index.ts";
import { type Clock, type KubeClient, KubeError } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { errorText } from "../error-text.ts";
import type { EventRecorder } from "../events.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { rfc3339 } from "../status/conditions.ts";
import { makeBackup, readRecipients } from "./make-backup.ts";
import { backupMetrics } from "./metrics.ts";
import { secretStore } from "./secret-store.ts";
import type { BackupSettings } from "./settings.ts";
import { type BackupStatus, NO_STATUS, readStatus, STATUS_NAME, writeStatus } from "./status.ts";

export interface BackupKeeperOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly metrics: Metrics;
  readonly namespace: string;
  readonly prefix: string;
  readonly version: string;
  readonly settings: BackupSettings;
  /** Resolves when the keys were read; backups are made when this process leads, by one process only. */
  readonly ready: Promise<void>;
  readonly leads: Promise<boolean>;
  /** Tells of each change of the keys. */
  readonly onKeys: (tell: () => void) => void;
}

/** Keys are often made and labelled in several steps. */
const SETTLE_MS = 5_000;
/** Between two looks at the recipients and at the age of the last good backup. */
const TICK_MS = 60_000;
const FIRST_RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 3_600_000;
const COMPONENT = "sealkit-backup";

/**
 * Backs the keys up after each change of them, after each change of the recipients and on a schedule, and says in a
 * ConfigMap and in metrics how old the last good backup is. A failure is tried again; it never stops the controller.
 */
export function startBackups(options: BackupKeeperOptions, signal: AbortSignal): void {
  const { client, clock, log, events, namespace, settings } = options;
  const metrics = backupMetrics(options.metrics);
  const store = settings.store ?? secretStore(client, settings.toSecret ?? "");
  let status: BackupStatus = NO_STATUS;
  let hasStatus = false;
  let cancel: () => void = () => undefined;
  let dueMs = Number.POSITIVE_INFINITY;
  let failures = 0;
  let isRunning = false;

  const wake = (delayMs: number) => {
    cancel();
    if (signal.aborted) return;
    cancel = clock.after(delayMs, () => void tick());
  };
  const wantIn = (delayMs: number) => {
    dueMs = Math.min(dueMs, clock.now() + delayMs);
    if (!isRunning) wake(Math.min(TICK_MS, Math.max(0, dueMs - clock.now())));
  };
  const statusObject = (): KubeObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: STATUS_NAME, namespace },
  });
  const warn = (object: KubeObject, reason: string, message: string) =>
    events.record(object, { type: "Warning", reason, message }, COMPONENT);
  const showAge = () => {
    const at = Date.parse(status.lastGood);
    if (!Number.isNaN(at)) metrics.good(at, clock.now());
  };

  /** Without the right to read it there is a backup all the same. */
  const statusBefore = async (): Promise<BackupStatus> => {
    try {
      return await readStatus(client, namespace);
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 403) throw error;
      log.warn("Cannot read the status of earlier backups", { error: errorText(error) });
      return NO_STATUS;
    }
  };

  const save = async (next: BackupStatus): Promise<KubeObject> => {
    status = next;
    try {
      return await writeStatus(client, namespace, next);
    } catch (error) {
      log.warn("Cannot write the status of the backups", { error: errorText(error) });
      return statusObject();
    }
  };

  /** What is different from the recipients of the last backup is told, whoever changed it. */
  const tellChange = (hash: string) => {
    metrics.recipients(hash);
    if (status.recipientsHash === "" || status.recipientsHash === hash) return;
    const message = `The recipients of key backups have changed: SHA-256 ${status.recipientsHash} before, ${hash} now`;
    log.warn("The recipients of key backups have changed", { before: status.recipientsHash, now: hash });
    warn(statusObject(), "BackupRecipientsChanged", message);
  };

  const backUp = async (): Promise<void> => {
    const now = clock.now();
    const attempt = { ...status, lastAttempt: rfc3339(now), place: store.place };
    try {
      const recipients = readRecipients(await settings.readRecipients());
      tellChange(recipients.hash);
      status = { ...status, recipientsHash: recipients.hash };
      const { prefix, version } = options;
      const { content, keys, leftOut } = await makeBackup(client, recipients, { namespace, prefix, version, now });
      await store.write(content);
      failures = 0;
      const why = [store.shortcoming ?? "", leftOut].filter((part) => part !== "").join("; ");
      const isGood = store.shortcoming === undefined;
      await save({
        ...attempt,
        recipientsHash: recipients.hash,
        keys: keys.join(","),
        written: rfc3339(now),
        digest: backupDigest(content),
        result: isGood ? "good" : "incomplete",
        why,
        ...(isGood ? { lastGood: rfc3339(now) } : {}),
      });
      log.info("Backed up the keys", { place: store.place, keys: keys.length, ...(why === "" ? {} : { why }) });
    } catch (error) {
      failures += 1;
      metrics.failed();
      const why = error instanceof ToolkitError ? inOneLine(error) : errorText(error);
      log.error("Cannot back up the keys, will retry", { place: store.place, error: why });
      const object = await save({ ...attempt, recipientsHash: status.recipientsHash, result: "failed", why });
      warn(object, "BackupFailed", `Cannot back up the keys to ${store.place}: ${why}`);
      dueMs = clock.now() + Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10));
    }
    showAge();
  };

  const recipientsChanged = async (): Promise<boolean> => {
    try {
      return readRecipients(await settings.readRecipients()).hash !== status.recipientsHash;
    } catch {
      // The backup itself tells what is wrong with them.
      return true;
    }
  };

  const tick = async (): Promise<void> => {
    if (isRunning || signal.aborted) return;
    isRunning = true;
    try {
      if (!hasStatus) {
        status = await statusBefore();
        hasStatus = true;
        metrics.counts(store.shortcoming);
      }
      const isFailing = failures > 0;
      if (clock.now() < dueMs && !isFailing && (await recipientsChanged())) dueMs = clock.now();
      if (clock.now() >= dueMs) {
        dueMs = settings.scheduleMs > 0 ? clock.now() + settings.scheduleMs : Number.POSITIVE_INFINITY;
        await backUp();
      }
      showAge();
    } catch (error) {
      log.warn("Cannot look after the backups of the keys, will retry", { error: errorText(error) });
    } finally {
      isRunning = false;
      wake(Math.min(TICK_MS, Math.max(0, dueMs - clock.now())));
    }
  };

  const begin = async (): Promise<void> => {
    await options.ready;
    if (!(await options.leads) || signal.aborted) return;
    options.onKeys(() => wantIn(SETTLE_MS));
    // What an earlier process wrote may lack a key: a new one at start costs little.
    wantIn(SETTLE_MS);
  };
  void begin();
  signal.addEventListener("abort", () => cancel(), { once: true });
}
