import { decodeBase64, encodeBase64 } from "../../bytes/base64.ts";
import type { ClearText } from "../../clear-text.ts";
import { fieldOf, type KeyService, KeyServiceError, type MasterKey, SERVICE_NAMES } from "../../sops/index.ts";
import { askJson } from "../http/ask-json.ts";
import { textField } from "../http/message.ts";
import { type Refusal, refusal } from "../http/refusal.ts";
import type { KmsPorts } from "../ports.ts";
import { readSecretUrl } from "../tokens/safe-url.ts";
import { crc32c } from "./crc32c.ts";
import { readGoogleCredentials } from "./credentials-file.ts";
import { GOOGLE_UNIVERSE } from "./credentials-problem.ts";
import { accessOf, ambientAccess, type GoogleAccess } from "./google-access.ts";
import { explainGoogle } from "./google-token.ts";

/** Google Cloud KMS with the credentials and settings of the environment, read at the first use. */
export function gcpKms(ports: KmsPorts): KeyService {
  let access: Promise<GoogleAccess | Refusal> | undefined;
  return kmsService(ports, {
    endpoint: (universe) => endpointOf(ports, universe),
    access: () => {
      access ??= ambientAccess(ports);
      return access;
    },
  });
}

/**
 * Google Cloud KMS with the key file of a service account and nothing else of this machine. A key file that leads to
 * other addresses than Google's is refused: its author is not trusted with requests from here.
 */
export function gcpKmsWith(ports: KmsPorts, keyFile: ClearText): KeyService {
  const access = async (): Promise<GoogleAccess | Refusal> => {
    const credentials = readGoogleCredentials(keyFile.revealText());
    if (credentials.kind === "problem") return badKeyFile(credentials.state);
    if (credentials.kind !== "service_account") return badKeyFile(`only service accounts are allowed`);
    if (credentials.universe !== GOOGLE_UNIVERSE) return badKeyFile("universe_domain is not googleapis.com");
    if (!TOKEN_HOSTS.includes(credentials.tokenUrl.host) || credentials.tokenUrl.protocol !== "https:") {
      return badKeyFile("token_uri is not Google's");
    }
    return accessOf(ports, credentials);
  };
  let found: Promise<GoogleAccess | Refusal> | undefined;
  return kmsService(ports, {
    endpoint: () => new URL(STANDARD_ENDPOINT),
    access: () => {
      found ??= access();
      return found;
    },
  });
}

const STANDARD_ENDPOINT = `https://cloudkms.${GOOGLE_UNIVERSE}`;
const TOKEN_HOSTS: readonly string[] = ["oauth2.googleapis.com", "accounts.google.com", "www.googleapis.com"];

function badKeyFile(state: string): Refusal {
  return refusal("KEY_SERVICE_BAD_SETTINGS", `the service account key cannot be used: ${state}`);
}

/** Where the service is, and who asks. */
interface Setup {
  readonly endpoint: (credentialsUniverse: string | undefined) => URL | Refusal;
  readonly access: () => Promise<GoogleAccess | Refusal>;
}

/**
 * A host of one's own (`SOPS_GCP_KMS_ENDPOINT`), or that of the universe. The service is always asked by REST; what
 * `SOPS_GCP_KMS_CLIENT_TYPE` says makes no difference.
 */
function endpointOf(ports: KmsPorts, credentialsUniverse: string | undefined): URL | Refusal {
  const given = ports.env("SOPS_GCP_KMS_ENDPOINT");
  if (given !== undefined) {
    const url = readSecretUrl(given.includes("://") ? given : `https://${given}`);
    if (typeof url !== "string" && url.search === "") return url;
    const state = typeof url === "string" ? url : "the address has a query";
    return refusal("KEY_SERVICE_BAD_SETTINGS", `SOPS_GCP_KMS_ENDPOINT is not usable: ${state}`);
  }
  const universe = ports.env("SOPS_GCP_KMS_UNIVERSE_DOMAIN") ?? credentialsUniverse ?? GOOGLE_UNIVERSE;
  if (!/^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$/.test(universe)) {
    return refusal("KEY_SERVICE_BAD_SETTINGS", "SOPS_GCP_KMS_UNIVERSE_DOMAIN is not usable: it is no domain");
  }
  if (credentialsUniverse === undefined || credentialsUniverse === universe)
    return new URL(`https://cloudkms.${universe}`);
  // A token of one cloud is not for another one to see.
  const [wanted, found] = [JSON.stringify(universe), JSON.stringify(credentialsUniverse)];
  return refusal("KEY_SERVICE_BAD_SETTINGS", `the credentials are of the universe ${found}, not of ${wanted}`, {
    original: `the configured universe domain (${wanted}) does not match the universe domain found in the credentials (${found}). If you haven't configured the universe domain explicitly, "googleapis.com" is the default`,
  });
}

type Direction = "encrypt" | "decrypt";

function kmsService(ports: KmsPorts, setup: Setup): KeyService {
  const ask = async (key: MasterKey, direction: Direction, bytes: Uint8Array): Promise<Uint8Array> => {
    const answer = await askKms(ports, setup, { resource: resourceOf(key, direction), direction, bytes });
    if (answer instanceof Uint8Array) return answer;
    throw failure(key, direction, answer);
  };
  return {
    name: SERVICE_NAMES.gcp_kms,
    encrypt: async (key, dataKey) => encodeBase64(await ask(key, "encrypt", dataKey)),
    async decrypt(key) {
      const { bytes } = decodeBase64(fieldOf(key, "enc"));
      if (bytes !== undefined) return await ask(key, "decrypt", bytes);
      throw failure(key, "decrypt", refusal("KEY_SERVICE_BAD_DATA", "what the file has for it is no base64"));
    },
  };
}

/** @throws {KeyServiceError} `KEY_SERVICE_BAD_KEY` when the file names no key. */
function resourceOf(key: MasterKey, direction: Direction): string {
  const resource = fieldOf(key, "resource_id");
  const steps = resource.split("/");
  const isSafe = resource.length <= MAX_RESOURCE_CHARACTERS && !/[\p{Cc}\p{Cs}]/u.test(resource);
  if (isSafe && RESOURCE.test(resource) && !steps.includes(".") && !steps.includes("..")) return resource;
  const state = "it is no projects/…/locations/…/keyRings/…/cryptoKeys/…";
  const original = `cannot create GCP KMS service: no valid resource ID found in ${JSON.stringify(resource)}`;
  throw failure(key, direction, refusal("KEY_SERVICE_BAD_KEY", state, { original, isWhole: true }));
}

const RESOURCE = /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/;
const MAX_RESOURCE_CHARACTERS = 1024;

interface Question {
  readonly resource: string;
  readonly direction: Direction;
  readonly bytes: Uint8Array;
}

/** Source: `projects.locations.keyRings.cryptoKeys.encrypt` and `.decrypt` of the Cloud KMS API, version 1. */
async function askKms(ports: KmsPorts, setup: Setup, question: Question): Promise<Uint8Array | Refusal> {
  const access = await setup.access();
  if (access.kind === "refusal") return access;
  const endpoint = setup.endpoint(access.universe);
  if (!(endpoint instanceof URL)) return endpoint;
  const token = await access.tokens();
  if (token.kind === "refusal") return token;
  const bearer = token.token.revealText();
  const { direction, bytes } = question;
  const [input, output] = direction === "encrypt" ? FIELDS : FIELDS.toReversed();
  const sent = encodeBase64(bytes);
  const answer = await askJson(
    ports,
    () => ({
      method: "POST",
      url: urlOf(endpoint, question),
      headers: {
        authorization: `Bearer ${bearer}`,
        "content-type": "application/json",
        ...(access.quotaProject === undefined ? {} : { "x-goog-user-project": access.quotaProject }),
      },
      body: JSON.stringify({ [input]: sent, [`${input}Crc32c`]: String(crc32c(bytes)) }),
    }),
    { who: "the service", secrets: [bearer, sent], explain: explainGoogle },
  );
  return answer.kind === "refusal" ? answer : resultOf(answer.body, output);
}

const FIELDS = ["plaintext", "ciphertext"] as const;

function urlOf(endpoint: URL, { resource, direction }: Question): URL {
  const url = new URL(endpoint);
  const path = resource.split("/").map(encodeURIComponent).join("/");
  url.pathname = `${endpoint.pathname.replace(/\/+$/, "")}/v1/${path}:${direction}`;
  return url;
}

/** Checksums are the service's own way of telling that nothing was changed on the way. A stand-in may have none. */
function resultOf(body: Readonly<Record<string, unknown>>, output: "plaintext" | "ciphertext"): Uint8Array | Refusal {
  const text = textField(body, output);
  const bytes = text === undefined || text === "" ? undefined : decodeBase64(text).bytes;
  if (bytes === undefined) return refusal("KEY_SERVICE_BAD_ANSWER", `its answer has no ${output}`);
  const sum = body[`${output}Crc32c`];
  if (sum === undefined) return bytes;
  if (String(sum) !== String(crc32c(bytes))) {
    return refusal("KEY_SERVICE_BAD_ANSWER", `the ${output} of its answer does not have the checksum it came with`);
  }
  if (output === "ciphertext" && body["verifiedPlaintextCrc32c"] !== true) {
    return refusal("KEY_SERVICE_BAD_ANSWER", "it did not get the data key as it was sent");
  }
  return bytes;
}

function failure(
  key: MasterKey,
  direction: Direction,
  { code, state, original, isWhole, hints }: Refusal,
): KeyServiceError {
  const resource = JSON.stringify(fieldOf(key, "resource_id").slice(0, MAX_RESOURCE_CHARACTERS));
  return new KeyServiceError(
    code,
    `Cannot ${direction} a data key with ${SERVICE_NAMES.gcp_kms} key ${resource}: ${state}`,
    {
      ...(hints === undefined ? {} : { hints }),
      original: isWhole === true ? original : `failed to ${direction} sops data key with GCP KMS key: ${original}`,
    },
  );
}
