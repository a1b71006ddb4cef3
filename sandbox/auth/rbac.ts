import type { KubeObject } from "../../src/objects/index.ts";
import { listAt, textAt } from "../object.ts";
import { matchesLabels } from "../selectors.ts";
import type { Store } from "../storage/store.ts";
import type { User } from "./user.ts";

/** What somebody wants to do: with a resource, or with a plain path. */
export type Attributes =
  | {
      readonly kind: "resource";
      readonly verb: string;
      readonly group: string;
      readonly resource: string;
      readonly subresource: string;
      readonly namespace: string;
      readonly name: string;
    }
  | { readonly kind: "path"; readonly verb: string; readonly path: string };

export interface Verdict {
  readonly allowed: boolean;
  /** Which binding allows it. */
  readonly reason: string;
}

const MASTERS = "system:masters";
const RBAC = "rbac.authorization.k8s.io";

/** Whether Roles and ClusterRoles, through their bindings, let `user` do it. `system:masters` may do everything. */
export function authorize(store: Store, user: User, wish: Attributes): Verdict {
  if (user.groups.includes(MASTERS)) return { allowed: true, reason: "" };
  for (const { binding, role, rules } of grants(store, user, wish.kind === "resource" ? wish.namespace : "")) {
    if (!rules.some((rule) => covers(rule, wish))) continue;
    const scope = binding.kind === "ClusterRoleBinding" ? "" : `/${binding.metadata.namespace ?? ""}`;
    const subject = subjectText(binding, user);
    const reason = `RBAC: allowed by ${binding.kind} "${binding.metadata.name}${scope}" of ${role} to ${subject}`;
    return { allowed: true, reason };
  }
  return { allowed: false, reason: "" };
}

interface Grant {
  readonly binding: KubeObject;
  readonly role: string;
  readonly rules: readonly unknown[];
}

/** Everything that is granted to a user cluster-wide, and in `namespace` when one is given. */
export function* grants(store: Store, user: User, namespace: string): Generator<Grant> {
  const bindings = store.list(`${RBAC}/clusterrolebindings`);
  if (namespace !== "") bindings.push(...store.list(`${RBAC}/rolebindings`, `${namespace}/`));
  for (const binding of bindings) {
    if (!listAt(binding, "subjects").some((subject) => isSubject(subject, user, binding))) continue;
    const kind = textAt(binding, "roleRef", "kind");
    const name = textAt(binding, "roleRef", "name");
    const rules =
      kind === "ClusterRole" ? clusterRoleRules(store, name) : roleRules(store, binding.metadata.namespace ?? "", name);
    yield { binding, role: `${kind} "${name}"`, rules };
  }
}

function roleRules(store: Store, namespace: string, name: string): readonly unknown[] {
  return listAt(store.get(`${RBAC}/roles`, `${namespace}/${name}`), "rules");
}

/** Rules of a ClusterRole; an aggregated one has those of the roles that it selects, and so on. */
export function clusterRoleRules(store: Store, name: string, seen = new Set<string>()): readonly unknown[] {
  if (seen.has(name)) return [];
  seen.add(name);
  const role = store.get(`${RBAC}/clusterroles`, `/${name}`);
  const selectors = listAt(role, "aggregationRule", "clusterRoleSelectors");
  if (role === undefined || selectors.length === 0) return listAt(role, "rules");
  return store
    .list(`${RBAC}/clusterroles`)
    .filter((other) => other !== role && selectors.some((selector) => selectsRole(selector, other)))
    .flatMap((other) => clusterRoleRules(store, other.metadata.name ?? "", seen));
}

function selectsRole(selector: unknown, role: KubeObject): boolean {
  const labels = Object.entries(
    typeof selector === "object" && selector !== null && "matchLabels" in selector ? (selector.matchLabels ?? {}) : {},
  );
  return labels.length > 0 && matchesLabels(role, labels.map(([key, value]) => `${key}=${String(value)}`).join(","));
}

function isSubject(subject: unknown, user: User, binding: KubeObject): boolean {
  const name = textAt(subject, "name");
  switch (textAt(subject, "kind")) {
    case "User":
      return user.name === name;
    case "Group":
      return user.groups.includes(name);
    case "ServiceAccount": {
      const namespace = textAt(subject, "namespace") || (binding.metadata.namespace ?? "");
      return user.name === `system:serviceaccount:${namespace}:${name}`;
    }
    default:
      return false;
  }
}

function subjectText(binding: KubeObject, user: User): string {
  const subject = listAt(binding, "subjects").find((entry) => isSubject(entry, user, binding));
  const namespace = textAt(subject, "namespace");
  const name = JSON.stringify(namespace === "" ? textAt(subject, "name") : `${textAt(subject, "name")}/${namespace}`);
  return `${textAt(subject, "kind")} ${name}`;
}

/** Whether one rule covers one wish. */
export function covers(rule: unknown, wish: Attributes): boolean {
  const has = (field: string, value: string) => {
    const values = listAt(rule, field);
    return values.includes("*") || values.includes(value);
  };
  if (!has("verbs", wish.verb)) return false;
  if (wish.kind === "path") {
    return listAt(rule, "nonResourceURLs").some(
      (url) =>
        url === "*" ||
        url === wish.path ||
        (String(url).endsWith("*") && wish.path.startsWith(String(url).slice(0, -1))),
    );
  }
  const resources = listAt(rule, "resources");
  const full = wish.subresource === "" ? wish.resource : `${wish.resource}/${wish.subresource}`;
  const names = listAt(rule, "resourceNames");
  return (
    has("apiGroups", wish.group) &&
    (resources.includes("*") ||
      resources.includes(full) ||
      (wish.subresource !== "" && resources.includes(`*/${wish.subresource}`))) &&
    (names.length === 0 || (wish.name !== "" && names.includes(wish.name)))
  );
}
