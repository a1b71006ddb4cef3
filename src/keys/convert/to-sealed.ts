import { encodeUtf8 } from "../../bytes/utf8.ts";
import { objectId, subjectOf } from "../../objects/index.ts";
import type { EncryptedFile } from "../../repository/index.ts";
import { decodeSecret, objectsInFile, sealSecret } from "../../secrets/index.ts";
import { type Branch, decrypt, type Keyring, type Node } from "../../sops/index.ts";
import { printJson, printSigs, type YamlValue } from "../../yaml/index.ts";
import { type Converted, refused, refuseLoss } from "./converted.ts";

export interface ToSealedOptions {
  /** Opens the SOPS file. */
  readonly sops: Keyring;
  /** What to seal for. */
  readonly certificate: { readonly spki: Uint8Array; readonly fingerprint: string };
  readonly allowLoss: boolean;
}

/** Fields of a Secret that have a place in a SealedSecret. */
const KEPT = new Set(["apiVersion", "kind", "metadata", "data", "stringData", "type", "immutable"]);
const SECRET = new Set(["data", "stringData"]);

/** Whether a SOPS file can hold Secrets at all, as far as that is readable. */
export function mayHoldSecrets({ sops }: EncryptedFile): boolean {
  return (sops?.locked?.documents ?? []).some((document) => {
    const kind = fieldOf(document, "kind");
    return typeof kind === "string" && (kind === "Secret" || kind === "List" || isEncrypted(kind));
  });
}

/**
 * The Secrets of a SOPS file as SealedSecrets, for the scope that their annotations name. Labels, annotations, type and
 * `immutable` go into the template. Comments and layout do not stay.
 *
 * @throws {KeysError} `KEYS_CONVERT_REFUSED`; {SopsError}; {SecretsError}
 */
export async function convertToSealed(
  { file, sops, sealed, problem }: EncryptedFile,
  { sops: keyring, certificate, allowLoss }: ToSealedOptions,
): Promise<Converted> {
  const { path } = file;
  if (problem !== undefined) throw refused(path, problem);
  if (sops?.locked === undefined || sealed.length > 0) throw refused(path, "it is no SOPS file of Secrets");
  const { format, locked } = sops;
  if (format !== "yaml" && format !== "json") throw refused(path, "only YAML and JSON hold Secrets");
  const disclosed = locked.documents.flatMap((document) => encryptedElsewhere(document, ""));
  const { clearText } = await decrypt(file.bytes, format, keyring, { file: path, isLenient: true });
  const secrets = objectsInFile(clearText.reveal(), path).map(({ value }) => value);
  const other = secrets.find((value) => !isSecret(value));
  if (other !== undefined || secrets.length === 0) {
    throw refused(path, "it holds something else than Secrets, and only Secrets can be sealed");
  }
  const lost = [
    ...disclosed.map((where) => `${where} is encrypted, and would be readable`),
    ...secrets.flatMap(lossesOf),
  ];
  refuseLoss(path, lost, allowLoss);
  const { spki, fingerprint } = certificate;
  const options = { spki, hintFor: fingerprint, allowEmptyData: true };
  const objects = await Promise.all(
    secrets.map((value) => sealSecret(decodeSecret(value, { scalarsAsText: false }), options)),
  );
  const isJson = format === "json";
  if (isJson && objects.length > 1) throw refused(path, "a file in JSON holds one object");
  const text = isJson
    ? objects.map((object) => `${printJson(object, { indent: "  ", escapeHtml: false })}\n`).join("")
    : objects.map((object) => printSigs(object)).join("---\n");
  return { content: encodeUtf8(text), lost, objects: objects.map((object) => subjectOf(objectId(object))) };
}

function isSecret(value: YamlValue): boolean {
  return isFields(value) && value["kind"] === "Secret" && value["apiVersion"] === "v1";
}

function lossesOf(value: YamlValue): string[] {
  if (!isFields(value)) return [];
  const metadata = isFields(value["metadata"]) ? value["metadata"] : {};
  const others = Object.keys(value).filter((key) => !KEPT.has(key));
  return [...others, ...("ownerReferences" in metadata ? ["metadata.ownerReferences"] : [])].map(
    (name) => `the field "${name}"`,
  );
}

/** Paths of encrypted values outside of `data` and `stringData`: an object that is sealed has them in the clear. */
function encryptedElsewhere(branch: Branch, before: string): string[] {
  return branch.items.flatMap((item) => {
    if (item.kind !== "entry" || (before === "" && SECRET.has(item.key))) return [];
    return encryptedIn(item.value, before === "" ? item.key : `${before}.${item.key}`);
  });
}

function encryptedIn(value: Node, path: string): string[] {
  if (typeof value === "string") return isEncrypted(value) ? [path] : [];
  if (typeof value !== "object" || value === null) return [];
  if (value.kind === "branch") return encryptedElsewhere(value, path);
  if (value.kind !== "list") return [];
  return value.items.flatMap((item, at) =>
    typeof item === "object" && item !== null && item.kind === "comment" ? [] : encryptedIn(item, `${path}[${at}]`),
  );
}

function isEncrypted(text: string): boolean {
  return text.startsWith("ENC[AES256_GCM,");
}

function fieldOf({ items }: Branch, key: string): Node | undefined {
  const found = items.find((item) => item.kind === "entry" && item.key === key);
  return found?.kind === "entry" ? found.value : undefined;
}

function isFields(value: YamlValue | undefined): value is { [key: string]: YamlValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
