import type { KeyObject } from "node:crypto";
import { ClearText } from "../../clear-text.ts";
import { textField } from "../http/message.ts";
import { rsaPrivateKey } from "../tokens/jwt.ts";
import { readPublicUrl, readSecretUrl } from "../tokens/safe-url.ts";

/** What a credentials file of Google Cloud holds, checked. Addresses are safe to be sent what belongs there. */
export type GoogleCredentials = ServiceAccount | AuthorizedUser | ExternalAccount | ImpersonatedAccount;

interface Shared {
  /** `googleapis.com` for all but sovereign clouds. */
  readonly universe: string;
  /** Whom requests are counted for, when it is not the project of the key. */
  readonly quotaProject: string | undefined;
}

export interface ServiceAccount extends Shared {
  readonly kind: "service_account";
  readonly email: string;
  readonly keyId: string | undefined;
  readonly privateKey: KeyObject;
  readonly tokenUrl: URL;
}

export interface AuthorizedUser extends Shared {
  readonly kind: "authorized_user";
  readonly clientId: string;
  readonly clientSecret: ClearText;
  readonly refreshToken: ClearText;
}

/** Workload identity federation: a token of another provider is exchanged for one of Google. */
export interface ExternalAccount extends Shared {
  readonly kind: "external_account";
  readonly audience: string;
  readonly subjectTokenType: string;
  readonly tokenUrl: URL;
  readonly impersonationUrl: URL | undefined;
  readonly subject: SubjectSource;
  readonly workforceProject: string | undefined;
}

export interface ImpersonatedAccount extends Shared {
  readonly kind: "impersonated_service_account";
  readonly source: GoogleCredentials;
  readonly impersonationUrl: URL;
  readonly delegates: readonly string[];
}

/** Where the other provider's token is. `field`: the name of it in a JSON object; absent when the text is the token. */
export type SubjectSource =
  | { readonly kind: "file"; readonly path: string; readonly field: string | undefined }
  | {
      readonly kind: "url";
      readonly url: URL;
      readonly headers: Readonly<Record<string, string>>;
      readonly field: string | undefined;
    };

/** Why credentials cannot be used, and what the original says where it says something. */
export interface CredentialsProblem {
  readonly kind: "problem";
  readonly state: string;
  readonly original: string;
}

export const GOOGLE_UNIVERSE = "googleapis.com";
const STANDARD_TOKEN_URL = `https://oauth2.${GOOGLE_UNIVERSE}/token`;
const MAX_NESTING = 3;

/** Reads the JSON of a credentials file. Nothing of it is in a problem but the names of its fields and its type. */
export function readGoogleCredentials(json: string): GoogleCredentials | CredentialsProblem {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return problem("they are no JSON", "invalid character looking for beginning of value");
  }
  return credentialsOf(parsed, 0);
}

function credentialsOf(parsed: unknown, depth: number): GoogleCredentials | CredentialsProblem {
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return problem("they are no JSON object");
  const type = textField(parsed, "type") ?? "";
  const shared: Shared = {
    universe: textField(parsed, "universe_domain") || GOOGLE_UNIVERSE,
    quotaProject: textField(parsed, "quota_project_id") || undefined,
  };
  if (!/^[a-z0-9.-]{1,253}$/.test(shared.universe)) return problem("universe_domain is no domain");
  if (shared.quotaProject !== undefined && !/^[\w.:-]{1,200}$/.test(shared.quotaProject)) {
    return problem("quota_project_id is no project");
  }
  switch (type) {
    case "service_account":
      return serviceAccount(parsed, shared);
    case "authorized_user":
      return authorizedUser(parsed, shared);
    case "external_account":
      return externalAccount(parsed, shared);
    case "impersonated_service_account":
      return impersonatedAccount(parsed, shared, depth);
    default:
      return problem(
        type === "" ? "they have no type" : `their type ${shown(type)} is not supported`,
        type === ""
          ? "credentials: unsupported unidentified file type"
          : `credentials: unsupported filetype ${shown(type)}`,
      );
  }
}

function serviceAccount(parsed: object, shared: Shared): ServiceAccount | CredentialsProblem {
  const email = textField(parsed, "client_email") ?? "";
  if (email === "") return problem("client_email is missing", "auth: email must be provided");
  const privateKey = rsaPrivateKey(textField(parsed, "private_key") ?? "");
  if (privateKey === undefined) return problem("private_key is no RSA private key of 2048 bits or more in PEM");
  const tokenUrl = readSecretUrl(textField(parsed, "token_uri") || STANDARD_TOKEN_URL);
  if (typeof tokenUrl === "string") return problem(`token_uri cannot be used: ${tokenUrl}`);
  const keyId = textField(parsed, "private_key_id") || undefined;
  return { kind: "service_account", ...shared, email, keyId, privateKey, tokenUrl };
}

function authorizedUser(parsed: object, shared: Shared): AuthorizedUser | CredentialsProblem {
  const [clientId = "", clientSecret = "", refreshToken = ""] = ["client_id", "client_secret", "refresh_token"].map(
    (name) => textField(parsed, name),
  );
  if (clientId === "" || clientSecret === "") return problem("client_id or client_secret is missing");
  if (refreshToken === "") return problem("refresh_token is missing");
  return {
    kind: "authorized_user",
    ...shared,
    clientId,
    clientSecret: ClearText.fromText(clientSecret),
    refreshToken: ClearText.fromText(refreshToken),
  };
}

function externalAccount(parsed: object, shared: Shared): ExternalAccount | CredentialsProblem {
  const audience = textField(parsed, "audience") ?? "";
  const subjectTokenType = textField(parsed, "subject_token_type") ?? "";
  if (audience === "" || subjectTokenType === "") return problem("audience or subject_token_type is missing");
  const tokenUrl = readSecretUrl(textField(parsed, "token_url") || `https://sts.${shared.universe}/v1/token`);
  if (typeof tokenUrl === "string") return problem(`token_url cannot be used: ${tokenUrl}`);
  const impersonation = textField(parsed, "service_account_impersonation_url") ?? "";
  const impersonationUrl = impersonation === "" ? undefined : readSecretUrl(impersonation);
  if (typeof impersonationUrl === "string") {
    return problem(`service_account_impersonation_url cannot be used: ${impersonationUrl}`);
  }
  const subject = subjectSource("credential_source" in parsed ? parsed.credential_source : undefined);
  if ("state" in subject) return subject;
  const workforceProject = textField(parsed, "workforce_pool_user_project") || undefined;
  return {
    kind: "external_account",
    ...shared,
    audience,
    subjectTokenType,
    tokenUrl,
    impersonationUrl,
    subject,
    workforceProject,
  };
}

function subjectSource(source: unknown): SubjectSource | CredentialsProblem {
  if (typeof source !== "object" || source === null) return problem("credential_source is missing");
  for (const [field, what] of UNSUPPORTED_SOURCES) {
    if (field in source) return problem(`${what} as the source of an external account is not supported`);
  }
  const field = subjectField("format" in source ? source.format : undefined);
  if (typeof field === "object") return field;
  const path = textField(source, "file") ?? "";
  if (path !== "") return { kind: "file", path, field };
  const url = readPublicUrl(textField(source, "url") ?? "");
  if (typeof url === "string") return problem(`the url of credential_source cannot be used: ${url}`);
  const headers = requestHeaders("headers" in source ? source.headers : undefined);
  if (headers === undefined) return problem("the headers of credential_source are no texts");
  return { kind: "url", url, headers, field };
}

const UNSUPPORTED_SOURCES: readonly (readonly [string, string])[] = [
  ["environment_id", "AWS"],
  ["executable", "a program"],
  ["certificate", "a certificate"],
];

function subjectField(format: unknown): string | undefined | CredentialsProblem {
  const type = textField(format, "type") ?? "text";
  if (type === "text") return undefined;
  if (type !== "json") return problem("the format of credential_source is neither text nor json");
  const field = textField(format, "subject_token_field_name") ?? "";
  return field === "" ? problem("subject_token_field_name is missing") : field;
}

const MAX_HEADERS = 20;

function requestHeaders(headers: unknown): Record<string, string> | undefined {
  const checked: Record<string, string> = Object.create(null);
  if (headers === undefined || headers === null) return checked;
  if (typeof headers !== "object" || Object.keys(headers).length > MAX_HEADERS) return undefined;
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== "string" || !/^[\w-]{1,100}$/.test(name) || !/^[\x20-\x7e]*$/.test(value)) return undefined;
    checked[name.toLowerCase()] = value;
  }
  return checked;
}

function impersonatedAccount(parsed: object, shared: Shared, depth: number): ImpersonatedAccount | CredentialsProblem {
  if (depth >= MAX_NESTING) return problem("source_credentials are nested too deep");
  const impersonationUrl = readSecretUrl(textField(parsed, "service_account_impersonation_url") ?? "");
  if (typeof impersonationUrl === "string") {
    return problem(`service_account_impersonation_url cannot be used: ${impersonationUrl}`);
  }
  const source = credentialsOf("source_credentials" in parsed ? parsed.source_credentials : undefined, depth + 1);
  if (source.kind === "problem") return problem(`source_credentials: ${source.state}`, source.original);
  const delegates: unknown = "delegates" in parsed ? parsed.delegates : [];
  if (!Array.isArray(delegates) || !delegates.every((name): name is string => typeof name === "string")) {
    return problem("delegates are no list of texts");
  }
  return { kind: "impersonated_service_account", ...shared, source, impersonationUrl, delegates };
}

function problem(state: string, original: string = state): CredentialsProblem {
  return { kind: "problem", state, original };
}

/** A type that nobody knows may be something that was pasted there by mistake. */
function shown(type: string): string {
  return /^[a-z_]{1,40}$/.test(type) ? JSON.stringify(type) : "[redacted]";
}
