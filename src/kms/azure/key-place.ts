import { fieldOf, type MasterKey } from "../../sops/index.ts";

/** A key of a vault. All of it comes from the file. */
export interface AzureKeyPlace {
  readonly vault: URL;
  readonly name: string;
  /** `""` when the file does not say it: the newest is meant. */
  readonly version: string;
}

/** @returns the place, or one clause saying why it is none */
export function readKeyPlace(key: MasterKey): AzureKeyPlace | string {
  const [address, name, version] = [fieldOf(key, "vault_url"), fieldOf(key, "name"), fieldOf(key, "version")];
  if (/[\s\p{Cc}\\]/u.test(address) || !URL.canParse(address)) return "the address of the vault is no URL";
  const vault = new URL(address);
  if (vault.protocol !== "https:") return "the address of the vault is not https";
  if (vault.username !== "" || vault.password !== "")
    return "the address of the vault has a user name or password in it";
  if (vault.pathname !== "/" || /[?#]/.test(address)) return "the address of the vault is more than a host";
  if (!/^[0-9A-Za-z-]{1,127}$/.test(name)) return "the name of the key has other characters than letters, digits and -";
  if (!/^[0-9A-Za-z]{0,64}$/.test(version))
    return "the version of the key has other characters than letters and digits";
  return { vault, name, version };
}

/** As people write it: `https://v.vault.azure.net/keys/name/version`. Anything before an `@` may be a password. */
export function shownKey(key: MasterKey): string {
  const address = fieldOf(key, "vault_url");
  const host = address.includes("@") ? "[redacted]" : address;
  return `${host}/keys/${fieldOf(key, "name")}/${fieldOf(key, "version")}`;
}
