import { decodeBase64, encodeBase64 } from "../../bytes/base64.ts";
import type { ClearText } from "../../clear-text.ts";
import {
  fieldOf,
  type KeyService,
  KeyServiceError,
  type KeyServiceErrorCode,
  type MasterKey,
} from "../../sops/index.ts";
import { textField } from "../http/message.ts";
import type { Refusal } from "../http/refusal.ts";
import type { KmsPorts } from "../ports.ts";
import { pathProblem, readServer, shownServer, type TransitLocation } from "./location.ts";
import { askVault } from "./request.ts";
import { readVaultSettings, type VaultSettings } from "./settings.ts";

/** Where the token for a server comes from. Asked only for servers of the allow list. */
export type VaultLogin = (server: URL, settings: VaultSettings) => Promise<ClearText | undefined>;

/**
 * The transit engine of HashiCorp Vault and OpenBao, with the token and the settings of the environment
 * (`VAULT_TOKEN`, `~/.vault-token`, `VAULT_NAMESPACE`, `VAULT_CACERT`, `SOPS_HC_VAULT_ALLOWLIST` …), read at the first use.
 */
export function vaultTransit(ports: KmsPorts): KeyService {
  let settings: ReturnType<typeof readVaultSettings> | undefined;
  const ready = async (): Promise<VaultSettings> => {
    settings ??= readVaultSettings(ports);
    const read = await settings;
    if (!("variable" in read)) return read;
    throw new KeyServiceError("KEY_SERVICE_BAD_SETTINGS", `Cannot use ${VAULT}: ${read.variable} is not usable`, {
      details: [read.state],
      original: read.original,
    });
  };
  return transitService(ports, ready, async (_, { token }) => token);
}

/** The transit engine with given settings and a login of its own; nothing is read from the environment. */
export function vaultTransitWith(ports: KmsPorts, settings: VaultSettings, login: VaultLogin): KeyService {
  return transitService(ports, async () => settings, login);
}

const VAULT = "HashiCorp Vault";

function transitService(ports: KmsPorts, ready: () => Promise<VaultSettings>, login: VaultLogin): KeyService {
  const ask = async (key: MasterKey, direction: "encrypt" | "decrypt", sent: string): Promise<unknown> => {
    const settings = await ready();
    const place = locationOf(key);
    // An allow list is of servers: which of their keys a token opens is for the server to say.
    if (!settings.allowed(place.server)) throw notAllowed(place, settings);
    const path = `${place.engine}/${direction}/${place.keyName}`;
    const answer = await askVault(ports, settings, {
      method: "PUT",
      server: place.server,
      path,
      body: { [direction === "encrypt" ? "plaintext" : "ciphertext"]: sent },
      token: await login(place.server, settings),
      secrets: [sent],
    });
    if (answer.kind === "refusal") throw refused(place, direction, answer);
    return answer.body["data"];
  };
  return {
    name: VAULT,
    async encrypt(key, dataKey) {
      const data = await ask(key, "encrypt", encodeBase64(dataKey));
      const ciphertext = textField(data, "ciphertext");
      if (ciphertext !== undefined && /^[\x21-\x7e]{1,8192}$/.test(ciphertext)) return ciphertext;
      throw badAnswer(locationOf(key), "encrypt", data, "encrypted ciphertext cannot be cast to string");
    },
    async decrypt(key) {
      const data = await ask(key, "decrypt", fieldOf(key, "enc"));
      const plaintext = textField(data, "plaintext");
      const bytes = plaintext === undefined ? undefined : decodeBase64(plaintext).bytes;
      if (bytes !== undefined) return bytes;
      throw badAnswer(locationOf(key), "decrypt", data, "decrypted plaintext data cannot be cast to string");
    },
  };
}

/** @throws {KeyServiceError} `KEY_SERVICE_BAD_KEY` when what the file says is no place that may be asked. */
function locationOf(key: MasterKey): TransitLocation {
  const [address, engine, keyName] = [
    fieldOf(key, "vault_address"),
    fieldOf(key, "engine_path"),
    fieldOf(key, "key_name"),
  ];
  const server = readServer(address);
  const problem =
    typeof server === "string"
      ? server
      : (named("engine path", pathProblem(engine)) ??
        named("key name", keyName.includes("/") ? 'it has a "/"' : pathProblem(keyName)));
  if (problem === undefined && typeof server !== "string") return { server, engine, keyName };
  const shown = `${hasCredentials(address) ? "" : `${address}/v1/`}${engine}/keys/${keyName}`;
  const state = problem ?? "";
  throw new KeyServiceError("KEY_SERVICE_BAD_KEY", `Cannot use ${VAULT} key ${JSON.stringify(shown)}: ${state}`, {
    original: `cannot use Vault key: ${state}`,
  });
}

function named(what: string, problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : `the ${what} is malformed: ${problem}`;
}

/** Anything before an `@` may be a password. */
function hasCredentials(address: string): boolean {
  return address.includes("@");
}

function keyUrl({ server, engine, keyName }: TransitLocation): string {
  return `${shownServer(server)}/v1/${engine}/keys/${keyName}`;
}

function notAllowed(place: TransitLocation, { allowHint }: VaultSettings): KeyServiceError {
  const address = shownServer(place.server);
  return new KeyServiceError(
    "KEY_SERVICE_NOT_ALLOWED",
    `Cannot use ${VAULT} key ${keyUrl(place)}: its server is not allowed`,
    {
      details: [
        "no token is sent to a server that is not on the allow list: its address may come from a file of others",
      ],
      hints: [allowHint(address)],
      original: `Allowlist does not allow ${address}`,
    },
  );
}

type Direction = "encrypt" | "decrypt";

function refused(place: TransitLocation, direction: Direction, refusal: Refusal): KeyServiceError {
  return failure(refusal.code, place, direction, {
    state: refusal.state,
    reason: refusal.original,
    hints:
      refusal.code === "KEY_SERVICE_DENIED"
        ? ["log in again: vault login", "or name a token: export VAULT_TOKEN=…"]
        : [],
  });
}

function badAnswer(place: TransitLocation, direction: Direction, data: unknown, reason: string): KeyServiceError {
  const isEmpty = data === undefined || data === null;
  return failure("KEY_SERVICE_BAD_ANSWER", place, direction, {
    state: `its answer has no ${direction === "encrypt" ? "ciphertext" : "plaintext"}`,
    reason: isEmpty ? "transit backend is empty" : reason,
    hints: [],
  });
}

interface Failure {
  readonly state: string;
  readonly reason: string;
  readonly hints: readonly string[];
}

function failure(
  code: KeyServiceErrorCode,
  place: TransitLocation,
  direction: Direction,
  { state, reason, hints }: Failure,
): KeyServiceError {
  const path = `${place.engine}/${direction}/${place.keyName}`;
  const toOrFrom = direction === "encrypt" ? "encrypt sops data key to" : "decrypt sops data key from";
  return new KeyServiceError(code, `Cannot ${direction} a data key with ${VAULT} key ${keyUrl(place)}: ${state}`, {
    hints,
    original: `failed to ${toOrFrom} Vault transit backend '${path}': ${reason}`,
  });
}
