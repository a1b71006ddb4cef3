import { decodeBase64Go, encodeBase64 } from "../../bytes/base64.ts";
import { decodeUtf8, encodeUtf8 } from "../../bytes/utf8.ts";
import { objectId, subjectOf } from "../../objects/index.ts";
import type { EncryptedFile } from "../../repository/index.ts";
import { SCOPES, SealedError, type Keyring as SealedKeyring, scopeLabel, sealItem } from "../../sealed/index.ts";
import {
  HINTS_ANNOTATION,
  objectsInFile,
  placeSealed,
  type SealedInFile,
  scopeOf,
  sealedInFile,
} from "../../secrets/index.ts";
import {
  changeFile,
  completeKeys,
  type Format,
  indentOf,
  type KeyGroup,
  type Keyring,
  rotate,
  type SopsConfig,
  setting,
} from "../../sops/index.ts";
import { editManifests } from "../../yaml/index.ts";
import { KeysError } from "../errors.ts";

export interface PromoteOptions {
  /** Opens what comes from the source. */
  readonly sealed: SealedKeyring;
  readonly sops: Keyring;
  /** The certificate of the target's cluster; undefined when no SealedSecret is to be promoted. */
  readonly certificate: { readonly spki: Uint8Array; readonly fingerprint: string } | undefined;
  /** Keys of the target's matching creation rule; undefined when none matches. */
  readonly rule: { readonly groups: readonly KeyGroup[]; readonly shamirThreshold: number } | undefined;
  /** Columns by which each format is indented, where the target's configuration says so. */
  readonly indents?: SopsConfig["indents"] | undefined;
  /** Namespace of the objects in the target; undefined: the one that they have. */
  readonly namespace: string | undefined;
  /** What of the target's file is there already is encrypted in it; undefined for a file that is new. */
  readonly existing: EncryptedFile | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A file for the target. */
export interface Promoted {
  readonly content: Uint8Array;
  readonly kind: "SealedSecrets" | "SOPS file";
  /** `SealedSecret/prod/db`, as they are called in the target; empty for a SOPS file. */
  readonly objects: readonly string[];
}

/**
 * An encrypted file of one environment for the keys of another, clear in memory only. Names and scopes stay; a scope is
 * never wider than that of the object which is replaced.
 *
 * @throws {KeysError} `KEYS_PROMOTE_REFUSED`; {SopsError}; {YamlError}; {SecretsError}
 */
export async function promoteFile(found: EncryptedFile, options: PromoteOptions): Promise<Promoted> {
  const { file, sealed, sops, problem } = found;
  if (problem !== undefined) throw refused(file.path, problem);
  if (sops === undefined) return await promoteSealed(found, options);
  if (sealed.length > 0) throw refused(file.path, "it is a SOPS file with SealedSecrets in it");
  return { kind: "SOPS file", objects: [], content: await promoteSops(found, sops.format, options) };
}

async function promoteSealed({ file, sealed }: EncryptedFile, options: PromoteOptions): Promise<Promoted> {
  const { path } = file;
  const original = decodeUtf8(file.bytes);
  if (original === undefined) throw refused(path, "it is no UTF-8");
  const others = objectsInFile(original, path).length - sealed.length;
  if (others > 0) throw refused(path, `it holds ${others} objects of other kinds beside SealedSecrets`);
  if (options.certificate === undefined) throw refused(path, "there is no certificate of the target to seal for");
  let text = original;
  const objects: string[] = [];
  for (const place of sealed) {
    refuseWider(place, options, path);
    const { namespace = place.view.metadata.namespace ?? "" } = options;
    const items = await resealedFor(place, namespace, options, path);
    const { fingerprint } = options.certificate;
    const addHints = place.view.annotations[HINTS_ANNOTATION] !== undefined;
    text = placeSealed(text, place, items, { fingerprint, addHints, source: path });
    text = inNamespace(text, place, options.namespace, path);
    objects.push(subjectOf(objectId({ ...place.object, metadata: { ...place.object.metadata, namespace } })));
  }
  refuseDoubles(objects, path);
  return { kind: "SealedSecrets", objects, content: encodeUtf8(text) };
}

/** Every item opened where it stands in the source, and sealed for where it will stand. */
async function resealedFor(
  { view, line }: SealedInFile,
  namespace: string,
  { sealed, certificate }: PromoteOptions,
  path: string,
): Promise<readonly (readonly [string, string])[]> {
  const at = `${path}, line ${line}`;
  if (view.legacyData !== undefined) throw refused(at, "it uses the deprecated field spec.data: seal it again");
  const { namespace: own = "", name = "" } = view.metadata;
  const scope = scopeOf(view.annotations);
  if (scope === "strict" && name === "") throw refused(at, "it has no name to be bound to");
  if (scope !== "cluster-wide" && namespace === "") throw refused(at, "it has no namespace to be bound to");
  const [before, after] = [scopeLabel(scope, own, name), scopeLabel(scope, namespace, name)];
  const items: (readonly [string, string])[] = [];
  for (const [item, value] of view.encryptedData) {
    const bytes = typeof value === "string" ? decodeBase64Go(value).bytes : undefined;
    if (bytes === undefined || certificate === undefined) throw refused(at, `item "${item}" is no base64`);
    try {
      const { clearText } = await sealed.open(bytes, before);
      items.push([item, encodeBase64(await sealItem(certificate.spki, clearText.reveal(), after))]);
    } catch (cause) {
      if (!(cause instanceof SealedError)) throw cause;
      throw refused(at, `no key of the source opens item "${item}" where it stands`);
    }
  }
  return items;
}

/** Values sealed for one name are not to open under any other afterwards. */
function refuseWider({ view, line }: SealedInFile, { existing }: PromoteOptions, path: string): void {
  const scope = scopeOf(view.annotations);
  const before = existing?.sealed.find((other) => other.view.metadata.name === view.metadata.name);
  if (before === undefined) return;
  const had = scopeOf(before.view.annotations);
  if (SCOPES.indexOf(scope) <= SCOPES.indexOf(had)) return;
  throw refused(
    `${path}, line ${line}`,
    `its scope is ${scope}, and the one in the target is ${had}, which is narrower`,
  );
}

function inNamespace(text: string, place: SealedInFile, namespace: string | undefined, source: string): string {
  if (namespace === undefined) return text;
  const before = place.item === undefined ? [] : ["items", place.item];
  const changes = [{ path: [...before, "metadata", "namespace"], value: namespace }];
  if (place.view.template.metadata?.namespace !== undefined) {
    changes.push({ path: [...before, "spec", "template", "metadata", "namespace"], value: namespace });
  }
  const edited = editManifests(text, { document: place.document, changes, source });
  // A namespace that is read otherwise would leave values that open nowhere.
  const now = sealedInFile(edited, source).find(
    ({ document, item }) => document === place.document && item === place.item,
  );
  if (now?.view.metadata.namespace !== namespace)
    throw refused(source, `its namespace cannot be set to "${namespace}"`);
  return edited;
}

function refuseDoubles(objects: readonly string[], path: string): void {
  const twice = objects.find((object, at) => objects.indexOf(object) < at);
  if (twice !== undefined) throw refused(path, `${twice} would be in it twice`);
}

async function promoteSops(
  { file: { path, bytes }, sops }: EncryptedFile,
  format: Format,
  { sops: keyring, rule, indents, namespace, now }: PromoteOptions,
): Promise<Uint8Array> {
  if (rule === undefined) {
    throw refused(path, "no creation rule of the target matches it, so nobody is named who may open it there", [
      "add a rule to the target's .sops.yaml whose path_regex matches",
    ]);
  }
  const indent = indentOf(indents, format);
  const options = { file: path, now, indent, isLenient: true };
  const moved = async (): Promise<Uint8Array> => {
    if (namespace === undefined || (format !== "yaml" && format !== "json")) return bytes;
    const [document, ...others] = sops?.locked?.documents ?? [];
    const has = (name: string) => document?.items.some((item) => "key" in item && item.key === name) === true;
    if (!has("kind") || !has("metadata")) return bytes;
    if (others.length > 0) throw refused(path, "it holds several documents, whose namespace cannot be changed");
    const change = setting(["metadata", "namespace"], namespace);
    return encodeUtf8((await changeFile(bytes, format, keyring, change, options)).text);
  };
  const wanted = await completeKeys(rule.groups, keyring);
  const more = { wanted, wantedThreshold: rule.shamirThreshold };
  return encodeUtf8(await rotate(await moved(), format, keyring, { ...options, ...more }));
}

function refused(what: string, state: string, hints: readonly string[] = []): KeysError {
  return new KeysError("KEYS_PROMOTE_REFUSED", `Cannot promote ${what}: ${state}`, { hints });
}
