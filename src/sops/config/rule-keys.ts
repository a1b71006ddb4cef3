import { awsKey } from "../keys/aws-key.ts";
import { azureKey } from "../keys/azure-key.ts";
import { keyOfText, keysOfText } from "../keys/key-text.ts";
import { isSameKey } from "../keys/master-key-name.ts";
import type { KeyGroup, KeyType, MasterKey } from "../metadata/metadata.ts";
import { type Branch, goTypeOf, type Node } from "../values/value.ts";
import { badConfig, childOf, itemsOf } from "./config-node.ts";
import { textOf } from "./config-scalar.ts";

/** Which rule of which configuration, for errors. */
interface Place {
  readonly where: string;
  readonly file: string;
}

/** Reads keys when they are asked for. @throws {SopsError} `SOPS_BAD_KEY`, `SOPS_BAD_CONFIG`. */
type ReadKeys = () => readonly KeyGroup[];

/** Key groups may be merged into each other this deep. */
const MAX_MERGE_DEPTH = 20;
const MAX_KEYS = 1_000;

/**
 * The keys of a creation rule: those of its `key_groups`, or else of its own fields. What is of a wrong type where the
 * original's reader insists on one is refused at once, the rest when the keys are asked for.
 *
 * @throws {SopsError} `SOPS_BAD_CONFIG`.
 */
export function ruleKeys(rule: Branch, place: Place): ReadKeys {
  const groups = listOf(rule, "key_groups", place);
  const read = groups.length > 0 ? groups.map((group) => groupKeys(group, place, 0)) : [flatKeys(rule, place)];
  return () =>
    read.map((keysOf) => {
      const keys = keysOf();
      if (keys.length <= MAX_KEYS) return keys;
      throw badConfig(place.file, `${place.where} has more than ${MAX_KEYS} keys in a group`);
    });
}

/** Fields of a rule with the type of their keys, in the order in which the original puts the keys. */
const FLAT_FIELDS: readonly (readonly [name: string, type: KeyType, shown: string])[] = [
  ["age", "age", "age"],
  ["pgp", "pgp", "pgp"],
  ["kms", "kms", "kms"],
  ["gcp_kms", "gcp_kms", "gcpkms"],
  ["hckms", "hckms", "hckms"],
  ["azure_keyvault", "azure_kv", "azure_keyvault"],
  ["hc_vault_transit_uri", "hc_vault", "hc_vault_transit_uri"],
];

function flatKeys(rule: Branch, place: Place): () => KeyGroup {
  const profile = scalarOf(childOf(rule, "aws_profile"), "aws_profile", place);
  textsOf(rule, "hckms", place);
  return () =>
    FLAT_FIELDS.flatMap(([name, type, shown]) =>
      textList(childOf(rule, name), name, shown, place).flatMap((text) => keysOfText(type, text, { profile })),
    );
}

/** A list of keys, or one text of them. */
function textList(value: Node | undefined, name: string, shown: string, { where, file }: Place): readonly string[] {
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return [value];
  const prefix = `invalid ${shown} key configuration: invalid ${name} key configuration: `;
  const items = itemsOf(value);
  if (items === undefined) {
    const upstream = `${prefix}expected string, []string, or nil, got ${configTypeOf(value)}`;
    throw badConfig(file, `${where}: "${name}" is neither a text nor a list of texts`, upstream);
  }
  return items.map((item) => {
    if (typeof item === "string") return item;
    // The original's list of Huawei keys takes any scalar.
    if (name === "hckms") return scalarOf(item, name, { where, file });
    const upstream = `${prefix}expected string in list, got ${configTypeOf(item)}`;
    throw badConfig(file, `${where}: "${name}" is neither a text nor a list of texts`, upstream);
  });
}

/** The type as the original's reader of configurations names it. */
function configTypeOf(value: Node): string {
  const isMapping = typeof value === "object" && value !== null && value.kind === "branch";
  return isMapping ? "map[string]interface {}" : goTypeOf(value);
}

/** The keys of a group with those it merges, which come first. */
function groupKeys(group: Node, place: Place, depth: number): () => KeyGroup {
  if (depth > MAX_MERGE_DEPTH) {
    throw badConfig(place.file, `${place.where}: "merge" is nested deeper than ${MAX_MERGE_DEPTH} levels`);
  }
  const merged = listOf(group, "merge", place).map((inner) => groupKeys(inner, place, depth + 1));
  const own = groupFields(group, place);
  return () => withoutRepeats([...merged.flatMap((keys) => keys()), ...own()]);
}

function groupFields(group: Node, place: Place): () => KeyGroup {
  const [ageTexts, pgpTexts, vaultTexts] = ["age", "pgp", "hc_vault"].map((name) => textsOf(group, name, place));
  const [awsEntries, gcpEntries, huaweiEntries, azureEntries] = ["kms", "gcp_kms", "hckms", "azure_keyvault"].map(
    (name) => listOf(group, name, place).map((entry) => entryFields(entry, name, place)),
  );
  return () => [
    ...(ageTexts ?? []).flatMap((text) => keysOfText("age", text)),
    ...(pgpTexts ?? []).map((text) => keyOfText("pgp", text)),
    ...(awsEntries ?? []).map((fields) =>
      awsKey({
        arn: fields.needed("arn"),
        role: fields.text("role"),
        context: fields.texts("context"),
        profile: fields.text("aws_profile"),
      }),
    ),
    ...(gcpEntries ?? []).map((fields) => keyOfText("gcp_kms", fields.needed("resource_id"))),
    ...(huaweiEntries ?? []).map((fields) => keyOfText("hckms", fields.needed("key_id"))),
    ...(azureEntries ?? []).map((fields) => {
      const vaultUrl = fields.needed("vaultUrl");
      if (!/^https:\/\/[^/@]+\/*$/.test(vaultUrl)) {
        throw badConfig(place.file, `${place.where}: "vaultUrl" is not of the form https://NAME.vault.azure.net`);
      }
      return azureKey({ vaultUrl, name: fields.needed("key"), version: fields.text("version") });
    }),
    ...(vaultTexts ?? []).map((text) => keyOfText("hc_vault", text)),
  ];
}

interface EntryFields {
  text(name: string): string;
  /** @throws {SopsError} `SOPS_BAD_CONFIG` when it is not there. */
  needed(name: string): string;
  texts(name: string): ReadonlyMap<string, string>;
}

function entryFields(entry: Node, list: string, place: Place): EntryFields {
  const { where, file } = place;
  if (typeof entry !== "object" || entry === null || entry.kind !== "branch") {
    throw badConfig(file, `${where}: an entry of "${list}" in "key_groups" is not a mapping`);
  }
  const text = (name: string) => scalarOf(childOf(entry, name), name, place);
  return {
    text,
    needed(name) {
      const value = text(name);
      if (value !== "") return value;
      throw badConfig(file, `${where}: an entry of "${list}" in "key_groups" has no "${name}"`);
    },
    texts(name) {
      const value = childOf(entry, name) ?? null;
      if (value === null) return new Map();
      if (typeof value !== "object" || value.kind !== "branch")
        throw badConfig(file, `${where}: "${name}" is not a mapping`);
      const pairs = value.items.flatMap((item) => (item.kind === "entry" ? [item] : []));
      return new Map(
        pairs.map(({ key, value: inner }) => {
          if (inner === null) throw badConfig(file, `${where}: "${key}" in "${name}" has no value`);
          return [key, scalarOf(inner, key, place)];
        }),
      );
    },
  };
}

function withoutRepeats(keys: KeyGroup): KeyGroup {
  const kept: MasterKey[] = [];
  for (const key of keys) if (!kept.some((other) => isSameKey(key, other))) kept.push(key);
  return kept;
}

/** The entries of a list; none when it is absent. */
function listOf(node: Node, name: string, { where, file }: Place): readonly Node[] {
  const value = childOf(node, name) ?? null;
  if (value === null) return [];
  const items = itemsOf(value);
  if (items === undefined) throw badConfig(file, `${where}: "${name}" is not a list`);
  return items;
}

function textsOf(node: Node, name: string, place: Place): readonly string[] {
  return listOf(node, name, place)
    .map((item) => scalarOf(item, name, place))
    .filter((text) => text !== "");
}

function scalarOf(value: Node | undefined, name: string, { where, file }: Place): string {
  return textOf(value, `${where}: "${name}"`, file);
}
