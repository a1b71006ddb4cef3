import { beforeAll, describe, expect, test } from "vitest";
import { startBackups } from "../../../controller/backup/backup-keeper.ts";
import type { BackupSettings } from "../../../controller/backup/settings.ts";
import { createLog } from "../../../controller/log.ts";
import { createMetrics } from "../../../controller/metrics.ts";
import type { EventNote } from "../../../controller/pass.ts";
import { generateX25519Identity, parseIdentitiesFile, parseIdentity } from "../../../src/age/index.ts";
import { backupDigest, readBackup } from "../../../src/keys/index.ts";
import { KubeError } from "../../../src/kube/index.ts";
import type { KubeObject } from "../../../src/objects/index.ts";
import { KeyServiceError } from "../../../src/sops/index.ts";
import type { SealingKeyPair } from "../../../src/x509/index.ts";
import { fakeClock } from "../../helpers/fakes/clock.ts";
import { memoryCluster } from "../../helpers/memory-cluster.ts";
import { makeSealingKey } from "../../helpers/sealing-keys.ts";

const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;
const LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key";
const HOUR_MS = 3_600_000;
const identity = generateX25519Identity();
const recipient = parseIdentity(identity).name;
const stranger = parseIdentity(generateX25519Identity()).name;

let pairs: readonly SealingKeyPair[];
beforeAll(async () => {
  pairs = await Promise.all([makeSealingKey({ now: 0 }), makeSealingKey()]);
});

const denied = () =>
  new KeyServiceError("KEY_SERVICE_DENIED", "Cannot upload to s3://backups/prod: S3 answers AccessDenied", {
    original: "",
  });
const base64 = (text: string) => Buffer.from(text).toString("base64");
const keySecret = (at: number): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: `key${at}`, namespace: "kube-system", labels: { [LABEL]: "active" } },
  data: { "tls.crt": base64(pairs[at]?.certificatePem ?? ""), "tls.key": base64(pairs[at]?.privateKeyPem ?? "") },
});

async function keeper(
  given: Partial<BackupSettings> & { readonly leads?: boolean; readonly mayWrite?: () => boolean } = {},
) {
  const cluster = memoryCluster();
  cluster.put(SECRETS, keySecret(0));
  const clock = fakeClock();
  const metrics = await createMetrics();
  const events: EventNote[] = [];
  const lines: string[] = [];
  const written: Uint8Array[] = [];
  const stopping = new AbortController();
  let tell: () => void = () => undefined;
  const recipients = { text: `# all of them\n${recipient}\n` };
  const store = {
    place: "s3://backups/prod",
    shortcoming: undefined,
    async write(content: Uint8Array) {
      if (given.mayWrite?.() === false) throw denied();
      written.push(content);
    },
  };
  const { leads = true, mayWrite: _, ...settings } = given;
  const begin = () =>
    startBackups(
      {
        client: cluster,
        clock,
        log: createLog({ clock, level: "debug", format: "text", write: (line) => lines.push(line) }),
        events: { record: (_object, note) => void events.push(note), flush: async () => undefined },
        metrics,
        namespace: "kube-system",
        prefix: "sealed-secrets-key",
        version: "0",
        settings: { readRecipients: async () => recipients.text, store, scheduleMs: 24 * HOUR_MS, ...settings },
        ready: Promise.resolve(),
        leads: Promise.resolve(leads),
        onKeys: (listener) => {
          tell = listener;
        },
      },
      stopping.signal,
    );
  begin();
  const metric = async (name: string) =>
    (await metrics.text()).split("\n").find((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  const status = () => cluster.object("configmaps", "kube-system/sealkit-backup")?.["data"] as Record<string, string>;
  const all = async () => `${lines.join("")}${JSON.stringify([events, status()])}${await metrics.text()}`;
  return { cluster, clock, events, written, recipients, status, metric, all, lines, tellKeys: () => tell(), stopping };
}

describe("startBackups()", () => {
  test("writes one at start, after a change of the keys and on schedule; its owner can open it", async () => {
    const { cluster, clock, written, status, metric, tellKeys, all, stopping } = await keeper();
    await clock.advance(6_000);
    expect(written).toHaveLength(1);
    const identities = parseIdentitiesFile(identity);
    expect((await readBackup(written[0] ?? new Uint8Array(), { identities })).secrets).toHaveLength(1);
    expect(status()).toMatchObject({
      result: "good",
      why: "",
      place: "s3://backups/prod",
      lastGood: "2026-01-01T00:00:05Z",
      written: "2026-01-01T00:00:05Z",
      digest: backupDigest(written[0] ?? new Uint8Array()),
    });
    expect(await metric("sealkit_backup_last_success_timestamp_seconds")).toMatch(/ 1767225605$/);

    cluster.put(SECRETS, keySecret(1));
    tellKeys();
    tellKeys();
    await clock.advance(6_000);
    expect(written).toHaveLength(2);
    expect(status()["keys"]?.split(",")).toHaveLength(2);
    await clock.advance(23 * HOUR_MS);
    expect(written).toHaveLength(2);
    expect(await metric("sealkit_backup_age_seconds")).toMatch(/ 82\d\d\d$/);
    await clock.advance(2 * HOUR_MS);
    expect(written).toHaveLength(3);
    expect(await all()).not.toMatch(/PRIVATE KEY|AGE-SECRET-KEY/);
    stopping.abort();
    await clock.advance(48 * HOUR_MS);
    expect(written).toHaveLength(3);
  });

  test("a change of the recipients is a Warning event and a new backup", async () => {
    const { clock, events, written, recipients, status, metric } = await keeper();
    await clock.advance(6_000);
    const before = status()["recipientsHash"];
    expect(events).toEqual([]);
    recipients.text = `${stranger}\n`;
    await clock.advance(61_000);
    expect(written).toHaveLength(2);
    const after = status()["recipientsHash"];
    expect(after).not.toBe(before);
    expect(events).toEqual([
      {
        type: "Warning",
        reason: "BackupRecipientsChanged",
        message: `The recipients of key backups have changed: SHA-256 ${before} before, ${after} now`,
      },
    ]);
    expect(await metric("sealkit_backup_recipients_info")).toContain(`hash="${after}"`);
    // Another order, or a remark, is no change.
    recipients.text = `# x\n${stranger}\n${stranger}\n`;
    await clock.advance(HOUR_MS);
    expect(written).toHaveLength(2);
  });

  test("a failure is told and tried again; the last good one stays the last good one", async () => {
    let mayWrite = true;
    const { clock, events, written, status, metric, tellKeys } = await keeper({ mayWrite: () => mayWrite });
    await clock.advance(6_000);
    const { lastGood, digest } = status();
    mayWrite = false;
    tellKeys();
    await clock.advance(6_000);
    expect(status()).toMatchObject({
      result: "failed",
      why: expect.stringContaining("AccessDenied"),
      lastGood,
      digest,
    });
    expect(events.map(({ reason }) => reason)).toEqual(["BackupFailed"]);
    await clock.advance(61_000);
    expect(await metric("sealkit_backup_failures_total")).toMatch(/ 2$/);
    await clock.advance(61_000);
    expect(await metric("sealkit_backup_failures_total")).toMatch(/ 2$/);
    mayWrite = true;
    await clock.advance(61_000);
    expect(written).toHaveLength(2);
    expect(status()).toMatchObject({ result: "good", why: "" });
    expect(Date.parse(status()["lastGood"] ?? "")).toBeGreaterThan(Date.parse(lastGood ?? ""));
  });

  test("a Secret in the same cluster is written, and is no good backup", async () => {
    const { cluster, clock, status, metric } = await keeper({ store: undefined, toSecret: "kube-system/keys" });
    await clock.advance(6_000);
    const data = cluster.object("secrets", "kube-system/keys")?.["data"] as Record<string, string>;
    const file = Buffer.from(data["keys.age"] ?? "", "base64");
    expect((await readBackup(file, { identities: parseIdentitiesFile(identity) })).secrets).toHaveLength(1);
    const why = "a Secret in the same cluster is lost together with the keys";
    expect(status()).toMatchObject({ result: "incomplete", why, lastGood: "" });
    expect(await metric("sealkit_backup_last_success_timestamp_seconds")).not.toMatch(/ [1-9]\d*$/);
    expect(await metric("sealkit_backup_counts")).toBe(`sealkit_backup_counts{why="${why}"} 0`);
    await clock.advance(25 * HOUR_MS);
    expect(status()["result"]).toBe("incomplete");
  });

  test("a Secret that holds something else, a sealing key even, is never overwritten", async () => {
    const { cluster, clock, status } = await keeper({ store: undefined, toSecret: "kube-system/key0" });
    const before = cluster.object("secrets", "kube-system/key0");
    await clock.advance(6_000);
    expect(cluster.object("secrets", "kube-system/key0")).toEqual(before);
    expect(status()).toMatchObject({ result: "failed", why: expect.stringContaining("it holds something else") });
  });

  test("what may not be read is left out and said to be", async () => {
    const { cluster, clock, status } = await keeper();
    cluster.failures.set("list secrets", (namespace) =>
      namespace === ""
        ? new KubeError("KUBE_API", "no", { status: 403, apiMessage: "secrets is forbidden" })
        : undefined,
    );
    await clock.advance(6_000);
    expect(status()).toMatchObject({ result: "good", why: "left out: secrets is forbidden" });
  });

  test.each([
    { name: "no recipient", text: "# nobody\n", why: "no recipients" },
    { name: "something else", text: `${recipient}\nhunter2\n`, why: "line 2" },
    { name: "an identity", text: `${identity}\n`, why: "line 1" },
  ])(
    "recipients with $name: nothing is written, nothing of it shown, and where it is is told",
    async ({ text, why }) => {
      const { clock, written, status, recipients, all } = await keeper();
      recipients.text = text;
      await clock.advance(6_000);
      expect([written.length, status()["result"]]).toEqual([0, "failed"]);
      expect(status()["why"]).toContain(why);
      expect(await all()).not.toMatch(/hunter2|AGE-SECRET-KEY-1/);
    },
  );

  test("a process that does not lead writes none", async () => {
    const { clock, written, cluster } = await keeper({ leads: false });
    await clock.advance(48 * HOUR_MS);
    expect([written.length, cluster.objects("configmaps")]).toEqual([0, []]);
  });

  test("the status of an earlier process is taken up: changed recipients are told after a restart too", async () => {
    const { cluster, clock, events } = await keeper();
    cluster.put(
      { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true },
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "sealkit-backup", namespace: "kube-system" },
        data: { recipientsHash: "ab", lastGood: "2025-12-31T00:00:00Z" },
      },
    );
    await clock.advance(6_000);
    expect(events.map(({ reason }) => reason)).toEqual(["BackupRecipientsChanged"]);
  });
});
