import { shellWord } from "../../bytes/shell-word.ts";
import { ClearText } from "../../clear-text.ts";
import type { ConnectionSettings, KmsPorts, TlsSettings } from "../ports.ts";
import { type AllowList, readAllowList } from "./allow-list.ts";
import { readAgent, readProxy } from "./detours.ts";
import { problem, refused, type SettingProblem } from "./setting-problem.ts";
import { readTls } from "./tls.ts";

/** How Vault servers are spoken to, as far as no file says it. */
export interface VaultSettings {
  readonly allowed: AllowList;
  /** What to do to have a server allowed. */
  readonly allowHint: (address: string) => string;
  /** Absent when there is none: an agent in between may add its own. */
  readonly token: ClearText | undefined;
  readonly namespace: string | undefined;
  readonly connection: ConnectionSettings;
  /** An agent that speaks to the server for us. */
  readonly agent: URL | undefined;
  readonly timeoutMs: number | undefined;
  readonly attempts: number | undefined;
  /** More headers for every request; they may be secret. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Settings that nothing of the environment goes into. */
export function fixedVaultSettings(given: {
  readonly allowed: AllowList;
  readonly allowHint: (address: string) => string;
  readonly namespace?: string | undefined;
  readonly tls?: TlsSettings | undefined;
}): VaultSettings {
  return {
    allowed: given.allowed,
    allowHint: given.allowHint,
    token: undefined,
    namespace: given.namespace,
    connection: given.tls ?? {},
    agent: undefined,
    timeoutMs: undefined,
    attempts: undefined,
    headers: {},
  };
}

/**
 * Reads the settings that the tools of Vault and OpenBao take from the environment, and the token they leave in
 * `~/.vault-token`.
 *
 * Source: the variables of the Vault command line; recorded runs of sops 3.13.3.
 */
export async function readVaultSettings(ports: KmsPorts): Promise<VaultSettings | SettingProblem> {
  const allowed = readAllowList(ports.env("SOPS_HC_VAULT_ALLOWLIST") ?? "");
  if (typeof allowed === "string") {
    return problem("SOPS_HC_VAULT_ALLOWLIST", allowed, `SOPS_HC_VAULT_ALLOWLIST's ${allowed}`);
  }
  const token = await readToken(ports);
  const timeoutMs = readDuration(ports.env("VAULT_CLIENT_TIMEOUT"));
  if (timeoutMs === INVALID)
    return refused("VAULT_CLIENT_TIMEOUT", "it is no time", 'could not parse "VAULT_CLIENT_TIMEOUT"');
  const retries = readCount(ports.env("VAULT_MAX_RETRIES"));
  if (retries === INVALID) return refused("VAULT_MAX_RETRIES", "it is no number from 0 to 20", "invalid syntax");
  const headers = readHeaders(ports.env("VAULT_HEADERS"));
  if (headers === undefined) return refused("VAULT_HEADERS", "it is no JSON object of texts", "invalid headers");
  const agent = readAgent(ports.env("VAULT_AGENT_ADDR"));
  if (typeof agent === "string") return problem("VAULT_AGENT_ADDR", agent, agent);
  const proxy = readProxy(ports);
  if (typeof proxy === "object") return proxy;
  const tls = await readTls(ports);
  if ("variable" in tls) return tls;
  const { socketPath } = agent ?? {};
  return {
    allowed,
    allowHint: (address) => `allow it, if you trust it: export SOPS_HC_VAULT_ALLOWLIST=${shellWord(address)}`,
    token,
    namespace: ports.env("VAULT_NAMESPACE"),
    connection: {
      ...tls,
      ...(proxy === undefined ? {} : { proxy }),
      ...(socketPath === undefined ? {} : { socketPath }),
    },
    agent: agent?.server,
    timeoutMs,
    attempts: retries === undefined ? undefined : retries + 1,
    headers,
  };
}

async function readToken(ports: KmsPorts): Promise<ClearText | undefined> {
  const text = ports.env("VAULT_TOKEN") ?? (await tokenFile(ports)) ?? "";
  return text.trim() === "" ? undefined : ClearText.fromText(text.trim());
}

async function tokenFile(ports: KmsPorts): Promise<string | undefined> {
  const bytes = await ports.readFile(`${ports.home}/.vault-token`);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** The token as it goes into a header. */
export function isPrintable(token: string): boolean {
  return /^[\x21-\x7e]{1,16384}$/.test(token);
}

const INVALID: unique symbol = Symbol("invalid");

const MAX_RETRIES = 20;

function readCount(text: string | undefined): number | undefined | typeof INVALID {
  if (text === undefined) return undefined;
  return /^\d{1,2}$/.test(text) && Number(text) <= MAX_RETRIES ? Number(text) : INVALID;
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
]);
const MAX_TIMEOUT_MS = 3_600_000;

/** `30`, `30s`, `1m30s`; at least a millisecond and at most an hour. */
function readDuration(text: string | undefined): number | undefined | typeof INVALID {
  if (text === undefined) return undefined;
  if (!/^(\d{1,9}(\.\d{1,9})?(ms|s|m|h)){1,4}$|^\d{1,9}$/.test(text)) return INVALID;
  let total = 0;
  for (const [, digits = "", unit = "s"] of text.matchAll(/([\d.]+)(ms|s|m|h)?/g)) {
    total += Number(digits) * (UNIT_MS.get(unit) ?? 0);
  }
  return total < 1 ? INVALID : Math.min(total, MAX_TIMEOUT_MS);
}

/** Headers that say what we are and what we want are ours. */
const OWN_HEADERS = /^(x-vault-(token|request|namespace)|content-(type|length)|host|connection|transfer-encoding)$/;

function readHeaders(text: string | undefined): Readonly<Record<string, string>> | undefined {
  if (text === undefined) return {};
  const headers: Record<string, string> = Object.create(null);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    for (const [name, given] of Object.entries(value)) {
      if (typeof given !== "string" || !/^[\w-]{1,100}$/.test(name) || !/^[\x20-\x7e]*$/.test(given)) return undefined;
      if (!OWN_HEADERS.test(name.toLowerCase())) headers[name.toLowerCase()] = given;
    }
  } catch {
    return undefined;
  }
  return headers;
}
