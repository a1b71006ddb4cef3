import { type KubeClient, KubeError } from "../../kube/index.ts";
import { type KubeObject, textAt } from "../../objects/index.ts";
import { KeysError } from "../errors.ts";
import { SECRETS } from "../resources.ts";
import { type KeyPlace, listSealingKeys } from "../sealing/sealing-keys.ts";

/** Label by which any Secret goes into every backup. */
export const BACKUP_LABEL = "sealkit.dev/backup";

export interface CollectOptions extends KeyPlace {
  /** More Secrets, as `namespace/name`. */
  readonly include: readonly string[];
  /** Told of each part that may not be read, which is then left out. Without it that is an error. */
  readonly onForbidden?: ((error: KubeError) => void) | undefined;
}

/**
 * The Secrets that a restored cluster cannot do without: its sealing keys (retired ones too), those that Kustomizations
 * decrypt with, those that carry the label `sealkit.dev/backup`, and those that are named.
 *
 * @throws {KubeError}; {KeysError} `KEYS_INCLUDE_MISSING`
 */
export async function collectSecrets(client: KubeClient, options: CollectOptions): Promise<KubeObject[]> {
  const keys = await listSealingKeys(client, options);
  const found = new Map(keys.map(({ namespace, name, secret }) => [`${namespace}/${name}`, secret]));
  const add = (secret: KubeObject) => {
    const place = `${secret.metadata.namespace ?? ""}/${secret.metadata.name ?? ""}`;
    if (!found.has(place)) found.set(place, secret);
  };
  await readable(options, async () => {
    const { items } = await client.list<KubeObject>(SECRETS, { labelSelector: BACKUP_LABEL });
    items.forEach(add);
  });
  await readable(options, async () => {
    for (const place of await decryptionSecrets(client)) {
      const secret = await getSecret(client, place);
      if (secret !== undefined) add(secret);
    }
  });
  for (const place of options.include) {
    const secret = await getSecret(client, place);
    if (secret === undefined) {
      throw new KeysError("KEYS_INCLUDE_MISSING", `Cannot back up Secret "${place}": there is none of that name`, {
        hints: ["name it as NAMESPACE/NAME"],
      });
    }
    add(secret);
  }
  return [...found.values()];
}

async function readable({ onForbidden }: CollectOptions, read: () => Promise<void>): Promise<void> {
  try {
    await read();
  } catch (cause) {
    if (onForbidden === undefined || !(cause instanceof KubeError) || cause.status !== 403) throw cause;
    onForbidden(cause);
  }
}

async function getSecret(client: KubeClient, place: string): Promise<KubeObject | undefined> {
  const [namespace = "", name = ""] = place.split("/");
  return namespace === "" || name === "" ? undefined : await client.get<KubeObject>(SECRETS, { namespace, name });
}

/** The Secrets that Kustomizations name for decryption, as `namespace/name`. */
export async function decryptionSecrets(client: KubeClient): Promise<readonly string[]> {
  const resource = await client.resourceFor("kustomize.toolkit.fluxcd.io/v1", "Kustomization");
  if (resource === undefined) return [];
  const { items } = await client.list<KubeObject>(resource);
  return items.flatMap((kustomization) => {
    const name = textAt(kustomization, "spec", "decryption", "secretRef", "name");
    return name === undefined ? [] : [`${kustomization.metadata.namespace ?? ""}/${name}`];
  });
}
