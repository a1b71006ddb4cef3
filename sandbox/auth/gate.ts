import { forbidden, StatusError } from "../status.ts";
import type { World } from "../world.ts";
import { type Attributes, authorize } from "./rbac.ts";
import type { User } from "./user.ts";

/** @throws StatusError 403 when `user` may not do it */
export function requireRight(world: World, user: User, wish: Attributes): void {
  if (!authorize(world.store, user, wish).allowed) throw refusal(user, wish);
}

function refusal(user: User, wish: Attributes): StatusError {
  const who = `User ${JSON.stringify(user.name)} cannot ${wish.verb}`;
  if (wish.kind === "path") {
    const message = `forbidden: ${who} path ${JSON.stringify(wish.path)}`;
    return new StatusError({ code: 403, reason: "Forbidden", message, details: {} });
  }
  const resource = wish.subresource === "" ? wish.resource : `${wish.resource}/${wish.subresource}`;
  const scope = wish.namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(wish.namespace)}`;
  const why = `${who} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(wish.group)} ${scope}`;
  return forbidden({ group: wish.group, plural: wish.resource }, wish.name, why);
}

/**
 * Checks that `user` may act as `other`, header by header.
 *
 * @throws StatusError 403
 */
export function requireImpersonation(world: World, user: User, other: User, groupsGiven: boolean): void {
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(other.name);
  const wish = (
    resource: string,
    name: string,
    more: { group?: string; subresource?: string; namespace?: string } = {},
  ) =>
    requireRight(world, user, {
      kind: "resource",
      verb: "impersonate",
      group: more.group ?? "",
      resource,
      subresource: more.subresource ?? "",
      namespace: more.namespace ?? "",
      name,
    });
  if (account !== null) wish("serviceaccounts", account[2] ?? "", { namespace: account[1] ?? "" });
  else wish("users", other.name);
  if (groupsGiven) {
    for (const group of other.groups) if (group !== "system:authenticated") wish("groups", group);
  }
  if (other.uid !== "") wish("uids", other.uid, { group: "authentication.k8s.io" });
  for (const [key, values] of Object.entries(other.extra)) {
    for (const value of values) wish("userextras", value, { group: "authentication.k8s.io", subresource: key });
  }
}
