import { quoteGo } from "../../bytes/go-quote.ts";
import type { MasterKey } from "../metadata/metadata.ts";
import { badKey } from "./bad-key.ts";

const EXAMPLE = "https://vault.example.com:8200/v1/transit/keys/keyName";
const NO_SCHEME = `missing scheme in Vault URL (should be like this: +${EXAMPLE}), got: `;
const BAD_PATH = `vault path does not seem to be formatted correctly: (eg. ${EXAMPLE})`;
const PREFIXED = `running Vault with a prefixed URL is not supported! (Format has to be like ${EXAMPLE})`;

/** Longest address that is looked at. */
const MAX_LENGTH = 4096;

/**
 * The key of an address `https://HOST/v1/ENGINE/keys/NAME`. The engine may have several parts.
 *
 * @throws {SopsError} `SOPS_BAD_KEY`; also for what the original stores and nobody can use: other schemes, passwords,
 * queries.
 */
export function vaultKeyOfUri(uri: string): MasterKey {
  const refused = (state: string, upstream: string) =>
    badKey({ type: "hc_vault", text: withoutPassword(uri), state, example: EXAMPLE, upstream });
  if (uri.length > MAX_LENGTH) throw refused("it is too long", BAD_PATH);
  const [, scheme = "", host = "", path = "", more = ""] =
    /^(?:([^:/?#]*):\/\/([^/?#]*))?([^?#]*)(.*)$/s.exec(uri) ?? [];
  if (scheme === "") throw refused("it has no scheme", uri.startsWith(":") ? noProtocol(uri) : `${NO_SCHEME}${uri}`);
  if (!/^https?$/i.test(scheme)) throw refused("its scheme is neither https nor http", `${NO_SCHEME}${uri}`);
  if (host.includes("@")) throw refused("it has a user name or password, which everybody could read", BAD_PATH);
  if (host === "") throw refused("it names no host", BAD_PATH);
  if (more !== "") throw refused("it has a query or fragment", BAD_PATH);
  const parts = path.replace(/\/$/, "").split("/").slice(1);
  const [version = "", ...inner] = parts;
  const keyName = inner.at(-1) ?? "";
  const enginePath = inner.slice(0, -2);
  if (!/^v\d+$/.test(version) && parts.some((part) => /^v\d+$/.test(part))) {
    throw refused("there is something in front of /v1", PREFIXED);
  }
  if (!/^v\d+$/.test(version) || enginePath.length === 0 || inner.includes("")) {
    throw refused("its path is not that of a key", BAD_PATH);
  }
  return vaultKey(`${scheme}://${host}`, enginePath.join("/"), keyName);
}

function vaultKey(address: string, enginePath: string, keyName: string): MasterKey {
  return {
    type: "hc_vault",
    fields: new Map([
      ["vault_address", address],
      ["engine_path", enginePath],
      ["key_name", keyName],
    ]),
  };
}

function noProtocol(uri: string): string {
  return `parse ${quoteGo(uri)}: missing protocol scheme`;
}

function withoutPassword(uri: string): string {
  return uri.replace(/\/\/[^/@]*@/, "//…@");
}
