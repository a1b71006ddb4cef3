import { primitives } from "#primitives";
import { encryptBytes, type Recipient } from "../../age/index.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { ClearText } from "../../clear-text.ts";
import type { KubeObject } from "../../objects/index.ts";
import { compareBytes, printSigs } from "../../yaml/index.ts";
import { KeysError } from "../errors.ts";
import { isKeySecret, secretItems } from "../sealing/key-secret.ts";
import { sealingKeysOf } from "../sealing/sealing-keys.ts";

/** First line of the clear text of a backup. */
export const BACKUP_TITLE = "# sealkit key backup";
export const BACKUP_VERSION = 1;

/** What a backup says about itself, in its second line. Times are RFC 3339. */
export interface BackupManifest {
  readonly version: number;
  readonly created: string;
  readonly sealingKeys: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly fingerprint: string;
    readonly notBefore: string;
    readonly notAfter: string;
  }[];
  readonly otherSecrets: readonly { readonly namespace: string; readonly name: string; readonly items: number }[];
  /** SHA-256 of all that follows the second line, in hex. */
  readonly sha256: string;
}

/**
 * The clear text of a backup: two lines of comment (title and manifest as JSON) over a List of the Secrets as YAML,
 * cleaned of what their cluster put in and sorted. The same Secrets at the same time give the same bytes. In need it
 * works without sealkit: `age -d` of it is what `kubectl apply` and `kubeseal --recovery-private-key` take.
 *
 * @throws {KeysError} `KEYS_BACKUP_EMPTY` when no sealing key is among the Secrets.
 */
export function backupText(
  secrets: readonly KubeObject[],
  options: { readonly now: number; readonly prefix?: string | undefined },
): { manifest: BackupManifest; clearText: ClearText } {
  const cleaned = secrets.map(cleanSecret).sort((a, b) => compareBytes(placeOf(a), placeOf(b)));
  const keys = sealingKeysOf(cleaned, options.prefix).sort((a, b) =>
    compareBytes(placeOf(a.secret), placeOf(b.secret)),
  );
  if (keys.length === 0) {
    throw new KeysError("KEYS_BACKUP_EMPTY", "Cannot back up: there is no sealing key", {
      hints: ["name the controller's namespace with --controller-namespace"],
    });
  }
  const list = printSigs({ apiVersion: "v1", kind: "List", items: cleaned });
  const others = cleaned.filter((secret) => !isKeySecret(secret, options.prefix ?? ""));
  const manifest: BackupManifest = {
    version: BACKUP_VERSION,
    created: rfc3339(options.now),
    sealingKeys: keys.map(({ namespace, name, fingerprint = "", notBefore = 0, notAfter = 0 }) => ({
      namespace,
      name,
      fingerprint,
      notBefore: rfc3339(notBefore),
      notAfter: rfc3339(notAfter),
    })),
    otherSecrets: others
      .filter((secret) => !keys.some((key) => key.secret === secret))
      .map((secret) => ({
        namespace: secret.metadata.namespace ?? "",
        name: secret.metadata.name ?? "",
        items: secretItems(secret).size,
      })),
    sha256: encodeHex(primitives.sha256(encodeUtf8(list))),
  };
  const text = `${BACKUP_TITLE} v${BACKUP_VERSION}\n# ${JSON.stringify(manifest)}\n${list}`;
  return { manifest, clearText: ClearText.fromText(text) };
}

/** A backup as an armored age file that every one of `recipients` can open. @throws {AgeError} */
export async function encryptBackup(clearText: ClearText, recipients: readonly Recipient[]): Promise<Uint8Array> {
  return await encryptBytes(clearText.reveal(), recipients, { armor: true });
}

const KEPT_METADATA = ["name", "namespace", "labels", "annotations"];
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** A Secret without what belongs to one cluster only. */
export function cleanSecret(secret: KubeObject): KubeObject {
  const metadata = Object.fromEntries(Object.entries(secret.metadata).filter(([name]) => KEPT_METADATA.includes(name)));
  const annotations = Object.entries(secret.metadata.annotations ?? {}).filter(([name]) => name !== LAST_APPLIED);
  if (annotations.length > 0) metadata["annotations"] = Object.fromEntries(annotations);
  else delete metadata["annotations"];
  const { type, immutable } = secret;
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata,
    ...(type === undefined ? {} : { type }),
    ...(immutable === undefined ? {} : { immutable }),
    data: Object.fromEntries(secretItems(secret)),
  };
}

function placeOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name ?? ""}`;
}

function rfc3339(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
