import { type ObjectInFile, objectsInFile } from "../../src/secrets/index.ts";
import type { YamlValue, YamlWarning } from "../../src/yaml/index.ts";

/** What an object is to somebody who seals: `secret` has values in the clear, `sops` is a Secret that SOPS encrypted. */
export type SecretKind = "secret" | "sealed" | "sops" | "other";

/** An object of a file, with what it is and what it is called. */
export interface ClassifiedObject extends ObjectInFile {
  readonly kind: SecretKind;
  /** `namespace/name`, or the name. */
  readonly name: string;
}

/** Whether a file can hold anything of interest: told by its bytes, before it is parsed. */
export function mayHoldSecrets(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes("Secret");
}

/** Whether a text is a template of manifests rather than one: no reader of YAML can judge it. */
export function looksLikeTemplate(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes("{{");
}

/** Every object of a file. `warnings` takes what is odd in it. @throws {YamlError} */
export function classify(
  text: string | Uint8Array,
  source: string,
  warnings: YamlWarning[] = [],
): readonly ClassifiedObject[] {
  return objectsInFile(text, source, warnings).map((object) => ({
    ...object,
    kind: kindOf(object.value),
    name: nameOf(object.value),
  }));
}

function kindOf(value: YamlValue): SecretKind {
  if (!isRecord(value)) return "other";
  const { kind, apiVersion } = value;
  if (kind === "SealedSecret" && String(apiVersion).startsWith("bitnami.com/")) return "sealed";
  if (kind !== "Secret" || apiVersion !== "v1") return "other";
  if (isRecord(value["sops"])) return "sops";
  return holdsValue(value["data"]) || holdsValue(value["stringData"]) ? "secret" : "other";
}

/** A Secret without values, such as a patch of its labels, gives nothing away. What is no mapping is judged by others. */
function holdsValue(data: YamlValue | undefined): boolean {
  if (data === undefined || data === null) return false;
  return !isRecord(data) || Object.keys(data).length > 0;
}

function nameOf(value: YamlValue): string {
  const metadata = isRecord(value) ? value["metadata"] : undefined;
  if (!isRecord(metadata)) return "";
  const { name = "", namespace = "" } = metadata;
  return namespace === "" ? String(name) : `${namespace}/${name}`;
}

function isRecord(value: YamlValue | undefined): value is { [key: string]: YamlValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
