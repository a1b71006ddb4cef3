import { constants, createPrivateKey, type KeyObject, privateDecrypt } from "node:crypto";
import { SEALED_SECRETS } from "../../controller/api/index.ts";
import { type Log, silentLog } from "../../controller/log.ts";
import { sealedSecretFamily } from "../../controller/sealedsecret/set-up.ts";
import type { SealedSecretSettings } from "../../controller/settings.ts";
import { type RunningControllers, startControllers } from "../../controller/start.ts";
import { type Clock, type KubeClient, KubeError, systemClock } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { sealItem } from "../../src/sealed/index.ts";
import type { IsolatedRenderer } from "../../src/secrets/index.ts";
import type { SealingKeyPair } from "../../src/x509/index.ts";
import { makeSealingKey } from "../helpers/sealing-keys.ts";
import { labelOf, sourceOf } from "./model.ts";
import { type Item, type Key, type Manifest, NAMESPACES, POOL, type PoolKey, type Scope } from "./script.ts";

export const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;
export { SEALED_SECRETS };

const NAMESPACE = { group: "", version: "v1", plural: "namespaces", kind: "Namespace", namespaced: false } as const;
export const OWN = "kube-system";
const PREFIX = "sealedsecrets.bitnami.com/";
const KEY_LABEL = `${PREFIX}sealed-secrets-key`;
/** Selects the sealing keys in use. */
export const KEY_SECRETS = `${KEY_LABEL}=active`;
const DAY_MS = 24 * 3_600_000;

/** Sealing keys that scripts add and remove; a later one is newer. */
export async function makePool(): Promise<readonly SealingKeyPair[]> {
  const now = Date.now() - POOL * DAY_MS;
  return await Promise.all(Array.from({ length: POOL }, (_, at) => makeSealingKey({ now: now + at * DAY_MS })));
}

/** The SealedSecret that a manifest describes, every item sealed for what it says. */
export async function sealedObject(
  pool: readonly SealingKeyPair[],
  key: Key,
  manifest: Manifest,
  ciphertexts: Readonly<Record<string, string>> = {},
): Promise<KubeObject> {
  const { items, scope, labels, annotations, type, immutable, templates = {} } = manifest;
  const sealed = await Promise.all(
    Object.entries(items).map(async ([name, item]) => [name, ciphertexts[name] ?? (await ciphertextOf(pool, item))]),
  );
  const [namespace = "", name = ""] = key.split("/");
  return {
    apiVersion: "bitnami.com/v1alpha1",
    kind: "SealedSecret",
    metadata: { namespace, name, annotations: scopeAnnotations(scope) },
    spec: {
      encryptedData: Object.fromEntries(sealed),
      template: {
        metadata: { labels, annotations },
        ...(type === undefined ? {} : { type }),
        ...(immutable === undefined ? {} : { immutable }),
        data: Object.fromEntries(Object.entries(templates).map(([item, one]) => [item, sourceOf(one) ?? null])),
      },
    },
  };
}

async function ciphertextOf(pool: readonly SealingKeyPair[], item: Item): Promise<string> {
  if ("broken" in item) return item.broken === "base64" ? "?" : "AgAB";
  const { spki } = pairOf(pool, item.key).certificate;
  const label = Buffer.from(labelOf(item.scope, item.for));
  return Buffer.from(await sealItem(spki, Buffer.from(item.value, "base64"), label)).toString("base64");
}

/** Which key of the pool a ciphertext was sealed for. */
export function keyOfCiphertext(pool: readonly SealingKeyPair[], ciphertext: string, label: string): PoolKey {
  const bytes = Buffer.from(ciphertext, "base64");
  const wrapped = bytes.subarray(2, 2 + bytes.readUInt16BE(0));
  const found = pool.findIndex((pair) => {
    try {
      const options = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256", oaepLabel: Buffer.from(label) };
      return privateDecrypt({ key: privateKeyOf(pair), ...options }, wrapped).length === 32;
    } catch {
      return false;
    }
  });
  if (found < 0) throw new Error("an item is sealed for a key that nobody has");
  return found;
}

const imported = new WeakMap<SealingKeyPair, KeyObject>();
function privateKeyOf(pair: SealingKeyPair): KeyObject {
  const known = imported.get(pair) ?? createPrivateKey(pair.privateKeyPem);
  imported.set(pair, known);
  return known;
}

function pairOf(pool: readonly SealingKeyPair[], at: PoolKey): SealingKeyPair {
  const pair = pool[at];
  if (pair === undefined) throw new RangeError(`the pool has no key ${at}`);
  return pair;
}

export function scopeAnnotations(scope: Scope): Record<string, string> {
  return scope === "strict" ? {} : { [`${PREFIX}${scope}`]: "true" };
}

/** A merge patch that makes the annotations say this scope and no other. */
export function scopePatch(scope: Scope): Record<string, string | null> {
  return Object.fromEntries(
    (["namespace-wide", "cluster-wide"] as const).map((one) => [`${PREFIX}${one}`, one === scope ? "true" : null]),
  );
}

/** Puts a key of the pool into use. */
export async function addKey(client: KubeClient, pool: readonly SealingKeyPair[], at: PoolKey): Promise<void> {
  const name = `pool-${at}`;
  const labels = { [KEY_LABEL]: "active" };
  if ((await client.get(SECRETS, { namespace: OWN, name })) !== undefined) {
    await client.patch(SECRETS, { namespace: OWN, name }, { metadata: { labels } }, { type: "merge" });
    return;
  }
  const pair = pairOf(pool, at);
  await client.create(SECRETS, {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/tls",
    metadata: { namespace: OWN, name, labels },
    data: { "tls.crt": btoa(pair.certificatePem), "tls.key": btoa(pair.privateKeyPem) },
  });
}

export async function retireKey(client: KubeClient, at: PoolKey): Promise<void> {
  const name = `pool-${at}`;
  if ((await client.get(SECRETS, { namespace: OWN, name })) === undefined) return;
  const body = { metadata: { labels: { [KEY_LABEL]: "compromised" } } };
  await client.patch(SECRETS, { namespace: OWN, name }, body, { type: "merge" });
}

export async function removeKey(client: KubeClient, at: PoolKey): Promise<void> {
  await client.delete(SECRETS, { namespace: OWN, name: `pool-${at}` });
}

/** What a running controller did so far. */
export interface Watched {
  /** Writes, by verb and resource. */
  readonly writes: Map<string, number>;
  /** Passes, as the lines of the log about their begin tell. */
  passes: number;
  /** Lines of the log. */
  lines: number;
}

/** The controller under test, in this process. */
export interface Controller {
  readonly watched: Watched;
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Ends every watch, as a server does that restarts. */
  cutWatches(): void;
  /** Resolves when all watches are open and the controller neither asked nor heard anything for so long. */
  quiet(ms: number): Promise<void>;
}

/** Pauses of the controller pass this much faster, so that a script need not wait for them. */
const HURRY = 20;

export const hurried: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms / HURRY, run) };

export interface ControllerOptions {
  readonly log?: Log;
  readonly settings?: Partial<SealedSecretSettings>;
  readonly clock?: Clock;
  /** What renders templates; Node runs no TypeScript in a thread. */
  readonly renderer?: (() => IsolatedRenderer) | undefined;
}

/** A controller that can be stopped and started, and whose calls are counted. */
export function controllerOf(
  client: KubeClient,
  { log = silentLog, settings = {}, clock = hurried, renderer }: ControllerOptions = {},
): Controller {
  const watched: Watched = { writes: new Map(), passes: 0, lines: 0 };
  let underWay = 0;
  /** How many connections each watch of this life of the controller has now: one, or none while it is broken. */
  let watches = new Map<string, number>();
  let lastMs = Date.now();
  let cut = new AbortController();
  const count = async <T>(what: string | undefined, call: Promise<T>): Promise<T> => {
    if (what !== undefined) watched.writes.set(what, (watched.writes.get(what) ?? 0) + 1);
    underWay += 1;
    try {
      return await call;
    } finally {
      underWay -= 1;
      lastMs = Date.now();
    }
  };
  const own: KubeClient = {
    ...client,
    get: (resource, ...rest) => count(undefined, client.get(resource, ...rest)),
    list: (resource, ...rest) => count(undefined, client.list(resource, ...rest)),
    create: (resource, ...rest) => count(`create ${resource.plural}`, client.create(resource, ...rest)),
    update: (resource, ...rest) => count(`update ${resource.plural}`, client.update(resource, ...rest)),
    patch: (resource, ...rest) => count(`patch ${resource.plural}`, client.patch(resource, ...rest)),
    delete: (resource, ...rest) => count(`delete ${resource.plural}`, client.delete(resource, ...rest)),
    async *watch(resource, options) {
      const { signal } = cut;
      const own = watches;
      const what = [resource.plural, options.namespace, options.labelSelector, options.fieldSelector].join(" ");
      own.set(what, (own.get(what) ?? 0) + 1);
      lastMs = Date.now();
      try {
        for await (const event of client.watch(resource, {
          ...options,
          signal: AbortSignal.any([options.signal, signal]),
        })) {
          lastMs = Date.now();
          yield event as never;
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        own.set(what, (own.get(what) ?? 1) - 1);
      }
    },
  };
  const lines: Log = {
    debug: (message, fields) => log.debug(message, fields),
    info: (message, fields) => {
      watched.lines += 1;
      lastMs = Date.now();
      if (message === "Updating") watched.passes += 1;
      log.info(message, fields);
    },
    warn: (message, fields) => {
      watched.lines += 1;
      log.warn(message, fields);
    },
    error: (message, fields) => {
      watched.lines += 1;
      log.error(message, fields);
    },
    with: () => lines,
  };
  let running: RunningControllers | undefined;
  return {
    watched,
    get url() {
      return running?.url ?? "";
    },
    async start() {
      watches = new Map();
      running = await startControllers({
        client: own,
        log: lines,
        clock,
        namespace: OWN,
        families: [
          sealedSecretFamily(
            { keySizeBits: 2048, keyRenewPeriodMs: 0, ratePerSecond: 10_000, rateBurst: 10_000, ...settings },
            renderer,
          ),
        ],
        listen: "127.0.0.1:0",
      });
      await running.ready;
    },
    async stop() {
      await running?.stop();
      running = undefined;
    },
    cutWatches() {
      cut.abort();
      cut = new AbortController();
    },
    async quiet(ms) {
      const isQuiet = () => underWay === 0 && ![...watches.values()].includes(0) && Date.now() - lastMs >= ms;
      while (!isQuiet()) await new Promise((resolve) => setTimeout(resolve, ms / 3));
    },
  };
}

/** Makes the namespaces of scripts. */
export async function prepareNamespaces(client: KubeClient): Promise<void> {
  for (const name of NAMESPACES) {
    await client.create(NAMESPACE, { apiVersion: "v1", kind: "Namespace", metadata: { name } }).catch((error) => {
      if (!(error instanceof KubeError) || error.reason !== "AlreadyExists") throw error;
    });
  }
}
