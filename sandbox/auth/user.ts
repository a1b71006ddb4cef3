/** Who sent a request. */
export interface User {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

const ACCOUNT_PREFIX = "system:serviceaccount:";

/** Groups that a service account is in by its name. */
export function accountGroups(name: string): readonly string[] {
  if (!name.startsWith(ACCOUNT_PREFIX)) return [];
  const [namespace = ""] = name.slice(ACCOUNT_PREFIX.length).split(":");
  return ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
}
