import { isTenant } from "./clouds.ts";

/**
 * What token a vault wants, out of the `WWW-Authenticate` of its refusal: `Bearer authorization="…", resource="…"`.
 *
 * The vault says itself what token it wants to see, and the vault's address comes from a file. So the resource has to be
 * a domain that the vault is in: a token for `vault.azure.net` is for `*.vault.azure.net` alone.
 *
 * @returns the scope to ask a token for, or one clause saying why there is none
 */
export function readChallenge(header: string | undefined, vault: URL): Challenge | string {
  if (header === undefined || header.length > MAX_CHARACTERS) return "it does not say what token it wants";
  const [, given = ""] = /^\s*Bearer\s+(.*)$/is.exec(header) ?? [];
  const fields = new Map<string, string>();
  for (const [, name = "", value = ""] of given.matchAll(/([a-z_]{1,40})="([^"]*)"/gi))
    fields.set(name.toLowerCase(), value);
  const wanted = fields.get("resource") ?? fields.get("scope")?.replace(/\/\.default$/, "") ?? "";
  if (!URL.canParse(wanted)) return "it does not say what token it wants";
  const resource = new URL(wanted);
  if (resource.protocol !== "https:") return "it wants a token for something that is not https";
  if (!vault.host.endsWith(`.${resource.host}`)) {
    return `it wants a token for ${JSON.stringify(resource.host)}, a domain that it is not in`;
  }
  return {
    resource: resource.origin,
    scope: `${resource.origin}/.default`,
    tenant: tenantOf(fields.get("authorization") ?? fields.get("authorization_uri") ?? ""),
  };
}

/** The tenant of the vault: the first step of where it says that one logs in. Of that address nothing else is used. */
function tenantOf(authorization: string): string | undefined {
  const [, tenant = ""] = URL.canParse(authorization) ? new URL(authorization).pathname.split("/") : [];
  return isTenant(tenant) ? tenant : undefined;
}

/** `resource` is the older name of the same: managed identities are asked with it. */
export interface Challenge {
  readonly resource: string;
  readonly scope: string;
  /** Whose the vault is, when it says so. */
  readonly tenant?: string | undefined;
}

const MAX_CHARACTERS = 4096;
