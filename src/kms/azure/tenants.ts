import { type Refusal, refusal } from "../http/refusal.ts";
import type { Challenge } from "./challenge.ts";
import { isTenant } from "./clouds.ts";

/** The tenant of a client, and those that it may get tokens of besides. */
export interface ClientTenants {
  /** An id or a domain. */
  readonly tenant: string;
  /** `*` stands for all. */
  readonly moreTenants?: readonly string[] | undefined;
}

/** Which tenant is asked for a token: that of the vault, where the client may be a guest there, else its own. */
export function tenantFor({ tenant, moreTenants = [] }: ClientTenants, wanted: Challenge): string | Refusal {
  if (wanted.tenant === undefined || wanted.tenant === tenant) return tenant;
  if (moreTenants.includes("*") || moreTenants.includes(wanted.tenant)) return wanted.tenant;
  // A domain and an id may be the same tenant.
  if (!isId(tenant) || !isId(wanted.tenant)) return tenant;
  return refusal("KEY_SERVICE_BAD_SETTINGS", `the vault is of the tenant ${wanted.tenant}, the login of ${tenant}`, {
    original: `The current credential is not configured to acquire tokens for tenant ${wanted.tenant}`,
    hints: [`if the login is a guest there: export AZURE_ADDITIONALLY_ALLOWED_TENANTS=${wanted.tenant}`],
  });
}

function isId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** `AZURE_ADDITIONALLY_ALLOWED_TENANTS`: ids and domains with semicolons between, or `*`. */
export function readMoreTenants(text: string | undefined): readonly string[] | undefined {
  const names = (text ?? "").split(";").map((name) => name.trim());
  const given = names.filter((name) => name !== "");
  return given.every((name) => name === "*" || isTenant(name)) ? given : undefined;
}
