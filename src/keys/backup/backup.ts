import { primitives } from "#primitives";
import { encryptBytes, type Recipient } from "../../age/index.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { ClearText } from "../../clear-text.ts";
import type { KubeObject } from "../../objects/index.ts";
import { compareBytes, printSigs } from "../../yaml/index.ts";
import { KeysError } from "../errors.ts";
import { SEALED_SECRETS_TYPE } from "../resources.ts";
import { isKeySecret, secretItems } from "../sealing/key-secret.ts";
import { sealingKeysOf } from "../sealing/sealing-keys.ts";

/** First line of the clear text of a backup. */
export const BACKUP_TITLE = "# sealkit key backup";
export const BACKUP_VERSION = 2;

/**
 * What a backup says about itself, in its second line. Times are RFC 3339. Version 1 had neither `writtenBy`, `cluster`,
 * `controller` nor `sealedSecrets`.
 */
export interface BackupManifest {
  readonly version: number;
  readonly created: string;
  /** Program and version that wrote it. */
  readonly writtenBy?: string | undefined;
  /** UID of the namespace kube-system, by which a cluster is known; `""` when it could not be read. */
  readonly cluster?: string | undefined;
  /** Image of the controller; `""` when it could not be read. */
  readonly controller?: string | undefined;
  readonly sealingKeys: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly fingerprint: string;
    readonly notBefore: string;
    readonly notAfter: string;
  }[];
  readonly otherSecrets: readonly { readonly namespace: string; readonly name: string; readonly items: number }[];
  /** How many SealedSecrets the cluster had, and how many of them are in the backup, as ciphertext. */
  readonly sealedSecrets?: { readonly counted: number; readonly held: number } | undefined;
  /** SHA-256 of all that follows the second line, in hex. */
  readonly sha256: string;
}

export interface BackupOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly prefix?: string | undefined;
  readonly writtenBy: string;
  readonly cluster?: string | undefined;
  readonly controller?: string | undefined;
  /** SealedSecrets of the cluster: how many it has, and those to be held in the backup because nothing else has them. */
  readonly sealedSecrets?: { readonly counted: number; readonly held: readonly KubeObject[] } | undefined;
}

/**
 * The clear text of a backup: two lines of comment (title and manifest as JSON) over a List of the Secrets as YAML, and
 * one of SealedSecrets where there are such, cleaned of what their cluster put in and sorted. The same objects at the same
 * time give the same bytes. In need it works without sealkit: `age -d` of it is what `kubectl apply` and
 * `kubeseal --recovery-private-key` take.
 *
 * @throws {KeysError} `KEYS_BACKUP_EMPTY` when no sealing key is among the Secrets.
 */
export function backupText(
  secrets: readonly KubeObject[],
  options: BackupOptions,
): { manifest: BackupManifest; clearText: ClearText } {
  const { now, prefix, writtenBy, cluster = "", controller = "" } = options;
  const { counted, held } = options.sealedSecrets ?? { counted: 0, held: [] };
  const cleaned = secrets.map(cleanSecret).sort(byPlace);
  const sealed = held.map(cleanSealedSecret).sort(byPlace);
  const keys = sealingKeysOf(cleaned, prefix).sort((a, b) => byPlace(a.secret, b.secret));
  if (keys.length === 0) {
    throw new KeysError("KEYS_BACKUP_EMPTY", "Cannot back up: there is no sealing key", {
      hints: ["name the controller's namespace with --controller-namespace"],
    });
  }
  const lists = [cleaned, ...(sealed.length === 0 ? [] : [sealed])].map((items) =>
    printSigs({ apiVersion: "v1", kind: "List", items }),
  );
  const body = lists.join("---\n");
  const others = cleaned.filter((secret) => !isKeySecret(secret, prefix ?? ""));
  const manifest: BackupManifest = {
    version: BACKUP_VERSION,
    created: rfc3339(now),
    writtenBy,
    cluster,
    controller,
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
    sealedSecrets: { counted, held: sealed.length },
    sha256: encodeHex(primitives.sha256(encodeUtf8(body))),
  };
  const text = `${BACKUP_TITLE} v${BACKUP_VERSION}\n# ${JSON.stringify(manifest)}\n${body}`;
  return { manifest, clearText: ClearText.fromText(text) };
}

/** A backup as an armored age file that every one of `recipients` can open. @throws {AgeError} */
export async function encryptBackup(clearText: ClearText, recipients: readonly Recipient[]): Promise<Uint8Array> {
  return await encryptBytes(clearText.reveal(), recipients, { armor: true });
}

const KEPT_METADATA = ["name", "namespace", "labels", "annotations"];
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** A SealedSecret without its status and what belongs to one cluster only. */
export function cleanSealedSecret(sealed: KubeObject): KubeObject {
  const { apiVersion, kind } = SEALED_SECRETS_TYPE;
  return { apiVersion, kind, metadata: cleanMetadata(sealed), spec: sealed["spec"] };
}

/** A Secret without what belongs to one cluster only. */
export function cleanSecret(secret: KubeObject): KubeObject {
  const metadata = cleanMetadata(secret);
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

function cleanMetadata({ metadata }: KubeObject): KubeObject["metadata"] {
  const kept = Object.fromEntries(Object.entries(metadata).filter(([name]) => KEPT_METADATA.includes(name)));
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => name !== LAST_APPLIED);
  if (annotations.length > 0) kept["annotations"] = Object.fromEntries(annotations);
  else delete kept["annotations"];
  return kept;
}

function byPlace(a: KubeObject, b: KubeObject): number {
  return compareBytes(placeOf(a), placeOf(b));
}

function placeOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name ?? ""}`;
}

function rfc3339(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
