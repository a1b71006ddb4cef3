import type { KmsPorts } from "../ports.ts";
import { readServer } from "./location.ts";
import { refused, type SettingProblem } from "./setting-problem.ts";

/** Whom requests are sent to in place of the server that a file names. */
export interface VaultAgent {
  readonly server: URL;
  /** Where it listens, when that is no port. */
  readonly socketPath?: string;
}

/** `VAULT_AGENT_ADDR`: an address, or a socket of this machine as `unix:///run/vault/agent.sock`. */
export function readAgent(text: string | undefined): VaultAgent | string | undefined {
  if (text === undefined) return undefined;
  const [, socketPath] = /^unix:\/\/(\/.+)$/s.exec(text) ?? [];
  if (socketPath === undefined) {
    const server = readServer(text);
    return typeof server === "string" ? server : { server };
  }
  if (/\p{Cc}/u.test(socketPath)) return "the path of the socket has control characters";
  return { server: new URL("http://localhost"), socketPath };
}

/**
 * The proxy that `VAULT_PROXY_ADDR` names, or else `VAULT_HTTP_PROXY`: it goes before those of the environment, and
 * `NO_PROXY` does not count.
 *
 * Source: recorded runs of sops 3.13.3.
 */
export function readProxy({ env }: Pick<KmsPorts, "env">): string | SettingProblem | undefined {
  const variable = env("VAULT_PROXY_ADDR") === undefined ? "VAULT_HTTP_PROXY" : "VAULT_PROXY_ADDR";
  const text = env(variable);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return refused(variable, "it is no URL, such as http://proxy:3128", "missing protocol scheme");
  if (SCHEMES.has(url.protocol)) return url.href;
  return refused(variable, "only proxies with http://, https:// and socks5:// are supported", "");
}

const SCHEMES: ReadonlySet<string> = new Set(["http:", "https:", "socks5:", "socks5h:"]);
