/**
 * An address that may be sent a secret: https, or http on this machine. It comes from a credentials file or a variable.
 *
 * @returns the address, or one clause saying why it is none
 */
export function readSecretUrl(text: string): URL | string {
  const url = readUrl(text);
  if (typeof url === "string") return url;
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url))) return url;
  return "the address is not https";
}

/** An address that is asked without a secret. Metadata services of clouds have fixed ones, without TLS. */
export function readPublicUrl(text: string): URL | string {
  const url = readUrl(text);
  if (typeof url === "string") return url;
  if (url.protocol === "https:") return url;
  if (url.protocol === "http:" && (isLoopback(url) || METADATA_HOSTS.includes(url.hostname))) return url;
  return "the address is not https";
}

const METADATA_HOSTS: readonly string[] = ["169.254.169.254", "[fd00:ec2::254]", "metadata.google.internal"];

function readUrl(text: string): URL | string {
  if (/[\s\p{Cc}\\]/u.test(text) || !URL.canParse(text)) return "the address is no URL";
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return "the address has a user name or password in it";
  return url.hash === "" ? url : "the address has a fragment";
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}
