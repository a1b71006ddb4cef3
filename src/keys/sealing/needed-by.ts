import type { KubeClient } from "../../kube/index.ts";
import { type KubeObject, objectId, subjectOf } from "../../objects/index.ts";
import { ahead, findEncrypted, type RepositoryFiles } from "../../repository/index.ts";
import { Keyring } from "../../sealed/index.ts";
import { SecretsError, verifySealed } from "../../secrets/index.ts";
import { SEALED_SECRETS, SEALED_SECRETS_TYPE } from "../resources.ts";
import { openItemsApart } from "./open-items-apart.ts";
import { allKeys, type SealingKeyInfo } from "./sealing-keys.ts";

/** Who needs which key. */
export interface Need {
  /** Fingerprint to the SealedSecrets with an item that this key opens. */
  readonly byKey: ReadonlyMap<string, readonly NeededFor[]>;
  /** How many SealedSecrets hold something that none of the keys opens. */
  readonly unopened: number;
}

/** A SealedSecret that needs a key. */
export interface NeededFor {
  /** `SealedSecret/apps/db` */
  readonly object: string;
  /** File and line, in a repository. */
  readonly at: string | undefined;
  /** File, in a repository. */
  readonly path: string | undefined;
  /** Items that only this key opens. */
  readonly items: readonly string[];
}

/** Objects that wait for private keys at the same time. */
const AT_ONCE = 16;

type OnObject = (done: number, all: number) => void;

/**
 * Which SealedSecrets of a cluster need which key, by opening them: nothing in a ciphertext names its key. Takes some
 * milliseconds of private-key work an object. No clear text leaves this function.
 *
 * @param onObject called after each object with the number of those done and of all.
 * @throws {KubeError}
 */
export async function countNeed(
  client: KubeClient,
  keys: readonly SealingKeyInfo[],
  onObject: OnObject = () => undefined,
): Promise<Need> {
  const isServed = (await client.resourceFor("bitnami.com/v1alpha1", "SealedSecret")) !== undefined;
  const { items } = isServed ? await client.list<KubeObject>(SEALED_SECRETS) : { items: [] };
  const keyring = new Keyring(allKeys(keys));
  const tally = new Tally();
  let done = 0;
  const open = (object: KubeObject) => openedBy({ ...object, ...SEALED_SECRETS_TYPE }, keyring);
  for await (const opened of ahead(items, AT_ONCE, open)) {
    tally.add(opened);
    onObject(++done, items.length);
  }
  return tally;
}

/** The same for a repository. Files that cannot be read count as not opened. @throws {RepositoryError}; {GitError} */
export async function countNeedIn(
  { count, files }: RepositoryFiles,
  keys: readonly SealingKeyInfo[],
  onFile: OnObject = () => undefined,
): Promise<Need> {
  const keyring = new Keyring(allKeys(keys));
  const tally = new Tally();
  let done = 0;
  for await (const file of files()) {
    const found = findEncrypted(file);
    const open = (object: KubeObject) => openedBy(object, keyring);
    const places = found?.sealed ?? [];
    for await (const [at, opened] of numbered(
      ahead(
        places.map(({ object }) => object),
        AT_ONCE,
        open,
      ),
    )) {
      tally.add(opened, { path: file.path, line: places[at]?.line ?? 1 });
    }
    if (found?.problem !== undefined && found.sops === undefined) tally.unopened++;
    onFile(++done, count);
  }
  return tally;
}

interface OpenedObject {
  readonly object: string;
  /** Item to the key that opens it. */
  readonly items: ReadonlyMap<string, string>;
  /** Whether all items open. */
  readonly isWhole: boolean;
}

async function openedBy(object: KubeObject, keyring: Keyring): Promise<OpenedObject> {
  const name = subjectOf(objectId(object));
  try {
    return { object: name, items: await verifySealed(object, keyring, { acceptLegacyData: true }), isWhole: true };
  } catch (cause) {
    if (!(cause instanceof SecretsError)) throw cause;
    // One item that no key opens does not make the others need none.
    const { opened } = await openItemsApart(object, keyring);
    return { object: name, items: new Map([...opened].map(([item, by]) => [item, by.openedBy])), isWhole: false };
  }
}

class Tally implements Need {
  readonly byKey = new Map<string, NeededFor[]>();
  unopened = 0;

  add({ object, items, isWhole }: OpenedObject, place?: { readonly path: string; readonly line: number }): void {
    const at = place === undefined ? undefined : `${place.path}:${place.line}`;
    if (!isWhole) this.unopened++;
    for (const key of new Set(items.values())) {
      const needed = [...items].flatMap(([item, opener]) => (opener === key ? [item] : []));
      const list = this.byKey.get(key) ?? [];
      list.push({ object, at, path: place?.path, items: needed });
      this.byKey.set(key, list);
    }
  }
}

async function* numbered<T>(items: AsyncIterable<T>): AsyncGenerator<readonly [number, T]> {
  let at = 0;
  for await (const item of items) yield [at++, item];
}
