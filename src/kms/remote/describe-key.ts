import { type KeyType, type MasterKey, masterKeyName } from "../../sops/index.ts";

const KINDS: Readonly<Record<KeyType, string>> = {
  kms: "AWS KMS key with ARN",
  pgp: "PGP key with fingerprint",
  gcp_kms: "GCP KMS key with resource ID",
  hckms: "HuaweiCloud KMS key with ID",
  azure_kv: "Azure Key Vault key with URL",
  hc_vault: "Hashicorp Vault key with URI",
  age: "age key with recipient",
};

/** A key as a question about it names it. All of it is public. */
export function describeKey(key: MasterKey): string {
  return `${KINDS[key.type]} ${masterKeyName(key)}`;
}
