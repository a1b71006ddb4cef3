import type { IncomingHttpHeaders } from "node:http";
import { badRequest, unauthorized } from "../status.ts";
import type { World } from "../world.ts";
import { serviceAccountUser } from "./service-account-token.ts";
import { accountGroups, type User } from "./user.ts";

const ANONYMOUS: User = { name: "system:anonymous", uid: "", groups: ["system:unauthenticated"], extra: {} };
const AUTHENTICATED = "system:authenticated";

/**
 * Who sent the request, by its bearer token.
 *
 * @throws StatusError 401 for a token that nobody has
 */
export function authenticate(headers: IncomingHttpHeaders, world: World): User {
  const header = headers.authorization;
  if (header === undefined) return ANONYMOUS;
  const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
  const user = token === undefined ? undefined : (world.tokens.find(token) ?? serviceAccountUser(token, world));
  if (user === undefined) throw unauthorized();
  return withGroup(user, AUTHENTICATED);
}

const withGroup = (user: User, group: string): User =>
  user.groups.includes(group) ? user : { ...user, groups: [...user.groups, group] };

/** Whom the request wants to be; undefined without impersonation headers. */
export function impersonated(headers: IncomingHttpHeaders): User | undefined {
  const name = single(headers["impersonate-user"]);
  const groups = many(headers["impersonate-group"]);
  const uid = single(headers["impersonate-uid"]) ?? "";
  const extra = Object.fromEntries(
    Object.entries(headers)
      .filter(([key]) => key.startsWith("impersonate-extra-"))
      .map(([key, value]) => [decodeURIComponent(key.slice("impersonate-extra-".length)), many(value)]),
  );
  if (name === undefined || name === "") {
    if (groups.length > 0 || uid !== "" || Object.keys(extra).length > 0) {
      throw badRequest("requested impersonation without impersonating a user");
    }
    return undefined;
  }
  return withGroup({ name, uid, groups: groups.length > 0 ? groups : accountGroups(name), extra }, AUTHENTICATED);
}

const single = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);
// node joins repeated headers with a comma and a blank.
const many = (value: string | string[] | undefined): string[] =>
  (Array.isArray(value) ? value : (value?.split(", ") ?? [])).filter((item) => item !== "");
