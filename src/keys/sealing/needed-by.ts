import type { KubeClient } from "../../kube/index.ts";
import type { KubeObject } from "../../objects/index.ts";
import {
  ahead,
  FILES_AHEAD,
  findEncrypted,
  mayHoldEncrypted,
  mayHoldSealed,
  type RepositoryFile,
  type RepositoryFiles,
} from "../../repository/index.ts";
import { Keyring } from "../../sealed/index.ts";
import type { SealedInFile } from "../../secrets/index.ts";
import { ageRecipientsOf } from "../age/recipients-of.ts";
import { SEALED_SECRETS, SEALED_SECRETS_TYPE } from "../resources.ts";
import { ItemOpeners, type OpenedObject } from "./item-openers.ts";
import { allKeys, type SealingKeyInfo } from "./sealing-keys.ts";

/** Who needs which key. */
export interface Need {
  /** Fingerprint to the SealedSecrets with an item that this key opens. */
  readonly byKey: ReadonlyMap<string, readonly NeededFor[]>;
  /** How many SealedSecrets hold something that none of the keys opens. */
  readonly unopened: number;
  /** Age recipient to the paths of the SOPS files that name it. Files whose metadata cannot be read name nobody. */
  readonly byRecipient: ReadonlyMap<string, ReadonlySet<string>>;
  /** Files of a repository that seem to hold SealedSecrets and cannot be read, and why. */
  readonly unread: readonly { readonly path: string; readonly why: string }[];
}

/** A SealedSecret that needs a key. */
export interface NeededFor {
  /** `SealedSecret/apps/db` */
  readonly object: string;
  /** Where it stands; undefined for what is in a cluster. */
  readonly place: NeededPlace | undefined;
  /** Items that only this key opens. */
  readonly items: readonly string[];
}

/** A place in a repository. */
export interface NeededPlace {
  readonly path: string;
  /** 1-based, both. */
  readonly line: number;
  readonly document: number;
  /** Branches that hold it so; empty for a file on disk and for what only history holds. */
  readonly branches: readonly string[];
  /** The first commit that held it so, for what was found in history. */
  readonly commit: string | undefined;
}

/** Objects that wait for private keys at the same time. */
const AT_ONCE = 16;
/**
 * Files whose objects wait so. What was parsed stands in memory until its turn comes, and what stands long the collector
 * takes for lasting; more of them would keep no core busier.
 */
const FILES_AT_ONCE = 32;

type OnObject = (done: number, all: number) => void;

export interface NeedOptions {
  /** What opens items, shared by those who count in several places: an item is opened once. Default: of the keys. */
  readonly openers?: ItemOpeners | undefined;
  /** Called after each object or file with the number of those done and of all. */
  readonly onStep?: OnObject | undefined;
}

/** What finds the key of an item among these; `parallel` private-key operations run at once. */
export function itemOpeners(keys: readonly SealingKeyInfo[], parallel?: number): ItemOpeners {
  return new ItemOpeners(new Keyring(allKeys(keys), parallel === undefined ? {} : { parallel }));
}

/**
 * Which SealedSecrets of a cluster need which key, by opening them: nothing in a ciphertext names its key. Takes some
 * milliseconds of private-key work an object. No clear text leaves this function.
 *
 * @throws {KubeError}
 */
export async function countNeed(
  client: KubeClient,
  keys: readonly SealingKeyInfo[],
  { openers = itemOpeners(keys), onStep }: NeedOptions = {},
): Promise<Need> {
  const isServed = (await client.resourceFor("bitnami.com/v1alpha1", "SealedSecret")) !== undefined;
  const { items } = isServed ? await client.list<KubeObject>(SEALED_SECRETS) : { items: [] };
  const tally = new Tally();
  let done = 0;
  const open = (object: KubeObject) => openers.openersOf({ ...object, ...SEALED_SECRETS_TYPE });
  for await (const opened of ahead(items, AT_ONCE, open)) {
    tally.add(opened, undefined);
    onStep?.(++done, items.length);
  }
  return tally;
}

/** The same for a repository. @throws {RepositoryError}; {GitError} */
export async function countNeedIn(
  repository: RepositoryFiles,
  keys: readonly SealingKeyInfo[],
  { openers = itemOpeners(keys), onStep }: NeedOptions = {},
): Promise<Need> {
  const tally = new Tally();
  let done = 0;
  const step = () => onStep?.(++done, repository.count);
  const open = (file: RepositoryFile) => openFile(file, openers);
  const limits = { ...FILES_AHEAD, width: FILES_AT_ONCE };
  for await (const opened of ahead(encryptedIn(repository, step), limits, open)) {
    for (const { object, place } of opened.objects) tally.add(object, place);
    for (const recipient of opened.recipients) tally.name(recipient, opened.path);
    if (opened.unread !== undefined) tally.unread.push(opened.unread);
    step();
  }
  return tally;
}

/** What holds nothing encrypted is done when it was looked at; the others when they were opened. */
async function* encryptedIn(repository: RepositoryFiles, step: () => void): AsyncGenerator<RepositoryFile> {
  for await (const file of repository.files()) {
    if (mayHoldEncrypted(file)) yield file;
    else step();
  }
}

interface OpenedFile {
  readonly path: string;
  readonly recipients: readonly string[];
  readonly objects: readonly { readonly object: OpenedObject; readonly place: NeededPlace }[];
  readonly unread: Need["unread"][number] | undefined;
}

async function openFile(file: RepositoryFile, openers: ItemOpeners): Promise<OpenedFile> {
  const found = findEncrypted(file);
  const open = async ({ object, line, document }: SealedInFile) => ({
    object: await openers.openersOf(object),
    place: { path: file.path, line, document: document + 1, branches: file.branches, commit: file.commit },
  });
  const objects: OpenedFile["objects"][number][] = [];
  for await (const opened of ahead(found?.sealed ?? [], AT_ONCE, open)) objects.push(opened);
  const why = mayHoldSealed(file) ? found?.problem : undefined;
  const { path } = file;
  return { path, recipients: ageRecipientsOf(found), objects, unread: why === undefined ? undefined : { path, why } };
}

class Tally implements Need {
  readonly byKey = new Map<string, NeededFor[]>();
  readonly byRecipient = new Map<string, Set<string>>();
  unopened = 0;
  readonly unread: Need["unread"][number][] = [];

  add({ object, items, isWhole }: OpenedObject, place: NeededPlace | undefined): void {
    if (!isWhole) this.unopened++;
    for (const key of new Set(items.values())) {
      const needed = [...items].flatMap(([item, opener]) => (opener === key ? [item] : []));
      const list = this.byKey.get(key) ?? [];
      list.push({ object, place, items: needed });
      this.byKey.set(key, list);
    }
  }

  name(recipient: string, path: string): void {
    const paths = this.byRecipient.get(recipient) ?? new Set<string>();
    this.byRecipient.set(recipient, paths.add(path));
  }
}
