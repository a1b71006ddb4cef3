import { AgeError, parseRecipient } from "../../../age/index.ts";
import type { YamlNode } from "../../../yaml/index.ts";
import { SopsError } from "../../errors.ts";
import { keyOfText, splitKeys } from "../../keys/key-text.ts";
import type { KeyType } from "../../metadata/metadata.ts";
import {
  checkNames,
  FIELDS,
  type Field,
  type Fields,
  FLAT_KEY_FIELDS,
  fieldsOf,
  isNothing,
  listOf,
  target,
  textOf,
} from "./fields.ts";
import type { Findings } from "./finding.ts";

/** Key groups may be merged into each other this deep. */
const MAX_MERGE_DEPTH = 20;

const TYPES: Readonly<Record<(typeof FLAT_KEY_FIELDS)[number], KeyType>> = {
  age: "age",
  pgp: "pgp",
  kms: "kms",
  gcp_kms: "gcp_kms",
  hckms: "hckms",
  azure_keyvault: "azure_kv",
  hc_vault_transit_uri: "hc_vault",
};

/** Looks at the keys that stand flat in a rule. Returns how many there are. */
export function checkFlatKeys(rule: Fields, findings: Findings): number {
  return FLAT_KEY_FIELDS.reduce((sum, name) => sum + checkTexts(rule.get(name), name, TYPES[name], findings), 0);
}

/** Looks at the keys of a key group, and of those it merges. Returns how many there are. */
export function checkGroup(node: YamlNode, where: string, findings: Findings, depth = 0): number {
  if (depth > MAX_MERGE_DEPTH) {
    findings.error(node, "bad-type", `"merge" is nested deeper than ${MAX_MERGE_DEPTH} levels`);
    return 0;
  }
  if (target(node).kind !== "mapping") {
    findings.error(node, "bad-type", `${where} is not a mapping of keys`, "write it as: - age: [age1…]");
    return 0;
  }
  const group = fieldsOf(node);
  checkNames(group, FIELDS.group, where, findings);
  const merged = listOf(group.get("merge"), "merge", findings);
  return [
    ...merged.map((inner) => checkGroup(inner, `a group that ${where} merges`, findings, depth + 1)),
    checkTexts(group.get("age"), "age", "age", findings),
    checkTexts(group.get("pgp"), "pgp", "pgp", findings),
    checkTexts(group.get("hc_vault"), "hc_vault", "hc_vault", findings),
    ...listOf(group.get("kms"), "kms", findings).map((entry) => checkEntry(entry, "kms", "arn", "kms", findings)),
    ...listOf(group.get("gcp_kms"), "gcp_kms", findings).map((entry) =>
      checkEntry(entry, "gcp_kms", "resource_id", "gcp_kms", findings),
    ),
    ...listOf(group.get("hckms"), "hckms", findings).map((entry) =>
      checkEntry(entry, "hckms", "key_id", "hckms", findings),
    ),
    ...listOf(group.get("azure_keyvault"), "azure_keyvault", findings).map((entry) => checkAzure(entry, findings)),
  ].reduce((sum, count) => sum + count, 0);
}

/** A list of keys, or a text of them with commas. */
function checkTexts(field: Field | undefined, name: string, type: KeyType, findings: Findings): number {
  if (field === undefined || isNothing(field.value)) return 0;
  const value = target(field.value);
  const items = value.kind === "sequence" ? value.items : [field.value];
  let count = 0;
  for (const item of items) {
    const text = target(item);
    if (text.kind !== "scalar") {
      findings.error(item, "bad-type", `"${name}" is neither a text nor a list of texts`);
      continue;
    }
    for (const key of splitKeys(text.value)) {
      count++;
      checkKey(item, type, key, findings);
    }
  }
  return count;
}

function checkEntry(
  node: YamlNode,
  list: "kms" | "gcp_kms" | "hckms",
  name: string,
  type: KeyType,
  findings: Findings,
): number {
  const entry = entryOf(node, list, findings);
  if (entry === undefined) return 0;
  const text = textOf(entry.get(name), name, findings);
  if (text === "") findings.error(node, "bad-key", `an entry of "${list}" has no "${name}"`);
  else if (text !== undefined) checkKey(entry.get(name)?.value ?? node, type, text, findings);
  return 1;
}

function checkAzure(node: YamlNode, findings: Findings): number {
  const entry = entryOf(node, "azure_keyvault", findings);
  if (entry === undefined) return 0;
  const [url, key] = [textOf(entry.get("vaultUrl"), "vaultUrl", findings), textOf(entry.get("key"), "key", findings)];
  if (url !== undefined && !/^https:\/\/[^/@]+\/*$/.test(url)) {
    findings.error(
      node,
      "bad-key",
      'an entry of "azure_keyvault" has no usable "vaultUrl"',
      "https://NAME.vault.azure.net",
    );
  }
  if (key === "") findings.error(node, "bad-key", 'an entry of "azure_keyvault" has no "key"');
  return 1;
}

function entryOf(
  node: YamlNode,
  list: "kms" | "gcp_kms" | "hckms" | "azure_keyvault",
  findings: Findings,
): Fields | undefined {
  if (target(node).kind !== "mapping") {
    const hint = `write it as: - ${FIELDS[list][0]}: …`;
    findings.error(node, "bad-type", `an entry of "${list}" in a key group is not a mapping`, hint);
    return undefined;
  }
  const entry = fieldsOf(node);
  checkNames(entry, FIELDS[list], `an entry of "${list}"`, findings);
  return entry;
}

function checkKey(node: YamlNode, type: KeyType, text: string, findings: Findings): void {
  if (/AGE-SECRET-KEY-|AGE-PLUGIN-/i.test(text)) {
    const hint = "the recipient that belongs to it: sealkit age-keygen -y FILE";
    findings.error(node, "bad-key", "a secret key stands where a recipient belongs: everybody can read it here", hint);
  } else if (type === "age") checkRecipient(node, text, findings);
  else if (type === "pgp") checkFingerprint(node, text, findings);
  else if (type === "gcp_kms") checkResource(node, text, findings);
  else if (type === "kms") checkArn(node, text, findings);
  else {
    try {
      keyOfText(type, text);
    } catch (error) {
      if (!(error instanceof SopsError)) throw error;
      findings.error(node, "bad-key", error.message, error.hints[0]);
    }
  }
}

function checkRecipient(node: YamlNode, text: string, findings: Findings): void {
  try {
    parseRecipient(text);
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    // A recipient of a plugin: only the plugin can say.
    if (error.code === "AGE_RECIPIENT_UNSUPPORTED") return;
    findings.error(node, "bad-key", `${JSON.stringify(text)} is no age recipient`, error.hints[0]);
  }
}

/** The ARN of a key, perhaps with that of a role behind it: `arn:aws:kms:…+arn:aws:iam:…`. */
function checkArn(node: YamlNode, text: string, findings: Findings): void {
  const [arn = ""] = text.replaceAll(" ", "").split("+arn:", 1);
  if (/^arn:aws[\w-]*:kms:[^:]+:[0-9]+:(key|alias)\/.+$/.test(arn)) return;
  const hint = "arn:aws:kms:REGION:ACCOUNT:key/ID";
  findings.error(node, "bad-key", `${JSON.stringify(text)} is no key of AWS KMS`, hint);
}

/** 16 digits of a key id, or a whole fingerprint; `!` at the end means this subkey. */
function checkFingerprint(node: YamlNode, text: string, findings: Findings): void {
  if (/^(0x)?([0-9a-f]{16}|[0-9a-f]{40}|[0-9a-f]{64})!?$/i.test(text.replaceAll(" ", ""))) return;
  findings.error(
    node,
    "bad-key",
    `${JSON.stringify(text)} is no PGP fingerprint`,
    "see it: gpg --list-keys --fingerprint",
  );
}

function checkResource(node: YamlNode, text: string, findings: Findings): void {
  const parts = text.replaceAll(" ", "").split("/");
  const [projects, , locations, , rings, , keys] = parts;
  const names = [projects, locations, rings, keys].join();
  if (parts.length === 8 && names === "projects,locations,keyRings,cryptoKeys" && !parts.includes("")) return;
  const hint = "projects/P/locations/L/keyRings/R/cryptoKeys/K";
  findings.error(node, "bad-key", `${JSON.stringify(text)} is no key of Google Cloud KMS`, hint);
}
