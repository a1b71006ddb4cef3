import { readServer } from "./location.ts";

/** Which Vault servers may be given a token. */
export type AllowList = (server: URL) => boolean;

/** For tools where the user decides with every file, as the original does by default. */
const ALL_SERVERS: AllowList = () => true;

/**
 * The servers whose address begins with one of `prefixes`: same scheme, host and port, and whole steps of the path.
 *
 * @throws {RangeError} when a prefix is no address of a server
 */
export function serversOf(prefixes: readonly string[]): AllowList {
  const allowed = prefixes.map((prefix) => {
    const server = readServer(prefix);
    if (typeof server === "string") throw new RangeError(server);
    return server;
  });
  return (server) => allowed.some((prefix) => covers(prefix, server));
}

function covers(prefix: URL, server: URL): boolean {
  if (prefix.origin !== server.origin) return false;
  const wanted = steps(prefix);
  const given = steps(server);
  return wanted.every((step, index) => given[index] === step);
}

function steps({ pathname }: URL): string[] {
  return pathname.split("/").filter((step) => step !== "");
}

/**
 * Reads the text of `SOPS_HC_VAULT_ALLOWLIST`: `all` (also when it is empty), `none`, or addresses with commas between.
 *
 * @returns the list, or one clause saying why it is none
 */
export function readAllowList(text: string): AllowList | string {
  const words = text.trim();
  if (words === "" || words === "all") return ALL_SERVERS;
  if (words === "none") return () => false;
  const prefixes = words.split(",").map((entry) => entry.trim());
  for (const [index, prefix] of prefixes.entries()) {
    if (prefix === "") return `entry ${index + 1} is empty`;
    const server = readServer(prefix);
    if (typeof server === "string") return `entry ${index + 1}: ${server}`;
  }
  return serversOf(prefixes);
}
