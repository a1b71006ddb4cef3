import { quoteGo } from "../../bytes/go-quote.ts";
import type { KeyGroup, KeyType, MasterKey } from "../metadata/metadata.ts";
import { ageKey } from "./age-key.ts";
import { type AwsSettings, awsKeyOfText } from "./aws-key.ts";
import { azureKeyOfUrl } from "./azure-key.ts";
import { badKey } from "./bad-key.ts";
import { vaultKeyOfUri } from "./vault-key.ts";

/** Makes a key of one text. @throws {SopsError} `SOPS_BAD_KEY`. */
type ReadKey = (text: string, aws: AwsSettings) => MasterKey;

const READERS: Readonly<Record<KeyType, ReadKey>> = {
  kms: (text, aws) => awsKeyOfText(withoutBlanks(text), aws),
  gcp_kms: (text) => ({ type: "gcp_kms", fields: new Map([["resource_id", withoutBlanks(text)]]) }),
  hckms: huaweiKey,
  azure_kv: azureKeyOfUrl,
  hc_vault: vaultKeyOfUri,
  pgp: pgpKey,
  age: ageKey,
};

/** The key of one text as flags and creation rules write it. @throws {SopsError} `SOPS_BAD_KEY`. */
export function keyOfText(type: KeyType, text: string, aws: AwsSettings = {}): MasterKey {
  return READERS[type](text.trim(), aws);
}

/** The keys of a text with commas. Empty ones do not count. @throws {SopsError} `SOPS_BAD_KEY`. */
export function keysOfText(type: KeyType, text: string, aws: AwsSettings = {}): KeyGroup {
  return splitKeys(text).map((key) => keyOfText(type, key, aws));
}

/** The texts of several keys in one, parted by commas. Blanks around each and empty ones are left out. */
export function splitKeys(text: string): string[] {
  return text
    .split(",")
    .map((key) => key.trim())
    .filter((key) => key !== "");
}

/** A PGP key is named by its fingerprint, in blocks or not; `!` at the end means this subkey and no other. */
function pgpKey(fingerprint: string): MasterKey {
  return { type: "pgp", fields: new Map([["fp", withoutBlanks(fingerprint)]]) };
}

function huaweiKey(text: string): MasterKey {
  const at = text.indexOf(":");
  const [region, uuid] = [text.slice(0, at), text.slice(at + 1)];
  if (at >= 0 && region !== "" && uuid !== "") return { type: "hckms", fields: new Map([["key_id", text]]) };
  const shown = quoteGo(text);
  const upstream =
    at < 0
      ? `invalid key ID format: expected 'region:key-uuid', got ${shown}`
      : `${region === "" ? "region" : "key UUID"} cannot be empty in key ID: ${shown}`;
  const state = at < 0 ? "it has no region" : region === "" ? "its region is empty" : "its id is empty";
  throw badKey({ type: "hckms", text, state, example: "cn-north-1:12345678-1234-1234-1234-123456789abc", upstream });
}

function withoutBlanks(text: string): string {
  return text.replaceAll(" ", "");
}
