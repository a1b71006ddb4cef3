import { type KeyOrder, type KeyPem, keyPemOf, keySecret, orderingTime } from "../../src/keys/index.ts";
import { type Clock, type KubeClient, sleep } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { errorText } from "../error-text.ts";
import type { EventRecorder } from "../events.ts";
import type { Log } from "../log.ts";
import type { EventNote } from "../pass.ts";
import { type KeyNews, watchKeySecrets } from "./key-watch.ts";
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
  /** False: keys come from elsewhere, none is made but on request. Default true. */
  readonly generate?: boolean;
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

/** What an error says of the Secret that its event stands at anyway. */
const NAMED = /^Cannot read sealing key [^ ]+: /;
/** After a failure to make a key. */
const RETRY_MS = 10_000;
/** A cluster that lost its last key may just be getting others: a new one in between would become the newest. */
const NO_KEY_GRACE_MS = 60_000;
/** Certificates and creation times count whole seconds. */
const SECOND_MS = 1_000;
/** Clocks of those who make keys may differ by this much. A key from further ahead was meant to be. */
const SKEW_MS = 5 * 60_000;

/**
 * Keeps the sealing keys: reads those of the cluster, follows every change of them, and makes the first and the next.
 *
 * A key counts from the moment its Secret is there and active. It goes when its Secret was seen under another label, or
 * is positively gone while others are there. A list that is empty, cut or failed takes no key away: the last keys that
 * are known stay in use, and none is made in their place.
 */
export function startKeyManager<K extends SealingKey>(
  options: KeyManagerOptions<K>,
  signal: AbortSignal,
): KeyManager<K> {
  const { client, clock, log, namespace, prefix } = options;
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
  const warn = (secret: KubeObject, reason: string, message: string) => {
    const note: EventNote = { type: "Warning", reason, message };
    options.events.record(secret, note, "sealed-secrets");
  };

  const register = async (secret: KubeObject): Promise<void> => {
    const secretName = secret.metadata.name ?? "";
    try {
      const key = await options.workshop.read(keyPemOf(secret));
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
      warn(secret, "UnreadableKey", `Cannot use this Secret as a sealing key: ${why.replace(NAMED, "")}`);
    }
  };

  const drop = (secretName: string, why: string) => {
    if (registry.remove(secretName)) log.info("unregistered private key", { secretname: secretName, why });
  };

  /** Looks at the Secret itself: it may be gone, retired, or there after all. */
  const lookAgain = async ({ before, othersAreThere }: Extract<KeyNews, { type: "missing" }>): Promise<void> => {
    const secretName = before.metadata.name ?? "";
    const secret = await client.get<KubeObject>(SECRETS, { namespace, name: secretName });
    if (secret !== undefined) {
      if (watched.isActive(secret)) await register(secret);
      else drop(secretName, "its Secret is no longer labelled as active");
      return;
    }
    const others = registry.keys.filter((key) => key.secretName !== secretName && key.held !== true);
    if (others.length > 0 && othersAreThere()) {
      drop(secretName, "its Secret was deleted");
    } else if (registry.hold(secretName)) {
      const message = "No sealing key has a Secret any more; this one is kept in memory until the process ends";
      log.error(message, { secret: secretName });
      warn(before, "KeySecretGone", `${message}. Restore the keys from a backup: sealkit keys restore`);
    }
  };

  const onNews = (news: KeyNews) => {
    const secret = news.type === "active" ? news.secret : news.before;
    void inTurn(() => (news.type === "active" ? register(news.secret) : lookAgain(news))).catch((error: unknown) => {
      const name = secret.metadata.name ?? "";
      log.warn("Cannot look at a sealing key again; it stays in use", { secret: name, error: errorText(error) });
      const cancel = clock.after(RETRY_MS, () => signal.aborted || onNews(news));
      signal.addEventListener("abort", cancel, { once: true });
    });
  };
  const watched = watchKeySecrets({ client, clock, log, namespace, prefix, onNews }, signal);

  /** Keys are told apart by whole seconds: one of the same second as the newest would not be the newest. */
  const timeOfNext = async (): Promise<number> => {
    const { newest } = registry;
    if (newest === undefined) return clock.now();
    if (options.order === "SecretCreationTimestamp") {
      // Here it is the API server's clock that counts.
      const waitMs = newest.createdAtMs + SECOND_MS - clock.now();
      if (waitMs > 0 && waitMs <= SECOND_MS) await sleep(clock, waitMs, signal);
      return clock.now();
    }
    const nextMs = newest.notBeforeMs + SECOND_MS;
    return nextMs - clock.now() > SKEW_MS ? clock.now() : Math.max(clock.now(), nextMs);
  };

  const makeKey = async (): Promise<void> => {
    const pem = await options.workshop.generate({ nowMs: await timeOfNext() });
    const { labels = {}, annotations = {} } = options;
    const created = await client.create(SECRETS, keySecret(pem, { namespace, prefix, labels, annotations }));
    log.info("New key written", { namespace, name: created.metadata.name });
    log.info("Certificate generated", { certificate: pem.certificatePem });
    await register(created);
  };

  const mayGenerate = options.generate ?? true;
  let isStart = true;
  let cancelTimer: () => void = () => undefined;
  const dueMs = (): number | undefined => {
    const { newest } = registry;
    // What has no Secret any more says nothing about when the next key is due, least of all that it is due now.
    if (!mayGenerate || newest?.held === true) return undefined;
    const newestMs = newest === undefined ? undefined : orderingTime(newest, options.order);
    return renewalDue(newestMs, options.renewal, { nowMs: clock.now(), isStart });
  };
  const plan = (delayMs?: number) => {
    cancelTimer();
    if (signal.aborted) return;
    const due = dueMs();
    if (due === undefined && delayMs === undefined) return;
    const grace = registry.newest === undefined && !isStart ? NO_KEY_GRACE_MS : 0;
    const waitMs = Math.max(delayMs ?? 0, (due ?? 0) - clock.now(), grace);
    cancelTimer = clock.after(waitMs, () => void renewWhenDue());
  };

  /** What is there after all is registered: a mirror may lag behind, and a first key is made on certainty only. */
  const hasKeyAfterAll = async (): Promise<boolean> => {
    for (const secret of await watched.listActive()) await register(secret);
    return registry.newest !== undefined;
  };

  const renewWhenDue = async (): Promise<void> => {
    try {
      await inTurn(async () => {
        const isDue = () => (dueMs() ?? Number.POSITIVE_INFINITY) <= clock.now() && !signal.aborted;
        if (isDue() && registry.newest === undefined) await hasKeyAfterAll();
        if (isDue()) await makeKey();
        isStart = false;
      });
      plan();
    } catch (error) {
      log.error("Cannot make a sealing key, will retry", { error: errorText(error) });
      plan(RETRY_MS);
    }
  };

  const readAll = watched.synced.then(() => inTurn(async () => undefined));
  const started = async (): Promise<void> => {
    log.info("Searching for existing private keys");
    await readAll;
    if (!mayGenerate && registry.newest === undefined) {
      log.warn("There is no sealing key; waiting for one", { namespace, label: watched.selector });
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
    // With some of the keys, objects of the others would be told as not to be opened.
    ready: readAll.then(() => firstKey),
    renewNow: async () => {
      await inTurn(makeKey);
      plan();
    },
  };
}
