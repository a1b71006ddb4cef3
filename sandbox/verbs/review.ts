import type { JsonObject, KubeObject } from "../../src/objects/index.ts";
import { type Attributes, authorize, grants } from "../auth/rbac.ts";
import { serviceAccountUser } from "../auth/service-account-token.ts";
import type { User } from "../auth/user.ts";
import { forbiddenField } from "../kinds/causes.ts";
import { at, listAt, textAt } from "../object.ts";
import { invalid } from "../status.ts";
import type { ApiRequest, ObjectAnswer, Target, World } from "../world.ts";
import { decodeObject, readRawBody } from "./decode-body.ts";

type Reviewer = (world: World, object: KubeObject, request: ApiRequest, target: Target) => JsonObject;

/** Kinds that are questions: a POST is answered with `status` filled in, and nothing is stored. */
const REVIEWS: Readonly<Record<string, Reviewer>> = {
  selfsubjectaccessreviews: (world, object, { user }) => accessStatus(world, user, object),
  subjectaccessreviews: (world, object) => accessStatus(world, userOf(object), object),
  localsubjectaccessreviews: localAccess,
  selfsubjectrulesreviews: (world, object, { user }) => rulesStatus(world, user, object),
  selfsubjectreviews: (_world, _object, { user }) => ({ userInfo: userInfo(user) }),
  tokenreviews: tokenStatus,
};

/** Answers a review; undefined for resources that are stored. */
export function review(world: World, request: ApiRequest, target: Target): ObjectAnswer | undefined {
  const { type } = target;
  const reviewer = type.group.startsWith("auth") ? REVIEWS[type.plural] : undefined;
  if (reviewer === undefined) return undefined;
  const object = decodeObject(readRawBody(request, type.kind, world), type, request, world);
  const { spec, ...rest } = object;
  const status = reviewer(world, object, request, target);
  return { status: 201, object: { ...rest, ...(spec === undefined ? {} : { spec }), status } };
}

function localAccess(world: World, object: KubeObject, _request: ApiRequest, target: Target): JsonObject {
  const namespace = textAt(object, "spec", "resourceAttributes", "namespace");
  if (namespace !== target.namespace) {
    const why = `must match metadata.namespace`;
    throw invalid(target.type, "", [forbiddenField("spec.resourceAttributes.namespace", why)]);
  }
  return accessStatus(world, userOf(object), object);
}

function accessStatus(world: World, user: User, object: KubeObject): JsonObject {
  const verdict = authorize(world.store, user, attributesOf(object));
  return { allowed: verdict.allowed, ...(verdict.reason === "" ? {} : { reason: verdict.reason }) };
}

function attributesOf(object: KubeObject): Attributes {
  const plain = at(object, "spec", "nonResourceAttributes");
  if (textAt(plain, "path") !== "") return { kind: "path", verb: textAt(plain, "verb"), path: textAt(plain, "path") };
  const wish = at(object, "spec", "resourceAttributes");
  return {
    kind: "resource",
    verb: textAt(wish, "verb"),
    group: textAt(wish, "group"),
    resource: textAt(wish, "resource"),
    subresource: textAt(wish, "subresource"),
    namespace: textAt(wish, "namespace"),
    name: textAt(wish, "name"),
  };
}

function userOf(object: KubeObject): User {
  return {
    name: textAt(object, "spec", "user"),
    uid: textAt(object, "spec", "uid"),
    groups: listAt(object, "spec", "groups").map(String),
    extra: {},
  };
}

function userInfo(user: User): JsonObject {
  return {
    username: user.name,
    ...(user.uid === "" ? {} : { uid: user.uid }),
    groups: user.groups,
    ...(Object.keys(user.extra).length === 0 ? {} : { extra: user.extra }),
  };
}

function rulesStatus(world: World, user: User, object: KubeObject): JsonObject {
  const everything = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
  const rules = user.groups.includes("system:masters")
    ? [everything, { verbs: ["*"], nonResourceURLs: ["*"] }]
    : [...grants(world.store, user, textAt(object, "spec", "namespace"))].flatMap((grant) => grant.rules);
  return {
    resourceRules: rules.filter((rule) => listAt(rule, "nonResourceURLs").length === 0),
    nonResourceRules: rules.filter((rule) => listAt(rule, "nonResourceURLs").length > 0),
    incomplete: false,
  };
}

function tokenStatus(world: World, object: KubeObject): JsonObject {
  const token = textAt(object, "spec", "token");
  const user = world.tokens.find(token) ?? serviceAccountUser(token, world);
  if (user === undefined) return { user: {}, error: "invalid bearer token" };
  const groups = [...user.groups, "system:authenticated"];
  return { authenticated: true, user: userInfo({ ...user, groups }), audiences: ["https://kubernetes.default.svc"] };
}
