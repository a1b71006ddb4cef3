import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startBackups } from "../../../controller/backup/backup-keeper.ts";
import { createLog } from "../../../controller/log.ts";
import { silentMetrics } from "../../../controller/metrics.ts";
import { type Sandbox, startSandbox } from "../../../sandbox/index.ts";
import { generateX25519Identity, parseIdentitiesFile, parseIdentity } from "../../../src/age/index.ts";
import { keySecret, readBackup } from "../../../src/keys/index.ts";
import { createKubeClient, type KubeClient } from "../../../src/kube/index.ts";
import type { KubeObject } from "../../../src/objects/index.ts";
import { fakeClock } from "../../helpers/fakes/clock.ts";
import { makeSealingKey } from "../../helpers/sealing-keys.ts";

const resource = (plural: string, kind: string) => ({ group: "", version: "v1", plural, kind, namespaced: true });
const SECRETS = resource("secrets", "Secret");
const CONFIG_MAPS = resource("configmaps", "ConfigMap");
const NAMESPACE = "kube-system";

let sandbox: Sandbox;
let client: KubeClient;
beforeAll(async () => {
  sandbox = await startSandbox();
  const headers = { authorization: `Bearer ${sandbox.endpoint.token}` };
  const config = { server: sandbox.endpoint.url, ca: sandbox.endpoint.caPem, authorize: async () => headers };
  client = createKubeClient(config, { userAgent: "test" });
});
afterAll(async () => {
  await client.close();
  await sandbox.close();
});

test("against a server: Secret and status are made, then replaced, and open for their owner alone", async () => {
  const identity = generateX25519Identity();
  await client.create(
    SECRETS,
    keySecret(await makeSealingKey(), { namespace: NAMESPACE, prefix: "sealed-secrets-key" }),
  );
  const clock = fakeClock();
  const stopping = new AbortController();
  startBackups(
    {
      client,
      clock,
      log: createLog({ clock, level: "error", format: "text", write: () => undefined }),
      events: { record: () => undefined, flush: async () => undefined },
      metrics: silentMetrics,
      namespace: NAMESPACE,
      prefix: "sealed-secrets-key",
      version: "0",
      settings: {
        readRecipients: async () => parseIdentity(identity).name,
        toSecret: `${NAMESPACE}/key-backup`,
        scheduleMs: 3_600_000,
      },
      ready: Promise.resolve(),
      leads: Promise.resolve(true),
      onKeys: () => undefined,
    },
    stopping.signal,
  );
  const status = async () =>
    (await client.get<KubeObject>(CONFIG_MAPS, { namespace: NAMESPACE, name: "sealkit-backup" }))?.["data"];
  await clock.advance(6_000);
  await vi.waitFor(async () => expect(await status()).toMatchObject({ result: "incomplete", lastGood: "" }));
  const first = await status();
  await vi.waitFor(async () => {
    await clock.advance(3_600_000);
    expect(await status()).not.toEqual(first);
  });
  stopping.abort();
  expect(await status()).toMatchObject({ result: "incomplete", lastGood: "" });
  const secret = await client.get<KubeObject>(SECRETS, { namespace: NAMESPACE, name: "key-backup" });
  const data = secret?.["data"] as Record<string, string>;
  const file = Buffer.from(data["keys.age"] ?? "", "base64");
  expect((await readBackup(file, { identities: parseIdentitiesFile(identity) })).secrets).toHaveLength(1);
});
