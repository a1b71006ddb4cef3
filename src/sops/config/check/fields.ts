import { resolveTagged, type YamlNode } from "../../../yaml/index.ts";
import { SELECTOR_KINDS } from "../../values/selector.ts";
import { isTruthWord } from "../config-scalar.ts";
import type { Findings } from "./finding.ts";

/** Fields that name keys in a rule, flat. */
export const FLAT_KEY_FIELDS = [
  "age",
  "pgp",
  "kms",
  "gcp_kms",
  "hckms",
  "azure_keyvault",
  "hc_vault_transit_uri",
] as const;

const RULE = [
  "path_regex",
  ...FLAT_KEY_FIELDS,
  "aws_profile",
  "key_groups",
  "shamir_threshold",
  ...SELECTOR_KINDS,
  "mac_only_encrypted",
];

/** The fields that the original reads. Source: its configuration file. */
export const FIELDS = {
  top: ["creation_rules", "destination_rules", "stores"],
  stores: ["dotenv", "ini", "json", "json_binary", "yaml"],
  store: ["indent"],
  rule: RULE,
  group: ["merge", "age", "pgp", "kms", "gcp_kms", "hckms", "azure_keyvault", "hc_vault"],
  kms: ["arn", "role", "context", "aws_profile"],
  gcp_kms: ["resource_id"],
  hckms: ["key_id"],
  azure_keyvault: ["vaultUrl", "key", "version"],
  destination: [
    "path_regex",
    "s3_bucket",
    "s3_prefix",
    "gcs_bucket",
    "gcs_prefix",
    "vault_path",
    "vault_address",
    "vault_kv_mount_name",
    "vault_kv_version",
    "recreation_rule",
    "omit_extensions",
  ],
} as const;

/** A field that was written down. */
export interface Field {
  readonly key: YamlNode;
  readonly value: YamlNode;
}

export type Fields = ReadonlyMap<string, Field>;

/** Aliases and merge keys inside each other. */
const MAX_DEPTH = 20;

/** The node that an alias stands for. */
export function target(node: YamlNode): YamlNode {
  return node.kind === "alias" ? node.target : node;
}

/** Whether nothing stands there: `field:` or `field: null`. */
export function isNothing(node: YamlNode): boolean {
  const real = target(node);
  return real.kind === "scalar" && real.tag === "!!null";
}

/** The fields of a mapping, those of merge keys (`<<`) too; what is written in the mapping itself wins. */
export function fieldsOf(node: YamlNode, depth = 0): Fields {
  const real = target(node);
  const own = new Map<string, Field>();
  const merged = new Map<string, Field>();
  if (real.kind !== "mapping" || depth > MAX_DEPTH) return own;
  for (const { key, value } of real.entries) {
    const name = target(key);
    if (name.kind !== "scalar") continue;
    if (name.tag === "!!merge" || name.value === "<<") {
      const inner = target(value);
      const sources = inner.kind === "sequence" ? inner.items : [inner];
      for (const source of sources) {
        for (const [word, field] of fieldsOf(source, depth + 1)) if (!merged.has(word)) merged.set(word, field);
      }
    } else if (!own.has(name.value)) own.set(name.value, { key, value });
  }
  return new Map([...merged, ...own]);
}

/** Tells of fields that nobody reads. */
export function checkNames(fields: Fields, known: readonly string[], where: string, findings: Findings): void {
  for (const [name, { key }] of fields) {
    if (known.includes(name)) continue;
    const meant = known.find((word) => word.toLowerCase() === name.toLowerCase()) ?? findings.nearest(name, known);
    const hint = meant === undefined ? `known here: ${known.join(", ")}` : `did you mean: ${meant}`;
    findings.warning(key, "unknown-field", `${where} has a field ${JSON.stringify(name)}, which is not read`, hint);
  }
}

/** The items of a list; undefined, with a finding, for what is none. An absent one is empty. */
export function listOf(field: Field | undefined, name: string, findings: Findings): readonly YamlNode[] {
  if (field === undefined || isNothing(field.value)) return [];
  const real = target(field.value);
  if (real.kind === "sequence") return real.items;
  findings.error(field.value, "bad-type", `"${name}" is not a list`);
  return [];
}

/** The text of a scalar; undefined, with a finding, for what is none. An absent one is empty. */
export function textOf(field: Field | undefined, name: string, findings: Findings): string | undefined {
  if (field === undefined || isNothing(field.value)) return "";
  const real = target(field.value);
  if (real.kind === "scalar") return real.value;
  findings.error(field.value, "bad-type", `"${name}" is not a text`);
  return undefined;
}

/** A whole number; undefined, with a finding, for what is none. An absent one too, without. */
export function integerOf(field: Field | undefined, name: string, findings: Findings): number | undefined {
  if (field === undefined || isNothing(field.value)) return undefined;
  const real = target(field.value);
  const resolved = real.kind === "scalar" ? resolveTagged(real.tag, real.value, "v3") : undefined;
  const number = resolved?.tag === "!!int" ? Number(resolved.value) : undefined;
  if (number !== undefined && Number.isSafeInteger(number)) return number;
  findings.error(field.value, "bad-type", `"${name}" is not a whole number`);
  return undefined;
}

export function checkBoolean(field: Field | undefined, name: string, findings: Findings): void {
  if (field === undefined || isNothing(field.value)) return;
  const real = target(field.value);
  if (real.kind === "scalar" && real.tag === "!!bool") return;
  const isWord = real.kind === "scalar" && isTruthWord(real.value);
  if (!isWord) findings.error(field.value, "bad-type", `"${name}" is neither true nor false`, `write true or false`);
}
