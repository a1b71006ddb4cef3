import { ClearText } from "../../clear-text.ts";
import { askJson } from "../http/ask-json.ts";
import { type Refusal, refusal } from "../http/refusal.ts";
import type { KmsPorts } from "../ports.ts";
import {
  type AccessToken,
  fixedToken,
  isBearerToken,
  renewing,
  type TokenSource,
  tokenOf,
} from "../tokens/access-token.ts";
import { explainOauth } from "../tokens/explain-oauth.ts";
import { type GoogleCredentials, readGoogleCredentials } from "./credentials-file.ts";
import { type CredentialsProblem, GOOGLE_UNIVERSE } from "./credentials-problem.ts";
import { GOOGLE_SCOPES, googleTokens } from "./google-token.ts";
import { METADATA_LIMITS, metadataHost } from "./metadata-server.ts";

/** Who we are for Google Cloud. */
export interface GoogleAccess {
  readonly kind: "access";
  readonly tokens: TokenSource;
  /** The cloud that the credentials are of; undefined when they do not say it. */
  readonly universe: string | undefined;
  readonly quotaProject: string | undefined;
}

/**
 * The first credentials of: `GOOGLE_CREDENTIALS` (a path or JSON), `GOOGLE_OAUTH_ACCESS_TOKEN`, the file that
 * `GOOGLE_APPLICATION_CREDENTIALS` names, gcloud's application default file, the machine's metadata server. What is named
 * and cannot be used is a refusal: nobody is somebody else by mistake.
 */
export async function ambientAccess(ports: KmsPorts): Promise<GoogleAccess | Refusal> {
  const given = ports.env("GOOGLE_CREDENTIALS");
  if (given !== undefined) {
    const bytes = given.trimStart().startsWith("{") ? undefined : await ports.readFile(given);
    return credentialsAccess(ports, "GOOGLE_CREDENTIALS", textOf(bytes) ?? given);
  }
  const token = ports.env("GOOGLE_OAUTH_ACCESS_TOKEN");
  if (token !== undefined) return tokenAccess(ports, token);
  const path = ports.env("GOOGLE_APPLICATION_CREDENTIALS");
  if (path !== undefined) {
    const json = textOf(await ports.readFile(path));
    if (json !== undefined) return credentialsAccess(ports, "GOOGLE_APPLICATION_CREDENTIALS", json);
    const original = `cannot create GCP KMS service: open ${path}: no such file or directory`;
    const state = `GOOGLE_APPLICATION_CREDENTIALS names ${JSON.stringify(path)}, which cannot be read`;
    return refusal("KEY_SERVICE_NO_CREDENTIALS", state, { original, isWhole: true });
  }
  for (const standard of standardFiles(ports)) {
    const json = textOf(await ports.readFile(standard));
    if (json !== undefined) return credentialsAccess(ports, standard, json);
  }
  return machineAccess(ports);
}

/** Access with credentials that were read elsewhere. */
export function accessOf(ports: KmsPorts, credentials: GoogleCredentials): GoogleAccess {
  const { universe, quotaProject } = credentials;
  return { kind: "access", tokens: renewing(ports, googleTokens(ports, credentials)), universe, quotaProject };
}

function credentialsAccess(ports: KmsPorts, place: string, json: string): GoogleAccess | Refusal {
  const credentials = readGoogleCredentials(json);
  if (credentials.kind === "problem") return badCredentials(place, credentials);
  const access = accessOf(ports, credentials);
  return { ...access, quotaProject: ports.env("GOOGLE_CLOUD_QUOTA_PROJECT") ?? access.quotaProject };
}

function badCredentials(place: string, { state, original }: CredentialsProblem): Refusal {
  return refusal("KEY_SERVICE_BAD_SETTINGS", `the credentials of ${place} cannot be used: ${state}`, {
    original: `cannot create GCP KMS service: ${original}`,
    isWhole: true,
  });
}

function tokenAccess(ports: KmsPorts, token: string): GoogleAccess | Refusal {
  if (!isBearerToken(token.trim())) {
    return refusal("KEY_SERVICE_BAD_SETTINGS", "GOOGLE_OAUTH_ACCESS_TOKEN is not usable: it is no token");
  }
  const tokens = fixedToken(ClearText.fromText(token.trim()));
  return { kind: "access", tokens, universe: GOOGLE_UNIVERSE, quotaProject: ports.env("GOOGLE_CLOUD_QUOTA_PROJECT") };
}

/** Where gcloud leaves what `gcloud auth application-default login` got. */
function standardFiles(ports: KmsPorts): string[] {
  const name = "gcloud/application_default_credentials.json";
  const windows = ports.env("APPDATA");
  return [...(windows === undefined ? [] : [`${windows}/${name}`]), `${ports.home}/.config/${name}`];
}

function machineAccess(ports: KmsPorts): GoogleAccess {
  return {
    kind: "access",
    tokens: renewing(ports, () => machineToken(ports)),
    universe: undefined,
    quotaProject: ports.env("GOOGLE_CLOUD_QUOTA_PROJECT"),
  };
}

/** Source: Google's documentation of the metadata server. */
async function machineToken(ports: KmsPorts): Promise<AccessToken | Refusal> {
  const host = metadataHost(ports);
  if (typeof host !== "string") return host;
  const url = new URL(`http://${host}/computeMetadata/v1/instance/service-accounts/default/token`);
  url.searchParams.set("scopes", GOOGLE_SCOPES.join(","));
  const who = `the metadata server ${host}`;
  const answer = await askJson(ports, () => ({ method: "GET", url, headers: { "metadata-flavor": "Google" } }), {
    who,
    secrets: [],
    explain: explainOauth,
    limits: METADATA_LIMITS,
  });
  if (answer.kind === "refusal") return noCredentials(answer);
  // Any server may stand at this address of a network that is not Google's.
  if (answer.header("metadata-flavor") !== "Google") {
    return refusal("KEY_SERVICE_BAD_ANSWER", `${who}: the answer is not of a metadata server`);
  }
  return tokenOf(ports, answer.body, who);
}

function noCredentials({ state }: Refusal): Refusal {
  return refusal("KEY_SERVICE_NO_CREDENTIALS", `no credentials were found, and ${state}`, {
    original: `credentials: cannot fetch token: ${state}`,
    hints: [
      "log in: gcloud auth application-default login",
      "or name a key file: export GOOGLE_APPLICATION_CREDENTIALS=key.json",
    ],
  });
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
