import { decodeUtf8, encodeUtf8 } from "../../bytes/utf8.ts";
import { objectId, subjectOf } from "../../objects/index.ts";
import type { EncryptedFile } from "../../repository/index.ts";
import type { Keyring as SealedKeyring } from "../../sealed/index.ts";
import {
  HINTS_ANNOTATION,
  objectsInFile,
  type SealedInFile,
  scopeOf,
  secretManifest,
  unsealSecret,
  withScope,
} from "../../secrets/index.ts";
import {
  encrypt,
  indentOf,
  type KeyGroup,
  type Keyring,
  readLocked,
  type Selector,
  type SopsConfig,
} from "../../sops/index.ts";
import { printJson, printSigs } from "../../yaml/index.ts";
import { type Converted, refused, refuseLoss } from "./converted.ts";

/** Who opens a SOPS file, and what is encrypted in it. */
export interface SopsKeys {
  readonly groups: readonly KeyGroup[];
  readonly shamirThreshold: number;
  /** Undefined: the values of Secrets, `data` and `stringData`. */
  readonly selector: Selector | undefined;
  readonly macOnlyEncrypted: boolean;
  /** Columns by which each format is indented, where the configuration says so. */
  readonly indents: SopsConfig["indents"] | undefined;
}

export interface ToSopsOptions {
  /** Opens the SealedSecrets. */
  readonly sealed: SealedKeyring;
  readonly keys: SopsKeys;
  /** Whose services encrypt. */
  readonly sops: Keyring;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly allowLoss: boolean;
}

const SECRET_FIELDS: Selector = { kind: "encrypted_regex", pattern: "^(data|stringData)$" };
/** What a cluster or kubeseal writes into metadata, and nobody means. */
const NOBODY_S = new Set([
  ...["name", "namespace", "labels", "annotations", "creationTimestamp", "resourceVersion", "uid", "generation"],
  ...["managedFields", "selfLink", "ownerReferences"],
]);
const SCOPE_ANNOTATION = /^sealedsecrets\.bitnami\.com\/(namespace|cluster)-wide$/;
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * The SealedSecrets of a file as a SOPS file of Secrets. Scope, labels, annotations, type and `immutable` stay; the scope as
 * the annotation by which it is sealed again. Comments and layout do not.
 *
 * @throws {KeysError} `KEYS_CONVERT_REFUSED`; {SecretsError} for items that do not open; {SopsError}
 */
export async function convertToSops(
  { file, sealed, sops, problem }: EncryptedFile,
  options: ToSopsOptions,
): Promise<Converted> {
  const { path } = file;
  if (problem !== undefined) throw refused(path, problem);
  if (sops !== undefined) throw refused(path, "it is a SOPS file already");
  const original = decodeUtf8(file.bytes);
  if (original === undefined) throw refused(path, "it is no UTF-8");
  if (objectsInFile(original, path).length > sealed.length) {
    throw refused(path, "it holds objects of other kinds, and SOPS encrypts files as a whole", ["split it first"]);
  }
  const lost = sealed.flatMap(lossesOf);
  refuseLoss(path, lost, options.allowLoss);
  const manifests = await Promise.all(sealed.map((place) => secretOf(place, options.sealed)));
  const isJson = /^\ufeff?\s*\{/.test(original);
  if (isJson && manifests.length > 1) throw refused(path, "a SOPS file in JSON holds one object");
  const clear = isJson
    ? manifests.map((manifest) => `${printJson(manifest, { indent: "  ", escapeHtml: false })}\n`).join("")
    : manifests.map((manifest) => printSigs(manifest)).join("---\n");
  const { keys, now } = options;
  const { text } = await encrypt(clear, isJson ? "json" : "yaml", {
    file: path,
    keyGroups: keys.groups,
    shamirThreshold: keys.shamirThreshold,
    selector: keys.selector ?? SECRET_FIELDS,
    macOnlyEncrypted: keys.macOnlyEncrypted,
    keyring: options.sops,
    now,
    indent: indentOf(keys.indents, isJson ? "json" : "yaml"),
    keepDates: true,
  });
  const content = encodeUtf8(text);
  refuseClear(content, isJson ? "json" : "yaml", path);
  return { content, lost, objects: sealed.map(({ object }) => subjectOf({ ...objectId(object), kind: "Secret" })) };
}

async function secretOf({ object, view }: SealedInFile, keyring: SealedKeyring) {
  const { secret } = await unsealSecret(object, keyring);
  // An owner belongs to a cluster.
  const { ownerReferences, ...metadata } = secret.metadata;
  const annotations = withScope(metadata.annotations, scopeOf(view.annotations));
  const { annotations: _, ...rest } = metadata;
  return secretManifest({
    ...secret,
    metadata: Object.keys(annotations).length === 0 ? rest : { ...rest, annotations },
  });
}

function lossesOf({ view, line }: SealedInFile): string[] {
  const { metadata, template, annotations } = view;
  const losses: string[] = [];
  for (const key of Object.keys(template.data ?? {}))
    losses.push(`the template of "${key}": only what it gives now stays`);
  const labels = Object.entries(metadata.labels ?? {});
  for (const [key, value] of labels) {
    if (template.metadata?.labels?.[key] !== value) losses.push(`the label "${key}" of the SealedSecret itself`);
  }
  for (const [key, value] of Object.entries(annotations)) {
    if (SCOPE_ANNOTATION.test(key) || key === HINTS_ANNOTATION || key === LAST_APPLIED) continue;
    if (template.metadata?.annotations?.[key] !== value)
      losses.push(`the annotation "${key}" of the SealedSecret itself`);
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (!NOBODY_S.has(key) && value !== undefined) losses.push(`metadata.${key} of the SealedSecret itself`);
  }
  return losses.map((loss) => `line ${line}: ${loss}`);
}

/** A rule with a selector of its own may leave out what is secret in a Secret. */
function refuseClear(content: Uint8Array, format: "yaml" | "json", path: string): void {
  for (const { items } of readLocked(content, format, { file: path }).documents) {
    const data = items.find((item) => item.kind === "entry" && item.key === "data");
    const values =
      data?.kind === "entry" && typeof data.value === "object" && data.value !== null ? data.value : undefined;
    if (values?.kind !== "branch") continue;
    for (const item of values.items) {
      if (item.kind !== "entry" || item.value === "") continue;
      if (typeof item.value === "string" && item.value.startsWith("ENC[AES256_GCM,")) continue;
      throw refused(path, `the creation rule would leave "data.${item.key}" in the clear`, [
        "let its encrypted_regex match data and stringData",
      ]);
    }
  }
}
