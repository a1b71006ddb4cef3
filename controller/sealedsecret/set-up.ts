import { availableParallelism } from "node:os";
import { prefixProblem } from "../../src/keys/index.ts";
import type { ObjectKey } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { Keyring } from "../../src/sealed/index.ts";
import { startRsaThreads } from "../../src/sealed/rsa-threads-adapter.ts";
import { type IsolatedRenderer, isolatedRenderer } from "../../src/secrets/index.ts";
import { SEALED_SECRETS } from "../api/index.ts";
import { ControllerError } from "../errors.ts";
import { startKeyManager } from "../keys/key-manager.ts";
import { defaultSealedSecretSettings, MOST_WORKERS, type SealedSecretSettings } from "../settings.ts";
import type { SetUp, SetupPorts } from "../setup.ts";
import type { Family } from "../start.ts";
import { isOfSealedSecret } from "./decide.ts";
import { sealedSecretRoutes } from "./http-routes.ts";
import { keyService } from "./key-service.ts";
import { keyUnsealer } from "./key-unsealer.ts";
import { likelyCause } from "./likely-cause.ts";
import { sealedSecretMetrics } from "./metrics.ts";
import { SECRETS } from "./observe.ts";
import { sealedSecretController } from "./reconciler.ts";
import { rsaWorkshop } from "./workshop.ts";

/** Node's own pool has four threads; more operations at once get threads of their own. */
const POOL_THREADS = 4;

/** The SealedSecret controller with its keys and its HTTP API. */
export function sealedSecretFamily(
  given: Partial<SealedSecretSettings> = {},
  /** What renders templates: processes that hold no keys. */
  renderer: () => IsolatedRenderer = isolatedRenderer,
): Family {
  const settings = { ...defaultSealedSecretSettings, ...given };
  return { name: "sealedsecret", setUp: (ports) => setUp(settings, renderer, ports) };
}

async function setUp(
  settings: SealedSecretSettings,
  renderer: () => IsolatedRenderer,
  ports: SetupPorts,
): Promise<SetUp> {
  const { client, clock, log, metrics, events, namespace, signal } = ports;
  const problem = prefixProblem(settings.keyPrefix);
  if (problem !== undefined) {
    throw new ControllerError("CONTROLLER_OPTIONS", `Cannot use "${settings.keyPrefix}" as key prefix: ${problem}`);
  }
  const workers = settings.unsealWorkers ?? Math.min(POOL_THREADS, Math.max(2, availableParallelism()));
  if (workers < 1 || workers > MOST_WORKERS) {
    const state = `it is not between 1 and ${MOST_WORKERS}`;
    throw new ControllerError("CONTROLLER_OPTIONS", `Cannot use ${workers} as number of unseal workers: ${state}`);
  }
  const threads = workers > POOL_THREADS ? startRsaThreads(workers) : undefined;
  const keyring = new Keyring([], threads === undefined ? { parallel: workers } : { work: threads.workWith });
  // Anybody in the cluster may ask over HTTP: such work has a lane of its own and never holds up the objects.
  const httpKeyring = new Keyring([], { parallel: 1 });
  const keys = startKeyManager(
    {
      client,
      clock,
      log,
      events,
      namespace,
      workshop: rsaWorkshop({
        bits: settings.keySizeBits,
        ttlMs: settings.keyTtlMs,
        commonName: settings.commonName,
      }),
      prefix: settings.keyPrefix,
      order: settings.keyOrder,
      generate: settings.generateKeys,
      renewal: { periodMs: settings.keyRenewPeriodMs, cutoffMs: settings.keyCutoffMs },
      labels: settings.privateKeyLabels,
      annotations: settings.privateKeyAnnotations,
      mayWrite: ports.leads,
    },
    signal,
  );
  const { registry } = keys;
  // First of all listeners: whoever hears of a new key next must find it on the ring.
  registry.onChange(() => {
    const ring = registry.keys.map(({ key, notBeforeMs }) => ({
      fingerprint: key.fingerprint,
      pkcs8: key.privateKey.pkcs8,
      bits: key.privateKey.bits,
      notBefore: notBeforeMs,
    }));
    keyring.replace(ring);
    httpKeyring.replace(ring);
  });

  if (settings.backup !== undefined) {
    const { startBackups } = await import("../backup/backup-keeper.ts");
    const onKeys = (tell: () => void) => registry.onChange(() => tell());
    const { keyPrefix: prefix, backup } = settings;
    const { leads, version } = ports;
    startBackups(
      {
        client,
        clock,
        log,
        events,
        metrics,
        namespace,
        prefix,
        version,
        settings: backup,
        ready: keys.ready,
        leads,
        onKeys,
      },
      signal,
    );
  }

  let isLeading = false;
  void ports.leads.then((leads) => {
    isLeading = leads;
  });
  const deleteSecret = async (key: ObjectKey): Promise<void> => {
    // One that is out of the watch may just have lost its label, or be missing in a list.
    if (!isLeading || (await client.get(SEALED_SECRETS, key)) !== undefined) return;
    const secret = await client.get<KubeObject>(SECRETS, key);
    // Else whoever may make and delete SealedSecrets could delete any Secret by its name.
    if (secret === undefined || !isOfSealedSecret(secret)) return;
    log.info("SealedSecret has gone, deleting Secret", { namespace: key.namespace, name: key.name });
    await client.delete(SECRETS, key, { uid: secret.metadata.uid });
  };

  const { acceptDeprecatedV1Data: acceptLegacyData } = settings;
  const templates = renderer();
  const controller = sealedSecretController({
    unsealer: keyUnsealer({ keyring, acceptLegacyData, templates }),
    metrics: sealedSecretMetrics(metrics, {
      revision: ports.version,
      omitObjects: settings.metricsOmitSecretLabels,
    }),
    onKeyAdded: (tell) => registry.onChange((change) => change === "added" && tell()),
    cause: likelyCause({ keyring, clock }),
    labelSelector: settings.labelSelector,
    updateStatus: settings.updateStatus,
    recreate: !settings.skipRecreate,
    revertChanges: settings.revertChanges,
    clock,
    maxRetries: settings.maxUnsealRetries,
    ...(settings.oldGcBehavior ? { deleteSecret } : {}),
  });
  const service = keyService({
    keyring: httpKeyring,
    acceptLegacyData,
    newest: () => {
      const newest = registry.newest?.key;
      return newest && { certificatePem: newest.certificatePem, spki: newest.certificate.spki };
    },
  });
  let routes: ReturnType<typeof sealedSecretRoutes> | undefined;
  return {
    controllers: [controller],
    ready: keys.ready,
    renewKey: keys.renewNow,
    stop: async () => {
      await Promise.all([templates.close(), threads?.close()]);
    },
    answer: (question, isReady) => {
      routes ??= sealedSecretRoutes({
        service,
        clock,
        log,
        metrics,
        isReady,
        rate: settings.ratePerSecond,
        burst: settings.rateBurst,
        trustedProxies: settings.trustedProxies,
      });
      return routes(question);
    },
  };
}
