import type { KubeClient } from "../../kube/index.ts";
import type { KubeObject } from "../../objects/index.ts";
import {
  ahead,
  FILES_AHEAD,
  findEncrypted,
  mayHoldEncrypted,
  type RepositoryFile,
  type RepositoryFiles,
  type SkippedFile,
} from "../../repository/index.ts";
import { SEALED_SECRETS, SEALED_SECRETS_TYPE } from "../resources.ts";
import { type KeyPlace, listSealingKeys } from "../sealing/sealing-keys.ts";
import { IN_CLUSTER, type Opened, OpenedSum, openEncrypted, openSealed } from "./open-encrypted.ts";
import type { OpeningMeans } from "./opening-means.ts";

/** Objects that wait for private keys at the same time. */
const AT_ONCE = 16;

/** What a place (a repository, a cluster) holds that a backup opens, and what it does not. */
export interface Verified extends Opened {
  /** The folder of a repository, or `cluster`. */
  readonly place: string;
  readonly skipped: readonly SkippedFile[];
  /** Sealing keys of the cluster that the backup lacks: it is older than they are. Public fingerprints. */
  readonly missingKeys: readonly string[];
}

export type OnVerified = (done: number, all: number) => void;

/** Opens everything encrypted in a file and forgets it; undefined when nothing in it is encrypted. */
export type OpenFile = (file: RepositoryFile) => Promise<Opened | undefined>;

/** In this thread. */
export function openingHere(means: OpeningMeans): OpenFile {
  return async (file) => {
    const found = findEncrypted(file);
    return found === undefined ? undefined : await openEncrypted(found, means);
  };
}

/** Opens everything encrypted in a repository from a backup alone. No clear text leaves this function. */
export async function verifyRepository(
  place: string,
  repository: RepositoryFiles,
  open: OpenFile,
  onStep: OnVerified = () => undefined,
): Promise<Verified> {
  const sum = new OpenedSum();
  let done = 0;
  const step = () => onStep(++done, repository.count);
  for await (const opened of ahead(encryptedIn(repository, step), FILES_AHEAD, open)) {
    if (opened !== undefined) sum.add(opened);
    step();
  }
  return { ...sum.total(), place, skipped: repository.skipped, missingKeys: [] };
}

/** The files that something may be encrypted in; `passOver` hears of each other one. */
async function* encryptedIn(repository: RepositoryFiles, passOver: () => void): AsyncGenerator<RepositoryFile> {
  for await (const file of repository.files()) {
    if (mayHoldEncrypted(file)) yield file;
    else passOver();
  }
}

/** Opens every SealedSecret of a cluster from a backup alone. @throws {KubeError} */
export async function verifyCluster(
  client: KubeClient,
  keys: KeyPlace,
  means: OpeningMeans,
  onStep: OnVerified = () => undefined,
): Promise<Verified> {
  const isServed = (await client.resourceFor("bitnami.com/v1alpha1", "SealedSecret")) !== undefined;
  const { items } = isServed ? await client.list<KubeObject>(SEALED_SECRETS) : { items: [] };
  const sum = new OpenedSum();
  let done = 0;
  const open = (object: KubeObject) => openSealed({ ...object, ...SEALED_SECRETS_TYPE }, means, IN_CLUSTER);
  for await (const opened of ahead(items, AT_ONCE, open)) {
    sum.add(opened);
    onStep(++done, items.length);
  }
  const held = new Set(means.sealingKeys.map(({ fingerprint }) => fingerprint));
  const live = await listSealingKeys(client, keys);
  const missingKeys = live.flatMap(({ fingerprint }) =>
    fingerprint === undefined || held.has(fingerprint) ? [] : [fingerprint],
  );
  return { ...sum.total(), place: "cluster", skipped: [], missingKeys };
}
