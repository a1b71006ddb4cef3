import { primitives } from "#primitives";
import { decryptBytes, type Identity } from "../../age/index.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { ClearText } from "../../clear-text.ts";
import type { KubeObject } from "../../objects/index.ts";
import { readManifests, type YamlValue } from "../../yaml/index.ts";
import { KeysError } from "../errors.ts";
import { SEALED_SECRETS_TYPE } from "../resources.ts";
import { DEFAULT_KEY_PREFIX, isKeySecret } from "../sealing/key-secret.ts";
import { sealingKeysOf } from "../sealing/sealing-keys.ts";
import { BACKUP_TITLE, BACKUP_VERSION, type BackupManifest, cleanSealedSecret, cleanSecret } from "./backup.ts";
import { checkBackupDigest } from "./digest.ts";

/** A backup, read and checked. */
export interface Backup {
  /** Undefined for a plain file of Secrets, which says nothing about itself. */
  readonly manifest: BackupManifest | undefined;
  readonly secrets: readonly KubeObject[];
  /** As ciphertext; those that nothing but the cluster had. */
  readonly sealedSecrets: readonly KubeObject[];
}

/** Whether a file is an age file, armored or not. */
export function isAgeFile(bytes: Uint8Array): boolean {
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart();
  return start.startsWith("age-encryption.org/") || start.startsWith("-----BEGIN AGE ENCRYPTED FILE-----");
}

/**
 * Reads a backup: one of ours, encrypted, or a plain file of Secrets as `kubectl get secret -o yaml` writes it.
 *
 * @throws {AgeError}; {YamlError}; {KeysError} `KEYS_BACKUP_*`
 */
export async function readBackup(
  file: Uint8Array,
  options: {
    readonly identities: readonly Identity[];
    readonly prefix?: string | undefined;
    /** `sha256:` and hex of the file; another one is refused before it is opened. */
    readonly expectDigest?: string | undefined;
  },
): Promise<Backup> {
  if (options.expectDigest !== undefined) checkBackupDigest(file, options.expectDigest);
  const clear = isAgeFile(file) ? await decryptBytes(file, options.identities) : new ClearText(file);
  return parseBackup(clear, options.prefix);
}

/** The Secrets in the clear text of a backup. @throws {YamlError}; {KeysError} `KEYS_BACKUP_*` */
export function parseBackup(clear: ClearText, prefix: string = DEFAULT_KEY_PREFIX): Backup {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(clear.reveal());
  const manifest = text.startsWith(BACKUP_TITLE) ? readManifest(text) : undefined;
  const values = readManifests(text, { source: "the backup" }).manifests.flatMap(({ value }) => itemsOf(value));
  const secrets = values.filter(isSecret).map(cleanSecret);
  const sealedSecrets = values.filter(isSealedSecret).map(cleanSealedSecret);
  if (secrets.length === 0) {
    throw new KeysError("KEYS_BACKUP_MALFORMED", "Cannot read the backup: it holds no Secret", {
      hints: ["make one with: sealkit keys backup -r RECIPIENT -o FILE"],
    });
  }
  const keys = sealingKeysOf(secrets, prefix);
  // A key that was unusable in the cluster already is in the backup as it was, and does not cost the others.
  const known = new Set(manifest?.sealingKeys.filter(({ fingerprint }) => fingerprint === "").map(placeOf));
  const unreadable = keys.find((key) => key.status === "unreadable" && !known.has(placeOf(key)));
  if (unreadable !== undefined) {
    throw new KeysError("KEYS_BACKUP_DAMAGED", `Cannot use the backup: its key ${unreadable.name} is unreadable`, {
      details: unreadable.problem === undefined ? [] : [unreadable.problem],
    });
  }
  if (manifest !== undefined) {
    const found = new Set(keys.map(({ fingerprint = "" }) => fingerprint));
    const missing = manifest.sealingKeys.filter(({ fingerprint }) => !found.has(fingerprint));
    const counted = manifest.sealingKeys.length + manifest.otherSecrets.length;
    const held = manifest.sealedSecrets?.held ?? 0;
    if (missing.length > 0 || secrets.length !== counted || sealedSecrets.length !== held) {
      throw damaged("it does not hold what its manifest says");
    }
  }
  refuseNowhere([...secrets.filter((secret) => !isKeySecret(secret, prefix)), ...sealedSecrets]);
  return { manifest, secrets, sealedSecrets };
}

/** Sealing keys go to the controller's namespace under any name; everything else has to say where it belongs. */
function refuseNowhere(objects: readonly KubeObject[]): void {
  const nowhere = objects.find(({ metadata: { namespace = "", name = "" } }) => namespace === "" || name === "");
  if (nowhere === undefined) return;
  const { kind, metadata } = nowhere;
  const called = metadata.name === undefined || metadata.name === "" ? "a name" : `a namespace (${metadata.name})`;
  throw new KeysError("KEYS_BACKUP_MALFORMED", `Cannot use the backup: a ${kind} in it is without ${called}`, {
    hints: ["add metadata.name and metadata.namespace to it, or take it out"],
  });
}

function placeOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function readManifest(text: string): BackupManifest {
  const [title = "", line = ""] = text.split("\n", 2);
  const version = Number(/^# sealkit key backup v([0-9]{1,4})$/.exec(title)?.[1] ?? "0");
  if (version < 1 || version > BACKUP_VERSION) {
    throw new KeysError("KEYS_BACKUP_VERSION", `Cannot read the backup: its version is ${version || "unknown"}`, {
      details: [`this sealkit reads versions 1 to ${BACKUP_VERSION}`],
      hints: ["use the version of sealkit that wrote it, or a newer one"],
    });
  }
  const manifest = parsedManifest(line);
  const body = text.slice(title.length + line.length + 2);
  if (manifest === undefined) throw damaged("its manifest is unreadable");
  if (encodeHex(primitives.sha256(encodeUtf8(body))) !== manifest.sha256) throw damaged("its digest is another");
  return manifest;
}

function parsedManifest(line: string): BackupManifest | undefined {
  try {
    const value: unknown = JSON.parse(line.replace(/^# /, ""));
    return isManifest(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isManifest(value: unknown): value is BackupManifest {
  if (typeof value !== "object" || value === null) return false;
  const has = (name: string) => {
    const list: unknown = Reflect.get(value, name);
    return Array.isArray(list) && list.every((entry) => typeof entry === "object" && entry !== null);
  };
  const sealed: unknown = Reflect.get(value, "sealedSecrets") ?? { held: 0 };
  const countsSealed = typeof sealed === "object" && sealed !== null && Number.isInteger(Reflect.get(sealed, "held"));
  return has("sealingKeys") && has("otherSecrets") && countsSealed && "sha256" in value;
}

function damaged(state: string): KeysError {
  return new KeysError("KEYS_BACKUP_DAMAGED", `Cannot use the backup: ${state}`, {
    hints: ["somebody changed its text, or it was cut: use another copy"],
  });
}

function itemsOf(value: YamlValue): readonly YamlValue[] {
  if (!isRecord(value) || !["List", "SecretList"].includes(String(value["kind"]))) return [value];
  const items = value["items"];
  if (!Array.isArray(items)) return [];
  // The items of a SecretList name neither kind nor version.
  return items.map((item) => (isRecord(item) ? { apiVersion: "v1", kind: "Secret", ...item } : item));
}

function isSecret(value: YamlValue): value is YamlValue & KubeObject {
  return isRecord(value) && value["kind"] === "Secret" && value["apiVersion"] === "v1" && isRecord(value["metadata"]);
}

function isSealedSecret(value: YamlValue): value is YamlValue & KubeObject {
  const { apiVersion, kind } = SEALED_SECRETS_TYPE;
  return isRecord(value) && value["kind"] === kind && value["apiVersion"] === apiVersion && isRecord(value["metadata"]);
}

function isRecord(value: YamlValue | undefined): value is { [key: string]: YamlValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
