import type { KubeObject } from "../../objects/index.ts";
import { type Manifest, readManifests, type YamlValue, type YamlWarning } from "../../yaml/index.ts";
import { isFields } from "../fields.ts";
import { SEALED_SECRET_API_VERSION, SEALED_SECRET_KIND, viewSealedSecret } from "../sealed-secret.ts";
import type { SealedPlace } from "./edit-sealed.ts";

/** A SealedSecret of a file, with its place. */
export interface SealedInFile extends SealedPlace {
  readonly object: KubeObject;
  /** 1-based line on which its document starts. */
  readonly line: number;
}

/** An object of a file, of any kind, with its place. */
export interface ObjectInFile {
  readonly value: YamlValue;
  readonly document: number;
  readonly item: number | undefined;
  readonly line: number;
}

/** Every object of a file; a List counts as what it holds. `warnings` takes what is odd in it. @throws {YamlError} */
export function objectsInFile(
  text: string | Uint8Array,
  source: string,
  warnings: YamlWarning[] = [],
): readonly ObjectInFile[] {
  const read = readManifests(text, { source });
  warnings.push(...read.warnings);
  return read.manifests.flatMap(objectsOf);
}

/**
 * The SealedSecrets of a file, in its order; all else in it is passed over.
 *
 * @throws {YamlError}; {SecretsError} for a SealedSecret of a version that is not known.
 */
export function sealedInFile(text: string | Uint8Array, source: string): readonly SealedInFile[] {
  return objectsInFile(text, source).flatMap((found) => {
    const object = sealedObject(found.value);
    return object === undefined ? [] : [{ ...found, object, view: viewSealedSecret(object) }];
  });
}

function objectsOf({ value, document, line }: Manifest): ObjectInFile[] {
  const items =
    isFields(value) && value["kind"] === "List" && value["apiVersion"] === "v1" ? value["items"] : undefined;
  if (!Array.isArray(items)) return [{ value, document, line, item: undefined }];
  return items.map((item: YamlValue, at) => ({ value: item, document, line, item: at }));
}

function sealedObject(value: YamlValue): KubeObject | undefined {
  if (!isFields(value) || value["kind"] !== SEALED_SECRET_KIND) return undefined;
  const { apiVersion, kind, metadata } = value;
  const version = typeof apiVersion === "string" ? apiVersion : "";
  // Another group may have a kind of this name.
  if (version !== SEALED_SECRET_API_VERSION && !version.startsWith("bitnami.com/")) return undefined;
  return { ...value, apiVersion: version, kind: String(kind), metadata: isFields(metadata) ? { ...metadata } : {} };
}
