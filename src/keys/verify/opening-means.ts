import { decodeBase64Go } from "../../bytes/base64.ts";
import { ClearText } from "../../clear-text.ts";
import { openPgpKeyService } from "../../pgp/index.ts";
import { Keyring as SealedKeyring, type UnsealingKey } from "../../sealed/index.ts";
import {
  type IdentitySource,
  type KeyringOptions,
  type KeyService,
  type KeyType,
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
  /** What they were made of, for threads that make their own. */
  readonly material: KeyMaterial;
}

/** Private keys and identities as bytes. Secret. */
export interface KeyMaterial {
  readonly sealingKeys: readonly UnsealingKey[];
  readonly identities: readonly IdentitySource[];
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
const PGP_KEYS = ".asc";

/** The keys of a backup, retired ones too: what the controller would not read, a person still could. */
export function openingMeans(backup: Pick<Backup, "secrets">, options: MeansOptions): OpeningMeans {
  const { prefix = DEFAULT_KEY_PREFIX, parallel, moreKeys = [], moreIdentities = [], ...sops } = options;
  const sealingKeys = sealingKeysOf(backup.secrets, prefix);
  const services = new Map([...(sops.services ?? []), ...pgpIn(backup, prefix)]);
  const material: KeyMaterial = {
    sealingKeys: [...allKeys(sealingKeys), ...moreKeys],
    identities: [...identitiesIn(backup, prefix), ...moreIdentities],
  };
  return {
    sealingKeys,
    sealed: new SealedKeyring(material.sealingKeys, { parallel }),
    sops: loadKeyring(material.identities, { ...sops, services }),
    material,
  };
}

/** The age identities in the Secrets of a backup: entries whose name ends in `.agekey`. */
function identitiesIn(backup: Pick<Backup, "secrets">, prefix: string): readonly IdentitySource[] {
  return entriesOf(backup, prefix, AGE_KEYS).map(({ where, bytes }) =>
    bytes === undefined
      ? { where, identities: undefined, problem: "it is no base64" }
      : { where, identities: new ClearText(bytes) },
  );
}

/** PGP keys in entries whose name ends in `.asc`, used in process. */
function pgpIn(backup: Pick<Backup, "secrets">, prefix: string): readonly (readonly [KeyType, KeyService])[] {
  const armored = entriesOf(backup, prefix, PGP_KEYS).flatMap(({ bytes }) => bytes ?? []);
  return armored.length === 0 ? [] : [["pgp", openPgpKeyService(async () => armored)]];
}

interface Entry {
  readonly where: string;
  /** Undefined when it is no base64. */
  readonly bytes: Uint8Array | undefined;
}

function entriesOf({ secrets }: Pick<Backup, "secrets">, prefix: string, ending: string): readonly Entry[] {
  return secrets
    .filter((secret) => !isKeySecret(secret, prefix))
    .flatMap((secret) => {
      const { namespace = "", name = "" } = secret.metadata;
      const entries = [...secretItems(secret)].filter(([entry]) => entry.endsWith(ending));
      return entries.map(([entry, value]) => ({
        where: `the backup, Secret ${namespace}/${name}, entry "${entry}"`,
        bytes: decodeBase64Go(value).bytes,
      }));
    });
}
