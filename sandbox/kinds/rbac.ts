import { equalJson, isJsonObject, type KubeObject } from "../../src/objects/index.ts";
import { child, listAt, textAt } from "../object.ts";
import type { Strategy, WriteContext } from "../registry/resource-type.ts";
import type { Cause } from "../status.ts";
import { invalidValue, notSupported, required } from "./causes.ts";
import { byDefault } from "./pod-template.ts";

const GROUP = "rbac.authorization.k8s.io";

export const roleStrategy: Strategy = {
  nameRule: "path-segment",
  prepare: (role) => {
    role["rules"] ??= null;
  },
  validate: (role) =>
    listAt(role, "rules").flatMap((rule, index) => {
      const field = `rules[${index}]`;
      const causes: Cause[] = [];
      const plain = listAt(rule, "nonResourceURLs").length > 0;
      if (listAt(rule, "verbs").length === 0)
        causes.push(required(`${field}.verbs`, "verbs must contain at least one value"));
      if (plain) return causes;
      if (listAt(rule, "apiGroups").length === 0) {
        causes.push(required(`${field}.apiGroups`, "resource rules must supply at least one api group"));
      }
      if (listAt(rule, "resources").length === 0) {
        causes.push(required(`${field}.resources`, "resource rules must supply at least one resource"));
      }
      return causes;
    }),
};

export const bindingStrategy: Strategy = {
  nameRule: "path-segment",
  prepare: (binding) => {
    byDefault(child(binding, "roleRef"), "apiGroup", GROUP);
    for (const subject of listAt(binding, "subjects")) {
      if (isJsonObject(subject) && textAt(subject, "kind") !== "ServiceAccount") byDefault(subject, "apiGroup", GROUP);
    }
  },
  validate: validateBinding,
};

function validateBinding(binding: KubeObject, { old }: WriteContext): Cause[] {
  const causes: Cause[] = [];
  const kind = textAt(binding, "roleRef", "kind");
  const kinds = binding.kind === "RoleBinding" ? ["Role", "ClusterRole"] : ["ClusterRole"];
  if (!kinds.includes(kind)) causes.push(notSupported("roleRef.kind", kind, kinds));
  if (textAt(binding, "roleRef", "name") === "") causes.push(required("roleRef.name"));
  for (const [index, subject] of listAt(binding, "subjects").entries()) {
    const field = `subjects[${index}]`;
    const subjectKind = textAt(subject, "kind");
    if (textAt(subject, "name") === "") causes.push(required(`${field}.name`));
    if (!["User", "Group", "ServiceAccount"].includes(subjectKind)) {
      causes.push(notSupported(`${field}.kind`, subjectKind, ["ServiceAccount", "User", "Group"]));
    }
    if (
      subjectKind === "ServiceAccount" &&
      binding.kind === "ClusterRoleBinding" &&
      textAt(subject, "namespace") === ""
    ) {
      causes.push(required(`${field}.namespace`));
    }
  }
  if (old !== undefined && !equalJson(binding["roleRef"], old["roleRef"])) {
    causes.push(invalidValue("roleRef", binding["roleRef"], "cannot change roleRef"));
  }
  return causes;
}
