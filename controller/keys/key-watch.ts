import { isActiveKey, KEY_SELECTOR } from "../../src/keys/index.ts";
import { type Change, type Clock, type KubeClient, startReflector } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { errorText } from "../error-text.ts";
import type { Log } from "../log.ts";

const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;

/** What was seen of the key Secrets. */
export type KeyNews =
  | { readonly type: "active"; readonly secret: KubeObject }
  /** It is no longer among the active ones: deleted, relabelled, or left out by a server that lost it. */
  | { readonly type: "missing"; readonly before: KubeObject; readonly othersAreThere: () => boolean };

export interface KeyWatchOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly namespace: string;
  /** Name of a key from before keys had a label. */
  readonly prefix: string;
  readonly onNews: (news: KeyNews) => void;
}

export interface KeyWatch {
  /** All key Secrets were read once, and told. */
  readonly synced: Promise<void>;
  readonly selector: string;
  isActive(secret: KubeObject): boolean;
  /** The active key Secrets as the API server knows them at this moment. */
  listActive(): Promise<readonly KubeObject[]>;
}

/** Follows the key Secrets of a namespace: those with the label, and the one without that is named like the prefix. */
export function watchKeySecrets(options: KeyWatchOptions, signal: AbortSignal): KeyWatch {
  const { client, clock, log, namespace, prefix, onNews } = options;
  const isActive = (secret: KubeObject) =>
    isActiveKey(secret, prefix) && secret.metadata.deletionTimestamp === undefined;
  const onError = (error: unknown, retryInMs: number) =>
    log.warn("Watch of the sealing keys interrupted", { retryInMs: Math.round(retryInMs), error: errorText(error) });

  const onChange = (change: Change<KubeObject>) => {
    if (change.type !== "deleted" && isActive(change.object)) onNews({ type: "active", secret: change.object });
    else onNews({ type: "missing", before: change.type === "deleted" ? change.before : change.object, othersAreThere });
  };
  const common = { client, clock, resource: SECRETS, namespace, onChange, onError };
  const labelled = startReflector<KubeObject>({ ...common, labelSelector: KEY_SELECTOR }, signal);
  const named = startReflector<KubeObject>({ ...common, fieldSelector: `metadata.name=${prefix}` }, signal);
  const othersAreThere = () => [...labelled.store.values(), ...named.store.values()].some(isActive);

  return {
    synced: Promise.all([labelled.synced, named.synced]).then(() => undefined),
    selector: KEY_SELECTOR,
    isActive,
    listActive: async () => {
      const { items } = await client.list<KubeObject>(SECRETS, { namespace, labelSelector: KEY_SELECTOR });
      const byName = await client.get<KubeObject>(SECRETS, { namespace, name: prefix });
      return [...items, ...(byName === undefined ? [] : [byName])].filter(isActive);
    },
  };
}
