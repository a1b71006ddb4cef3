import { availableParallelism } from "node:os";
import type { AuditKey, AuditKeys } from "../../src/audit/index.ts";
import { allKeys, listSealingKeys, type SealingKeyInfo, sealingKeysOf } from "../../src/keys/index.ts";
import { Keyring, type UnsealingKey } from "../../src/sealed/index.ts";
import type { Io } from "../io.ts";
import { openBackup } from "../keys/open-backup.ts";
import { keyPlace, type PlaceFlags, withCluster } from "../keys/place.ts";

export interface KeyFlags extends PlaceFlags {
  readonly backup: string | undefined;
  readonly identity: readonly string[];
  readonly share: readonly string[];
  readonly cluster: boolean;
}

/** Keys as the rules know them, and what they are made of. */
export interface FoundKeys {
  /** Undefined when none were named. */
  readonly keys: AuditKeys | undefined;
  readonly sealingKeys: readonly UnsealingKey[];
}

/** The keys of the backup or the cluster that was named. */
export async function auditKeys(flags: KeyFlags, io: Io): Promise<FoundKeys> {
  const { namespace, prefix } = keyPlace(flags);
  if (flags.cluster) {
    const keys = await withCluster(flags, io, (client) => listSealingKeys(client, { namespace, prefix }));
    return keysOf(keys, "the cluster");
  }
  if (flags.backup === undefined) return { keys: undefined, sealingKeys: [] };
  const { secrets } = await openBackup(io, flags.backup, {
    identityFiles: flags.identity,
    shareFiles: flags.share,
    prefix,
    remedy: `sealkit audit -i IDENTITY --backup ${flags.backup}`,
  });
  return keysOf(sealingKeysOf(secrets, prefix), flags.backup);
}

function keysOf(infos: readonly SealingKeyInfo[], source: string): FoundKeys {
  const keys = new Map<string, AuditKey>();
  for (const { name, fingerprint, bits, notBefore, notAfter, status } of infos) {
    if (fingerprint === undefined || bits === undefined || notBefore === undefined || notAfter === undefined) continue;
    if (status === "unreadable") continue;
    const isNewest = status === "newest";
    keys.set(fingerprint, {
      name,
      fingerprint,
      bits,
      notBefore,
      notAfter,
      status: isNewest ? "active" : status,
      isNewest,
    });
  }
  const sealingKeys = allKeys(infos);
  const keyring = new Keyring(sealingKeys, { parallel: availableParallelism() });
  return { keys: { source, keys, keyring }, sealingKeys };
}
