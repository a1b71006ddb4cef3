import type { ClearText } from "../../clear-text.ts";
import { fieldOf, type KeyService, KeyServiceError, type MasterKey, SERVICE_NAMES } from "../../sops/index.ts";
import { askJson, type Explanation, type JsonAnswer } from "../http/ask-json.ts";
import { exchange } from "../http/exchange.ts";
import { codeOfFailure } from "../http/failure-code.ts";
import { type HttpAnswer, type HttpRequest, jsonObject, textField } from "../http/message.ts";
import { type Refusal, refusal } from "../http/refusal.ts";
import type { KmsPorts } from "../ports.ts";
import { renewing, type TokenSource } from "../tokens/access-token.ts";
import { type Challenge, readChallenge } from "./challenge.ts";
import { isKnownVault } from "./clouds.ts";
import { type AzureLogin, ambientLogin } from "./credential-chain.ts";
import { type AzureKeyPlace, readKeyPlace, shownKey } from "./key-place.ts";
import { type StaticLoginOptions, staticLogin } from "./static-login.ts";

export interface AzureKeyVaultOptions {
  /** Whether only vaults of Microsoft's clouds are asked, whatever a file names; default false. */
  readonly onlyMicrosoft?: boolean | undefined;
}

/** Azure Key Vault with the credentials of the environment, looked for at the first use. */
export function azureKeyVault(ports: KmsPorts, { onlyMicrosoft = false }: AzureKeyVaultOptions = {}): KeyService {
  return vaultService(ports, ambientLogin(ports), onlyMicrosoft ? isKnownVault : () => true);
}

/**
 * Azure Key Vault with the credentials of a `sops.azure-kv` entry and nothing else of this machine, for vaults and logins
 * of Microsoft's clouds alone: neither the author of a file nor that of a Secret is trusted with requests from here.
 */
export function azureKeyVaultWith(
  ports: KmsPorts,
  credentials: ClearText,
  options: StaticLoginOptions = {},
): KeyService {
  return vaultService(ports, staticLogin(ports, credentials, options), isKnownVault);
}

/** Understood by all clouds; what is used of it has been the same since 2019. */
const API_VERSION = "7.4";
const ALGORITHM = "RSA-OAEP-256";

type Task = "encrypt" | "decrypt" | "complete";

function vaultService(ports: KmsPorts, login: AzureLogin, isAllowed: (vault: URL) => boolean): KeyService {
  const sessions = new Map<string, TokenSource>();
  const placeOf = (key: MasterKey, task: Task): AzureKeyPlace => {
    const place = readKeyPlace(key);
    if (typeof place === "string") throw failure(key, task, refusal("KEY_SERVICE_BAD_KEY", place));
    if (isAllowed(place.vault)) return place;
    const state = "its vault is in none of Microsoft's clouds, and no other one is asked";
    throw failure(key, task, refusal("KEY_SERVICE_NOT_ALLOWED", state));
  };
  /** The token for a vault; which one it wants is asked once. */
  const session = async ({ vault }: AzureKeyPlace, request: HttpRequest): Promise<TokenSource | Refusal> => {
    const known = sessions.get(vault.origin);
    if (known !== undefined) return known;
    const challenge = await askChallenge(ports, vault, request);
    if ("kind" in challenge) return challenge;
    const source = renewing(ports, () => login(challenge));
    sessions.set(vault.origin, source);
    return source;
  };
  const ask = async (
    place: AzureKeyPlace,
    request: HttpRequest,
    secrets: readonly string[],
  ): Promise<JsonAnswer | Refusal> => {
    const source = await session(place, request);
    if (typeof source !== "function") return source;
    const token = await source();
    if (token.kind === "refusal") return token;
    const bearer = token.token.revealText();
    const authorized = { ...request, headers: { ...request.headers, authorization: `Bearer ${bearer}` } };
    return await askJson(ports, () => authorized, { who: "the vault", secrets: [bearer, ...secrets], explain });
  };

  /** The newest version of a key. */
  const newest = async (key: MasterKey, task: Task): Promise<string> => {
    const place = placeOf(key, task);
    const answer = await ask(
      place,
      { method: "GET", url: apiUrl(place.vault, ["keys", place.name, ""]), headers: {} },
      [],
    );
    if (answer.kind === "refusal") throw failure(key, "complete", answer);
    const [, version] = /\/keys\/[^/]+\/([0-9A-Za-z]{1,64})$/.exec(textField(answer.body["key"], "kid") ?? "") ?? [];
    if (version !== undefined) return version;
    throw failure(key, "complete", refusal("KEY_SERVICE_BAD_ANSWER", "its answer has no version of the key"));
  };

  const use = async (key: MasterKey, task: "encrypt" | "decrypt", value: string): Promise<string> => {
    const place = placeOf(key, task);
    const version = place.version === "" ? await newest(key, task) : place.version;
    const request: HttpRequest = {
      method: "POST",
      url: apiUrl(place.vault, ["keys", place.name, version, task]),
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ alg: ALGORITHM, value }),
    };
    const answer = await ask(place, request, [value]);
    if (answer.kind === "refusal") throw failure(key, task, answer);
    const result = textField(answer.body, "value") ?? "";
    if (isBase64Url(result)) return result;
    throw failure(key, task, refusal("KEY_SERVICE_BAD_ANSWER", "its answer has no value"));
  };

  return {
    name: SERVICE_NAMES.azure_kv,
    encrypt: async (key, dataKey) => await use(key, "encrypt", Buffer.from(dataKey).toString("base64url")),
    async decrypt(key) {
      const enc = fieldOf(key, "enc");
      if (!isBase64Url(enc)) {
        throw failure(key, "decrypt", refusal("KEY_SERVICE_BAD_DATA", "what the file has for it is no base64url"));
      }
      return new Uint8Array(Buffer.from(await use(key, "decrypt", enc), "base64url"));
    },
    async complete(key) {
      if (fieldOf(key, "version") !== "") return key;
      return { type: key.type, fields: new Map([...key.fields, ["version", await newest(key, "complete")]]) };
    },
  };
}

const MAX_VALUE_CHARACTERS = 8192;

/** Without padding, and with no bits left over. */
function isBase64Url(text: string): boolean {
  if (text.length > MAX_VALUE_CHARACTERS || !/^[\w-]+$/.test(text)) return false;
  return Buffer.from(text, "base64url").toString("base64url") === text;
}

function apiUrl(vault: URL, steps: readonly string[]): URL {
  const url = new URL(vault);
  url.pathname = `/${steps.map(encodeURIComponent).join("/")}`;
  url.searchParams.set("api-version", API_VERSION);
  return url;
}

/** Asks without a token, and without what should be encrypted, to hear what token the vault wants. */
async function askChallenge(ports: KmsPorts, vault: URL, request: HttpRequest): Promise<Challenge | Refusal> {
  const body = request.method === "POST" ? { body: "" } : {};
  const outcome = await exchange(ports, () => ({ method: request.method, url: request.url, headers: {}, ...body }));
  if (outcome.kind === "failure") return refusal(codeOfFailure(outcome.reason), `the vault: ${outcome.state}`);
  if (outcome.status === 429) return refusal("KEY_SERVICE_THROTTLED", "the vault answers 429");
  if (outcome.status >= 500) return refusal("KEY_SERVICE_FAILED", `the vault answers ${outcome.status}`);
  const challenge =
    outcome.status === 401
      ? readChallenge(outcome.header("www-authenticate"), vault)
      : `it answers ${outcome.status} to a request without a token`;
  return typeof challenge === "string" ? refusal("KEY_SERVICE_BAD_ANSWER", `the vault: ${challenge}`) : challenge;
}

/** Source: the error responses of the Key Vault REST API. */
function explain(answer: HttpAnswer): Explanation {
  const error = jsonObject(answer)?.["error"];
  const name = textField(error, "code");
  const isBadData = name === "BadParameter" && answer.status === 400;
  return {
    name,
    words: textField(error, "message"),
    code: isBadData ? "KEY_SERVICE_BAD_DATA" : undefined,
    original: (words, shownName) => `RESPONSE ${answer.status}\nERROR CODE: ${shownName || "unavailable"}\n${words}`,
  };
}

function failure(key: MasterKey, task: Task, { code, state, original, hints }: Refusal): KeyServiceError {
  const shown = shownKey(key);
  const what = task === "complete" ? "find the version of" : `${task} a data key with`;
  return new KeyServiceError(code, `Cannot ${what} ${SERVICE_NAMES.azure_kv} key ${JSON.stringify(shown)}: ${state}`, {
    ...(hints === undefined ? {} : { hints }),
    original:
      task === "complete"
        ? `failed to fetch Azure Key to retrieve key version: ${original}`
        : `failed to ${task} sops data key with Azure Key Vault key '${shown}': ${original}`,
  });
}
