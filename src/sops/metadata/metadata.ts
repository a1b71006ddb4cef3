import type { Selector } from "../values/selector.ts";
import type { Branch, Entry, Node } from "../values/value.ts";

/** The services that may hold the data key, in the order in which the original reads their lists. */
export const KEY_TYPES = ["kms", "gcp_kms", "hckms", "azure_kv", "hc_vault", "pgp", "age"] as const;
export type KeyType = (typeof KEY_TYPES)[number];

/** The data key encrypted for one master key, with every field the file has for it. */
export interface MasterKey {
  readonly type: KeyType;
  readonly fields: ReadonlyMap<string, string | ReadonlyMap<string, string>>;
}

export type KeyGroup = readonly MasterKey[];

/** What a file says about its encryption. Every field is kept, also of key services that cannot be used yet. */
export interface Metadata {
  readonly keyGroups: readonly KeyGroup[];
  /** 0 when absent. */
  readonly shamirThreshold: number;
  /** As it stands in the file. */
  readonly lastModified: string;
  /** The encrypted MAC; `""` when the file has none. */
  readonly mac: string;
  /** Undefined when the file has none, which means the default suffix. */
  readonly selector: Selector | undefined;
  readonly macOnlyEncrypted: boolean;
  readonly version: string;
}

/** What is known of a field of a key entry. */
interface FieldShape {
  readonly name: string;
  readonly kind: "text" | "map";
  /** Whether an empty value is left out. */
  readonly optional?: boolean;
}

const text = (name: string): FieldShape => ({ name, kind: "text" });

/** The fields of each key entry. Source: the metadata of files that the original writes. */
export const KEY_FIELDS: Readonly<Record<KeyType, readonly FieldShape[]>> = {
  kms: [
    text("arn"),
    { name: "role", kind: "text", optional: true },
    { name: "context", kind: "map", optional: true },
    text("created_at"),
    text("enc"),
    text("aws_profile"),
  ],
  gcp_kms: [text("resource_id"), text("created_at"), text("enc")],
  hckms: [text("key_id"), text("created_at"), text("enc")],
  azure_kv: [text("vault_url"), text("name"), text("version"), text("created_at"), text("enc")],
  hc_vault: [text("vault_address"), text("engine_path"), text("key_name"), text("created_at"), text("enc")],
  pgp: [text("created_at"), text("enc"), text("fp")],
  age: [text("recipient"), text("enc")],
};

/** The text of a field, `""` when it is not there. */
export function fieldOf({ fields }: MasterKey, name: string): string {
  const value = fields.get(name);
  return typeof value === "string" ? value : "";
}

/** These stand in every key group, empty or not; the other lists only when they have entries. */
const ALWAYS_IN_GROUP: readonly KeyType[] = ["age", "hc_vault"];

/** The metadata as a tree, every mapping sorted by key, as the original prints it from version 3.13 on. */
export function metadataBranch(metadata: Metadata): Branch {
  const items: Entry[] = [];
  const [onlyGroup, ...others] = metadata.keyGroups;
  if (onlyGroup !== undefined && others.length === 0) items.push(...groupEntries(onlyGroup, []));
  else items.push(entry("key_groups", { kind: "list", items: metadata.keyGroups.map(groupBranch) }));
  if (metadata.shamirThreshold !== 0) items.push(entry("shamir_threshold", BigInt(metadata.shamirThreshold)));
  if (metadata.selector !== undefined) items.push(entry(metadata.selector.kind, metadata.selector.pattern));
  if (metadata.macOnlyEncrypted) items.push(entry("mac_only_encrypted", true));
  items.push(entry("lastmodified", metadata.lastModified), entry("mac", metadata.mac));
  items.push(entry("version", metadata.version));
  return sorted(items);
}

function groupBranch(group: KeyGroup): Branch {
  return sorted(groupEntries(group, ALWAYS_IN_GROUP));
}

function groupEntries(group: KeyGroup, always: readonly KeyType[]): Entry[] {
  const entries: Entry[] = [];
  for (const type of KEY_TYPES) {
    const keys = group.filter((key) => key.type === type).map(keyBranch);
    if (keys.length > 0 || always.includes(type)) entries.push(entry(type, { kind: "list", items: keys }));
  }
  return entries;
}

function keyBranch({ type, fields }: MasterKey): Branch {
  const items: Entry[] = [];
  for (const { name, kind, optional } of KEY_FIELDS[type]) {
    const value = fields.get(name) ?? (kind === "text" ? "" : new Map<string, string>());
    const isEmpty = typeof value === "string" ? value === "" : value.size === 0;
    if (isEmpty && optional === true) continue;
    items.push(entry(name, typeof value === "string" ? value : sorted([...value].map(([k, v]) => entry(k, v)))));
  }
  return sorted(items);
}

function entry(key: string, value: Node): Entry {
  return { kind: "entry", key, value };
}

function sorted(items: Entry[]): Branch {
  const ordered = items.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return { kind: "branch", items: ordered };
}
