import { decodeBase64Go } from "../../bytes/base64.ts";
import { ClearText } from "../../clear-text.ts";
import { Keyring as SealedKeyring, type UnsealingKey } from "../../sealed/index.ts";
import {
  type IdentitySource,
  type KeyringOptions,
  loadKeyring,
  type Keyring as SopsKeyring,
} from "../../sops/index.ts";
import type { Backup } from "../backup/read-backup.ts";
import { DEFAULT_KEY_PREFIX, isKeySecret, secretItems } from "../sealing/key-secret.ts";
import { allKeys, type SealingKeyInfo, sealingKeysOf } from "../sealing/sealing-keys.ts";

/** Everything that a backup opens things with. */
export interface OpeningMeans {
  readonly sealingKeys: readonly SealingKeyInfo[];
  readonly sealed: SealedKeyring;
  readonly sops: SopsKeyring;
}

export interface MeansOptions extends Pick<KeyringOptions, "services" | "askForIdentities" | "plugins"> {
  /** Sealing keys and identities that are at hand besides those of the backup. */
  readonly moreKeys?: readonly UnsealingKey[] | undefined;
  readonly moreIdentities?: readonly IdentitySource[] | undefined;
  readonly prefix?: string | undefined;
  /** How many private-key operations run at once. */
  readonly parallel: number;
}

const AGE_KEYS = ".agekey";

/** The keys of a backup, retired ones too: what the controller would not read, a person still could. */
export function openingMeans(backup: Pick<Backup, "secrets">, options: MeansOptions): OpeningMeans {
  const { prefix = DEFAULT_KEY_PREFIX, parallel, moreKeys = [], moreIdentities = [], ...sops } = options;
  const sealingKeys = sealingKeysOf(backup.secrets, prefix);
  return {
    sealingKeys,
    sealed: new SealedKeyring([...allKeys(sealingKeys), ...moreKeys], { parallel }),
    sops: loadKeyring([...identitiesIn(backup, prefix), ...moreIdentities], sops),
  };
}

/** The age identities in the Secrets of a backup: entries whose name ends in `.agekey`. */
function identitiesIn({ secrets }: Pick<Backup, "secrets">, prefix: string): readonly IdentitySource[] {
  return secrets
    .filter((secret) => !isKeySecret(secret, prefix))
    .flatMap((secret) => {
      const { namespace = "", name = "" } = secret.metadata;
      const entries = [...secretItems(secret)].filter(([entry]) => entry.endsWith(AGE_KEYS));
      return entries.map(([entry, value]) => {
        const where = `the backup, Secret ${namespace}/${name}, entry "${entry}"`;
        const { bytes } = decodeBase64Go(value);
        return bytes === undefined
          ? { where, identities: undefined, problem: "it is no base64" }
          : { where, identities: new ClearText(bytes) };
      });
    });
}
