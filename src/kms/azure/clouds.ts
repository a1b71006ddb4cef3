/** Where one logs in when nobody says otherwise. */
export const PUBLIC_AUTHORITY = "https://login.microsoftonline.com";

/** Where one logs in to Microsoft's clouds: public, of the United States' government, of China. */
const AUTHORITIES: readonly string[] = [
  PUBLIC_AUTHORITY,
  "https://login.microsoft.com",
  "https://login.windows.net",
  "https://login.microsoftonline.us",
  "https://login.chinacloudapi.cn",
  "https://login.partner.microsoftonline.cn",
];

const VAULT_DOMAINS: readonly string[] = [
  "vault.azure.net",
  "managedhsm.azure.net",
  "vault.usgovcloudapi.net",
  "managedhsm.usgovcloudapi.net",
  "vault.azure.cn",
  "managedhsm.azure.cn",
];

/** Whether an authority is one of Microsoft's. */
export function isKnownAuthority(authority: URL): boolean {
  return AUTHORITIES.includes(authority.origin);
}

/** Whether a vault is one of Microsoft's clouds: `name.vault.azure.net`. */
export function isKnownVault({ host }: URL): boolean {
  return VAULT_DOMAINS.some((domain) => host.endsWith(`.${domain}`));
}

/**
 * A host that tokens are asked of: https, nothing behind the host.
 *
 * @returns the address, or one clause saying why it is none
 */
export function readAuthority(text: string): URL | string {
  if (/[\s\p{Cc}\\]/u.test(text) || !URL.canParse(text)) return "it is no URL";
  const url = new URL(text);
  if (url.protocol !== "https:") return "it is not https";
  if (url.username !== "" || url.password !== "") return "it has a user name or password in it";
  return url.pathname === "/" && url.search === "" && url.hash === "" ? url : "it is more than a host";
}

/** Whether a text can be a tenant: an id or a domain. */
export function isTenant(text: string): boolean {
  return /^[0-9A-Za-z][0-9A-Za-z.-]{0,252}$/.test(text);
}
