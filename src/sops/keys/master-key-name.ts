import { fieldOf, type KeyType, type MasterKey } from "../metadata/metadata.ts";

/** The services as people know them. */
export const SERVICE_NAMES: Readonly<Record<KeyType, string>> = {
  kms: "AWS KMS",
  gcp_kms: "Google Cloud KMS",
  hckms: "Huawei Cloud KMS",
  azure_kv: "Azure Key Vault",
  hc_vault: "HashiCorp Vault",
  pgp: "PGP",
  age: "age",
};

const NAMES: Readonly<Record<KeyType, (key: MasterKey) => string>> = {
  kms: awsName,
  gcp_kms: (key) => fieldOf(key, "resource_id"),
  hckms: (key) => fieldOf(key, "key_id"),
  azure_kv: (key) => `${fieldOf(key, "vault_url")}/keys/${fieldOf(key, "name")}/${fieldOf(key, "version")}`,
  hc_vault: (key) =>
    `${fieldOf(key, "vault_address")}/v1/${fieldOf(key, "engine_path")}/keys/${fieldOf(key, "key_name")}`,
  pgp: (key) => fieldOf(key, "fp"),
  age: (key) => fieldOf(key, "recipient"),
};

/**
 * What a person calls this key, and what makes two keys of a type the same: recipient, fingerprint, address, ARN with
 * role, context and profile. Public.
 */
export function masterKeyName(key: MasterKey): string {
  return NAMES[key.type](key);
}

/** `arn[+role][|k:v,k:v][|profile]`; with a profile the place of the context is kept, even if there is none. */
function awsName(key: MasterKey): string {
  const role = fieldOf(key, "role");
  const profile = fieldOf(key, "aws_profile");
  const context = contextText(key);
  return [
    `${fieldOf(key, "arn")}${role === "" ? "" : `+${role}`}`,
    ...(context !== "" || profile !== "" ? [context] : []),
    ...(profile === "" ? [] : [profile]),
  ].join("|");
}

function contextText({ fields }: MasterKey): string {
  const context = fields.get("context");
  if (context === undefined || typeof context === "string") return "";
  const pairs = [...context].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return pairs.map(([name, value]) => `${name}:${value}`).join(",");
}

/** Whether two entries are for the same key, whatever they hold. */
export function isSameKey(a: MasterKey, b: MasterKey): boolean {
  return a.type === b.type && masterKeyName(a) === masterKeyName(b);
}
