import { KeyServiceError } from "../../sops/index.ts";
import type { KmsPorts } from "../ports.ts";
import { apiUrl, pathProblem, readServer, shownServer } from "./location.ts";
import { askVault, type VaultRequest } from "./request.ts";
import { readVaultSettings } from "./settings.ts";

/** A secret of a key/value engine. */
export interface KvPlace {
  readonly address: string;
  /** `secret/` when nobody says otherwise. */
  readonly mount: string;
  /** Behind the mount: `apps/db.yaml`. */
  readonly path: string;
  /** Of the engine. */
  readonly version: 1 | 2;
}

export type KvData = Readonly<Record<string, unknown>>;

/** Reads and writes secrets of key/value engines. */
export interface VaultKv {
  /** The latest version; undefined when there is none. @throws {KeyServiceError} */
  read(place: KvPlace): Promise<KvData | undefined>;
  /** Writes a new version, whatever is there. @throws {KeyServiceError} */
  write(place: KvPlace, data: KvData): Promise<void>;
}

/**
 * With the token and the settings of the environment. The address comes out of a `.sops.yaml`, which may be of others: where
 * there is an allow list it counts here as for keys, since the token and clear text go there.
 */
export function vaultKv(ports: KmsPorts): VaultKv {
  return {
    async read(place) {
      const body = await askKv(ports, place, { method: "GET", verb: "read" });
      if (body === undefined) return undefined;
      const data = body["data"];
      return objectOf(place.version === 2 ? objectOf(data)?.["data"] : data);
    },
    async write(place, data) {
      const body = place.version === 2 ? { data } : data;
      await askKv(ports, place, { method: "PUT", verb: "write", body });
    },
  };
}

/** The path in the API: `secret/data/apps/db.yaml`. */
export function kvPath({ mount, path, version }: KvPlace): string {
  return `${mount.replace(/\/+$/, "")}/${version === 2 ? "data/" : ""}${path.replace(/^\/+/, "")}`;
}

/** The address as people read it: `https://vault.example/v1/secret/data/apps/db.yaml`. */
export function kvUrl(place: KvPlace): string {
  const server = readServer(place.address);
  return typeof server === "string" ? kvPath(place) : apiUrl(server, kvPath(place)).href;
}

interface KvRequest {
  readonly method: VaultRequest["method"];
  readonly verb: "read" | "write";
  readonly body?: KvData;
}

/** The body of the answer; undefined when a secret to read is not there. */
async function askKv(ports: KmsPorts, place: KvPlace, { method, verb, body }: KvRequest): Promise<KvData | undefined> {
  const fail = (code: KeyServiceError["code"], state: string, original: string, hints: readonly string[] = []) =>
    new KeyServiceError(code, `Cannot ${verb} the Vault secret ${JSON.stringify(kvUrl(place))}: ${state}`, {
      original,
      hints,
    });
  const settings = await readVaultSettings(ports);
  if ("variable" in settings) {
    throw fail("KEY_SERVICE_BAD_SETTINGS", `${settings.variable} is not usable: ${settings.state}`, settings.original);
  }
  const server = readServer(place.address);
  if (typeof server === "string") throw fail("KEY_SERVICE_BAD_KEY", server, server);
  if (!settings.allowed(server)) {
    const address = shownServer(server);
    const original = `Allowlist does not allow ${address}`;
    throw fail("KEY_SERVICE_NOT_ALLOWED", "its server is not allowed", original, [settings.allowHint(address)]);
  }
  const path = kvPath(place);
  const malformed = pathProblem(path);
  if (malformed !== undefined) throw fail("KEY_SERVICE_BAD_KEY", `the path is malformed: ${malformed}`, malformed);
  const answer = await askVault(ports, settings, {
    method,
    server,
    path,
    token: settings.token,
    ...(body === undefined ? {} : { body, secrets: textsOf(body) }),
  });
  if (answer.kind === "answer") return answer.body;
  if (verb === "read" && answer.status === 404) return undefined;
  throw fail(answer.code, answer.state, answer.original);
}

const MAX_TEXTS = 1000;

/** The texts in the values, so that a server that repeats them does not get them into a message. */
function textsOf(body: KvData): string[] {
  const texts: string[] = [];
  const waiting: unknown[] = [body];
  while (waiting.length > 0 && texts.length < MAX_TEXTS) {
    const value = waiting.pop();
    if (typeof value === "string") texts.push(value);
    else if (typeof value === "object" && value !== null) waiting.push(...Object.values(value).slice(0, MAX_TEXTS));
  }
  return texts;
}

function objectOf(value: unknown): KvData | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const copy: Record<string, unknown> = Object.create(null);
  return Object.assign(copy, value);
}
