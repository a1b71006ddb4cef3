import type { KubeObject } from "../../src/objects/index.ts";
import { listAt, textAt } from "../object.ts";
import type { ResourceType } from "../registry/resource-type.ts";
import { forbidden } from "../status.ts";
import type { World } from "../world.ts";
import { authorize, clusterRoleRules, covers, grants } from "./rbac.ts";
import type { User } from "./user.ts";

const RBAC = "rbac.authorization.k8s.io";

/** One thing that a rule allows, as small as rules get. */
interface Permission {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly name: string;
  readonly url: string;
}

/** More combinations than this in one role are not looked at one by one: the role is refused. */
const MAX_PERMISSIONS = 20_000;

/**
 * Refuses a role with rights that its author does not have, and a binding to such a role, unless the author holds the
 * verb `escalate` or `bind`.
 *
 * @throws StatusError 403
 */
export function forbidEscalation(world: World, user: User, type: ResourceType, object: KubeObject): void {
  if (type.group !== RBAC || user.groups.includes("system:masters")) return;
  const namespace = object.metadata.namespace ?? "";
  const isBinding = type.plural.endsWith("bindings");
  const role = isBinding ? textAt(object, "roleRef", "name") : (object.metadata.name ?? "");
  const resource = isBinding ? (textAt(object, "roleRef", "kind") === "Role" ? "roles" : "clusterroles") : type.plural;
  const verb = isBinding ? "bind" : "escalate";
  const wish = { kind: "resource", verb, group: RBAC, resource, subresource: "", namespace, name: role } as const;
  if (authorize(world.store, user, wish).allowed) return;
  const rules = isBinding ? boundRules(world, resource, namespace, role) : listAt(object, "rules");
  const held = [...grants(world.store, user, namespace)].flatMap((grant) => grant.rules);
  const missing = split(rules).filter((permission) => !held.some((rule) => allows(rule, permission)));
  if (missing.length === 0) return;
  const groups = user.groups.map((group) => JSON.stringify(group)).join(" ");
  const why = `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${describe(missing)}`;
  throw forbidden(type, object.metadata.name ?? "", why);
}

function boundRules(world: World, resource: string, namespace: string, name: string): readonly unknown[] {
  return resource === "clusterroles"
    ? clusterRoleRules(world.store, name)
    : listAt(world.store.get(`${RBAC}/roles`, `${namespace}/${name}`), "rules");
}

function split(rules: readonly unknown[]): readonly Permission[] {
  const found: Permission[] = [];
  const texts = (rule: unknown, field: string) => listAt(rule, field).map(String);
  for (const rule of rules) {
    for (const verb of texts(rule, "verbs")) {
      for (const url of texts(rule, "nonResourceURLs")) found.push({ verb, url, group: "", resource: "", name: "" });
      for (const group of texts(rule, "apiGroups")) {
        for (const resource of texts(rule, "resources")) {
          const names = texts(rule, "resourceNames");
          for (const name of names.length === 0 ? [""] : names) found.push({ verb, group, resource, name, url: "" });
          if (found.length > MAX_PERMISSIONS) return found;
        }
      }
    }
  }
  return found;
}

function allows(rule: unknown, { verb, group, resource, name, url }: Permission): boolean {
  if (url !== "") return covers(rule, { kind: "path", verb, path: url });
  const [plural = "", subresource = ""] = resource.split("/");
  return covers(rule, { kind: "resource", verb, group, resource: plural, subresource, namespace: "", name });
}

/** Verbs of the same resource on one line. */
function describe(missing: readonly Permission[]): string {
  const lines = new Map<string, string[]>();
  for (const { verb, group, resource, name, url } of missing) {
    const names = name === "" ? "" : `, ResourceNames:[${JSON.stringify(name)}]`;
    const object =
      url === ""
        ? `APIGroups:[${JSON.stringify(group)}], Resources:[${JSON.stringify(resource)}]${names}`
        : `NonResourceURLs:[${JSON.stringify(url)}]`;
    lines.set(object, [...(lines.get(object) ?? []), verb]);
  }
  return [...lines]
    .map(([object, verbs]) => `{${object}, Verbs:[${verbs.map((verb) => JSON.stringify(verb)).join(" ")}]}`)
    .join("\n");
}
