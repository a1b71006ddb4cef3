import { encodeBase64 } from "../../bytes/base64.ts";
import { equalBytes } from "../../bytes/equal.ts";
import { decodeUtf8 } from "../../bytes/utf8.ts";
import type { ClearText } from "../../clear-text.ts";
import { mappingNode, printV3Node, readManifests, stringNode } from "../../yaml/index.ts";
import { SecretsError } from "../errors.ts";
import { type Fields, isFields } from "../fields.ts";
import { clearBytesOf } from "../inspect/item-parts.ts";
import { decodeSecret } from "../read/decode-secret.ts";
import type { SealedSecretView } from "../sealed-secret.ts";
import { nameOf } from "../secret.ts";
import type { ItemChanges } from "./edit-sealed.ts";

/** The items of a SealedSecret as far as they could be opened; undefined for those that could not. */
export type OpenedEach = ReadonlyMap<string, ClearText | undefined>;

/** Control characters that are no part of a text that somebody edits. */
const NO_TEXT = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]/;

/**
 * The text in which a person edits the items of a SealedSecret: a Secret, texts under `stringData`, other values under
 * `data`. An item that is not known has no value and a comment instead; left so, it stays as it is sealed.
 */
export function editSheet({ metadata, encryptedData }: SealedSecretView, opened: OpenedEach): string {
  const { name = "", namespace } = metadata;
  const texts: (readonly [string, string])[] = [];
  const binary: (readonly [string, string])[] = [];
  const unknown: string[] = [];
  for (const item of encryptedData.keys()) {
    const value = opened.get(item);
    if (value === undefined) unknown.push(item);
    else {
      const text = decodeUtf8(value.reveal());
      if (text !== undefined && isEditable(text)) texts.push([item, text]);
      else binary.push([item, encodeBase64(value.reveal())]);
    }
  }
  const place: (readonly [string, string])[] = [
    ["name", name],
    ...(namespace === undefined ? [] : [["namespace", namespace] as const]),
  ];
  const placeholders = unknown.map((item) => {
    const size = clearBytesOf(encryptedData.get(item));
    const line = mapText([[item, "x"]]);
    return `${line.slice(0, line.lastIndexOf(": x"))}: # unchanged${size === undefined ? "" : ` (${size} bytes)`}\n`;
  });
  const strings = mapText(texts) + placeholders.join("");
  return [
    "apiVersion: v1\nkind: Secret\n",
    `metadata:\n${mapText(place)}`,
    strings === "" ? "stringData: {}\n" : `stringData:\n${strings}`,
    binary.length === 0 ? "" : `data:\n${mapText(binary)}`,
  ].join("");
}

/**
 * What somebody changed in such a text.
 *
 * @throws {YamlError}; {SecretsError} `SECRETS_SECRET_MALFORMED`, `SECRETS_EDIT_REFUSED` for changes of anything but the
 *   items. Neither shows a value.
 */
export function readSheet(
  text: string,
  { metadata, encryptedData }: SealedSecretView,
  opened: OpenedEach,
): ItemChanges {
  const { manifests } = readManifests(text, { source: "the edited Secret" });
  const [manifest, another] = manifests;
  if (manifest === undefined || another !== undefined || !isFields(manifest.value)) {
    throw refused("it has to be one Secret");
  }
  const value = manifest.value;
  const wanted = { name: metadata.name, namespace: metadata.namespace };
  const given = isFields(value["metadata"]) ? value["metadata"] : {};
  const isOther = (["name", "namespace"] as const).some((field) => given[field] !== wanted[field]);
  const fields = Object.keys(value).filter(
    (key) => !["apiVersion", "kind", "metadata", "stringData", "data"].includes(key),
  );
  const inner = Object.keys(given).filter((key) => key !== "name" && key !== "namespace");
  if (value["apiVersion"] !== "v1" || value["kind"] !== "Secret" || isOther || fields.length > 0 || inner.length > 0) {
    const more = [...fields, ...inner.map((key) => `metadata.${key}`)].slice(0, 10);
    throw refused("only its items can be changed here", [
      `it has to stay Secret ${nameOf(metadata)} of v1`,
      ...(more.length === 0 ? [] : [`not to be changed here: ${more.join(", ")}`]),
    ]);
  }
  const unchanged = new Set<string>();
  const data = withoutNulls(value["data"], unchanged);
  const stringData = withoutNulls(value["stringData"], unchanged);
  const both = Object.keys(data).find((key) => Object.hasOwn(stringData, key));
  if (both !== undefined) throw refused(`item ${JSON.stringify(both)} stands under stringData and under data`);
  const { data: items } = decodeSecret({ ...value, data, stringData }, { scalarsAsText: false });
  const added = [...unchanged].find((key) => !encryptedData.has(key) && !items.has(key));
  if (added !== undefined)
    throw refused(`the new item ${JSON.stringify(added)} has no value`, ['an empty value is written ""']);
  const set = new Map<string, ClearText>();
  for (const [item, clear] of items) {
    const before = opened.get(item);
    if (before === undefined || !equalBytes(before.reveal(), clear.reveal())) set.set(item, clear);
  }
  const unset = [...encryptedData.keys()].filter((item) => !items.has(item) && !unchanged.has(item));
  return { set, unset };
}

/** Entries without a value are items that stay. */
function withoutNulls(value: unknown, unchanged: Set<string>): Fields {
  if (value === undefined || value === null) return {};
  if (!isFields(value)) throw refused("stringData and data have to be mappings");
  const kept: Record<string, unknown> = Object.create(null);
  for (const [key, item] of Object.entries(value)) {
    if (item === null) unchanged.add(key);
    else kept[key] = item;
  }
  return kept;
}

function mapText(entries: readonly (readonly [string, string])[]): string {
  if (entries.length === 0) return "";
  const node = mappingNode(entries.map(([key, text]) => ({ key: stringNode(key), value: stringNode(text) })));
  const printed = printV3Node(mappingNode([{ key: stringNode("x"), value: node }]), { indent: 2 });
  return printed.slice(printed.indexOf("\n") + 1);
}

/** Whether a text comes back as it was when it is printed and read again. */
function isEditable(text: string): boolean {
  if (NO_TEXT.test(text)) return false;
  const [manifest] = readManifests(`x:\n${mapText([["a", text]])}`).manifests;
  const read = isFields(manifest?.value) && isFields(manifest.value["x"]) ? manifest.value["x"]["a"] : undefined;
  return read === text;
}

function refused(state: string, details: readonly string[] = []): SecretsError {
  return new SecretsError("SECRETS_EDIT_REFUSED", `Cannot take over the edited Secret: ${state}`, {
    original: state,
    details,
  });
}
