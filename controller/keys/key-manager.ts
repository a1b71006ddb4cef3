import { type Change, type Clock, type KubeClient, startReflector } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { errorText } from "../error-text.ts";
import type { EventRecorder } from "../events.ts";
import type { Log } from "../log.ts";
import { isActive, KEY_SELECTOR, type KeyPem, keySecret, readKeySecret } from "./key-secret.ts";
import { type KeyOrder, orderingTime } from "./order.ts";
import { KeyRegistry } from "./registry.ts";
import { type RenewalPolicy, renewalDue } from "./renewal.ts";
import type { SealingKey } from "./sealing-key.ts";

const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;

/** Makes and reads keys: RSA and X.509, which take time and chance, are handed in. */
export interface KeyWorkshop<K extends SealingKey> {
  generate(options: { readonly nowMs: number }): Promise<KeyPem>;
  /** @throws an error whose message says why this is no sealing key. */
  read(pem: KeyPem): Promise<K> | K;
}

export interface KeyManagerOptions<K extends SealingKey> {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly workshop: KeyWorkshop<K>;
  readonly namespace: string;
  /** `generateName` of new keys, and the name of a key from before labels were used. */
  readonly prefix: string;
  readonly order: KeyOrder;
  readonly renewal: RenewalPolicy;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Keys are made when this resolves with true: by one process only. */
  readonly mayWrite?: Promise<boolean>;
}

export interface KeyManager<K extends SealingKey> {
  readonly registry: KeyRegistry<K>;
  /** Resolves when the keys of the cluster are read and there is at least one. */
  readonly ready: Promise<void>;
  /** Makes a new key now, whatever the policy says. */
  renewNow(): Promise<void>;
}

/** After a failure to make a key. */
const RETRY_MS = 10_000;
/** A cluster that lost its last key may just be getting others: a new one in between would become the newest. */
const NO_KEY_GRACE_MS = 60_000;

/**
 * Keeps the sealing keys: reads those of the cluster, follows every change of them, and makes the first and the next.
 *
 * A key counts from the moment its Secret is there with the active label, and no longer once the Secret is gone or
 * relabelled; the latter only after a look at that very Secret, never because a list came back without it.
 */
export function startKeyManager<K extends SealingKey>(
  options: KeyManagerOptions<K>,
  signal: AbortSignal,
): KeyManager<K> {
  const { client, clock, log, namespace } = options;
  const registry = new KeyRegistry<K>(options.order);
  // Changes are worked off one after the other: reading a key takes time, and the last word must win.
  let turn: Promise<void> = Promise.resolve();
  const inTurn = <R>(job: () => Promise<R>): Promise<R> => {
    const result = turn.then(job);
    turn = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  };

  const register = async (secret: KubeObject): Promise<void> => {
    const secretName = secret.metadata.name ?? "";
    try {
      const key = await options.workshop.read(readKeySecret(secret));
      const createdAtMs = Date.parse(secret.metadata.creationTimestamp ?? "");
      const isNew = registry.put({
        secretName,
        key,
        notBeforeMs: key.notBeforeMs,
        createdAtMs: Number.isNaN(createdAtMs) ? clock.now() : createdAtMs,
      });
      if (isNew) log.info("registered private key", { secretname: secretName });
    } catch (error) {
      // A key that was read before stays in use: a Secret that was damaged is no reason to stop opening with it.
      const why = errorText(error);
      log.error("Error reading key", { secret: secretName, error: why });
      const message = `Cannot use this Secret as a sealing key: ${why}`;
      options.events.record(secret, { type: "Warning", reason: "UnreadableKey", message }, "sealed-secrets");
    }
  };

  const drop = (secretName: string, why: string) => {
    if (registry.remove(secretName)) log.info("unregistered private key", { secretname: secretName, why });
  };

  /** Looks at the Secret itself: it may be gone, retired, or there after all. */
  const lookAgain = async (secretName: string): Promise<void> => {
    const secret = await client.get(SECRETS, { namespace, name: secretName });
    if (secret === undefined) drop(secretName, "its Secret was deleted");
    else if (isActive(secret)) await register(secret);
    else drop(secretName, "its Secret is no longer labelled as active");
  };

  const onChange = (change: Change<KubeObject>) => {
    const name = change.type === "deleted" ? (change.before.metadata.name ?? "") : (change.object.metadata.name ?? "");
    void inTurn(async () => {
      if (change.type !== "deleted") return register(change.object);
      await lookAgain(name);
    }).catch((error: unknown) => {
      log.warn("Cannot look at a sealing key again; it stays in use", { secret: name, error: errorText(error) });
    });
  };

  const reflector = startReflector<KubeObject>(
    {
      client,
      clock,
      resource: SECRETS,
      namespace,
      labelSelector: KEY_SELECTOR,
      onChange,
      onError: (error, retryInMs) =>
        log.warn("Watch of the sealing keys interrupted", {
          retryInMs: Math.round(retryInMs),
          error: errorText(error),
        }),
    },
    signal,
  );

  /** Before keys had a label there was one, named exactly like the prefix. */
  const readLegacyKey = async (): Promise<void> => {
    if (reflector.store.get(`${namespace}/${options.prefix}`) !== undefined) return;
    const secret = await client.get(SECRETS, { namespace, name: options.prefix });
    if (secret !== undefined) await register(secret);
  };

  const makeKey = async (): Promise<void> => {
    const pem = await options.workshop.generate({ nowMs: clock.now() });
    const { prefix, labels = {}, annotations = {} } = options;
    const created = await client.create(SECRETS, keySecret(pem, { namespace, prefix, labels, annotations }));
    log.info("New key written", { namespace, name: created.metadata.name });
    log.info("Certificate generated", { certificate: pem.certificatePem });
    await register(created);
  };

  let isStart = true;
  let cancelTimer: () => void = () => undefined;
  const plan = (delayMs?: number) => {
    cancelTimer();
    if (signal.aborted) return;
    const nowMs = clock.now();
    const { newest } = registry;
    const newestMs = newest === undefined ? undefined : orderingTime(newest, options.order);
    const dueMs = renewalDue(newestMs, options.renewal, { nowMs, isStart });
    if (dueMs === undefined && delayMs === undefined) return;
    const grace = newest === undefined && !isStart ? NO_KEY_GRACE_MS : 0;
    cancelTimer = clock.after(Math.max(delayMs ?? 0, (dueMs ?? nowMs) - nowMs, grace), () => void renewWhenDue());
  };

  const renewWhenDue = async (): Promise<void> => {
    try {
      await inTurn(async () => {
        const { newest } = registry;
        const newestMs = newest === undefined ? undefined : orderingTime(newest, options.order);
        const dueMs = renewalDue(newestMs, options.renewal, { nowMs: clock.now(), isStart });
        if (dueMs !== undefined && dueMs <= clock.now() && !signal.aborted) await makeKey();
        isStart = false;
      });
      plan();
    } catch (error) {
      log.error("Cannot make a sealing key, will retry", { error: errorText(error) });
      plan(RETRY_MS);
    }
  };

  const started = async (): Promise<void> => {
    log.info("Searching for existing private keys");
    await reflector.synced;
    while (!signal.aborted) {
      try {
        await inTurn(readLegacyKey);
        break;
      } catch (error) {
        log.warn("Cannot read the sealing keys, will retry", { error: errorText(error) });
        await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
      }
    }
    if ((await (options.mayWrite ?? true)) === true) {
      await renewWhenDue();
      registry.onChange(() => plan());
    }
  };

  const firstKey = new Promise<void>((resolve) => {
    registry.onChange(() => resolve());
  });
  void started();
  signal.addEventListener("abort", () => cancelTimer(), { once: true });

  return {
    registry,
    ready: firstKey,
    renewNow: async () => {
      await inTurn(makeKey);
      plan();
    },
  };
}
