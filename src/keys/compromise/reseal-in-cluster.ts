import { encodeBase64 } from "../../bytes/base64.ts";
import { isReason, type KubeClient } from "../../kube/index.ts";
import { type KubeObject, objectId, subjectOf } from "../../objects/index.ts";
import { type Keyring, scopeLabel, sealItem } from "../../sealed/index.ts";
import {
  HINTS_ANNOTATION,
  hashOfItem,
  hintsText,
  type ItemHint,
  readHints,
  type SealedSecretView,
  scopeOf,
  viewSealedSecret,
} from "../../secrets/index.ts";
import type { SealingCertificate } from "../../x509/index.ts";
import { managerOf } from "../backup/sealed-in-cluster.ts";
import { SEALED_SECRETS, SEALED_SECRETS_TYPE } from "../resources.ts";
import { openItemsApart } from "../sealing/open-items-apart.ts";

export interface ResealOptions {
  /** Fingerprint of the key that items leave. */
  readonly from: string;
  readonly keyring: Keyring;
  /** Of the key that they come to. */
  readonly certificate: Pick<SealingCertificate, "spki" | "fingerprint">;
  /** Change what a tool syncs from Git too, although it will bring back what the repository says. Default false. */
  readonly managedToo?: boolean | undefined;
}

/** A SealedSecret of the cluster that had items on the key. */
export interface ResealedInCluster {
  /** `SealedSecret/apps/db` */
  readonly object: string;
  readonly items: readonly string[];
  /** Why it stays as it is; undefined when it was changed. */
  readonly left: string | undefined;
}

/** Somebody else may change an object between reading and writing it; so often it is read again. */
const TRIES = 5;

/**
 * Brings the items of a cluster's SealedSecrets that one key opens onto another, each for its scope, name and namespace;
 * all else of an object stays. What a tool brings from Git is left to its repository, because the tool would bring the old
 * items back. Broken off, it can be begun again.
 *
 * @throws {KubeError} what was changed before stays.
 */
export async function resealInCluster(
  client: KubeClient,
  options: ResealOptions,
  onObject: (done: number, all: number) => void = () => undefined,
): Promise<readonly ResealedInCluster[]> {
  const isServed = (await client.resourceFor("bitnami.com/v1alpha1", "SealedSecret")) !== undefined;
  const { items } = isServed ? await client.list<KubeObject>(SEALED_SECRETS) : { items: [] };
  const results: ResealedInCluster[] = [];
  for (const [at, object] of items.entries()) {
    const result = await resealOne(client, { ...object, ...SEALED_SECRETS_TYPE }, options);
    if (result !== undefined) results.push(result);
    onObject(at + 1, items.length);
  }
  return results;
}

async function resealOne(
  client: KubeClient,
  first: KubeObject,
  options: ResealOptions,
): Promise<ResealedInCluster | undefined> {
  const { namespace = "", name = "" } = first.metadata;
  const object = subjectOf(objectId(first));
  let live: KubeObject | undefined = first;
  for (let attempt = 1; live !== undefined; attempt++) {
    const view = viewSealedSecret(live);
    const change = await changeOf(live, view, options);
    if (change.items.length === 0) return undefined;
    const result = { object, items: change.items };
    const manager = options.managedToo === true ? undefined : managerOf(live);
    if (manager !== undefined) return { ...result, left: `${manager} brings it from its source` };
    try {
      const body = { metadata: { ...change.metadata, ...versionOf(live) }, spec: { encryptedData: change.data } };
      await client.patch(SEALED_SECRETS, { namespace, name }, body, { type: "merge", fieldManager: "sealkit-keys" });
      return { ...result, left: undefined };
    } catch (cause) {
      if (!isReason(cause, "Conflict") || attempt >= TRIES) throw cause;
      const again: KubeObject | undefined = await client.get<KubeObject>(SEALED_SECRETS, { namespace, name });
      live = again === undefined ? undefined : { ...again, ...SEALED_SECRETS_TYPE };
    }
  }
  return undefined;
}

interface SealedChange {
  readonly items: readonly string[];
  readonly data: Readonly<Record<string, string>>;
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}

async function changeOf(
  object: KubeObject,
  view: SealedSecretView,
  { from, keyring, certificate }: ResealOptions,
): Promise<SealedChange> {
  const { namespace = "", name = "" } = view.metadata;
  const label = scopeLabel(scopeOf(view.annotations), namespace, name);
  const { opened } = await openItemsApart(object, keyring);
  const sealed: [string, string][] = [];
  for (const [item, { openedBy, clearText }] of opened) {
    if (openedBy !== from) continue;
    sealed.push([item, encodeBase64(await sealItem(certificate.spki, clearText.reveal(), label))]);
  }
  const hints = view.annotations[HINTS_ANNOTATION];
  return {
    items: sealed.map(([item]) => item),
    data: Object.fromEntries(sealed),
    metadata: hints === undefined ? {} : { annotations: hintsFor(hints, sealed, certificate.fingerprint) },
  };
}

function hintsFor(
  present: string,
  sealed: readonly (readonly [string, string])[],
  fingerprint: string,
): Readonly<Record<string, string>> {
  const hints = new Map<string, ItemHint>(readHints(present));
  for (const [item, value] of sealed) {
    const hash = hashOfItem(value);
    if (hash !== undefined) hints.set(item, { fingerprint, hash });
  }
  return { [HINTS_ANNOTATION]: hintsText(hints) ?? present };
}

/** With it the API refuses a change that rests on an older state. */
function versionOf({ metadata: { resourceVersion } }: KubeObject): { readonly resourceVersion?: string } {
  return resourceVersion === undefined ? {} : { resourceVersion };
}
