import { primitives } from "#primitives";
import { parseRecipientsFile, type Recipient } from "../../src/age/index.ts";
import { encodeHex } from "../../src/bytes/hex.ts";
import { encodeUtf8 } from "../../src/bytes/utf8.ts";
import {
  backupText,
  clusterName,
  collectSecrets,
  encryptBackup,
  type KeyPlace,
  sealedInCluster,
} from "../../src/keys/index.ts";
import type { KubeClient, KubeError } from "../../src/kube/index.ts";
import { ControllerError } from "../errors.ts";

/** Those who can open backups. */
export interface Recipients {
  readonly list: readonly Recipient[];
  /** SHA-256 of their sorted names, in hex. */
  readonly hash: string;
}

/** @throws {AgeError}; {ControllerError} `CONTROLLER_BACKUP` when there is nobody. */
export function readRecipients(text: string): Recipients {
  const list = parseRecipientsFile(text);
  if (list.length === 0)
    throw new ControllerError("CONTROLLER_BACKUP", "Cannot back up the keys: there is no recipient");
  const names = [...new Set(list.map(({ name }) => name))].sort();
  return { list, hash: encodeHex(primitives.sha256(encodeUtf8(names.join("\n")))) };
}

export interface MadeBackup {
  readonly content: Uint8Array;
  /** Fingerprints of the sealing keys in it. */
  readonly keys: readonly string[];
  /** What may not be read and so is not in it, in words; `""` for nothing. */
  readonly leftOut: string;
}

/**
 * The keys of the cluster as an age file. What the controller has no right to read (decryption Secrets, Secrets with the
 * label `sealkit.dev/backup`) is left out and said to be.
 *
 * @throws {KubeError}; {KeysError} `KEYS_BACKUP_EMPTY`
 */
export async function makeBackup(
  client: KubeClient,
  recipients: Recipients,
  options: KeyPlace & { readonly now: number; readonly version: string },
): Promise<MadeBackup> {
  const { namespace, prefix, now, version } = options;
  const refused: string[] = [];
  const onForbidden = ({ apiMessage }: KubeError) => refused.push(apiMessage);
  const secrets = await collectSecrets(client, { namespace, prefix, include: [], onForbidden });
  const sealedSecrets = await sealedInCluster(client, { hold: "unmanaged" });
  const { manifest, clearText } = backupText(secrets, {
    now,
    prefix,
    writtenBy: `sealkit ${version}`,
    ...(await clusterName(client, { namespace, name: "sealed-secrets-controller" })),
    sealedSecrets,
  });
  return {
    content: await encryptBackup(clearText, recipients.list),
    keys: manifest.sealingKeys.map(({ fingerprint }) => fingerprint),
    leftOut: refused.map((why) => `left out: ${why}`).join("; "),
  };
}
