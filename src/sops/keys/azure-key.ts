import { quoteGo } from "../../bytes/go-quote.ts";
import type { MasterKey } from "../metadata/metadata.ts";
import { badKey } from "./bad-key.ts";

const EXAMPLE = "https://vault.vault.azure.net/keys/name/version";

export interface AzureKeyParts {
  readonly vaultUrl: string;
  readonly name: string;
  /** `""` when the newest is meant: the service fills it in. */
  readonly version: string;
}

/** The key of an address `https://VAULT/keys/NAME/VERSION`, the version at will. @throws {SopsError} `SOPS_BAD_KEY`. */
export function azureKeyOfUrl(url: string): MasterKey {
  const [, vaultUrl = "", name = "", version = ""] =
    /^(https:\/\/[^/@]+)\/keys\/([^/]+)(?:\/([^/]*))?$/.exec(url) ?? [];
  if (vaultUrl !== "") return azureKey({ vaultUrl, name, version });
  throw badKey({
    type: "azure_kv",
    text: url,
    state: "it is no address of a key",
    example: EXAMPLE,
    upstream: `could not parse ${quoteGo(url)} into a valid Azure Key Vault MasterKey []`,
  });
}

export function azureKey({ vaultUrl, name, version }: AzureKeyParts): MasterKey {
  return {
    type: "azure_kv",
    fields: new Map([
      ["vault_url", vaultUrl],
      ["name", name],
      ["version", version],
    ]),
  };
}
