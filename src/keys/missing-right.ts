import { KubeError } from "../kube/index.ts";
import { KeysError } from "./errors.ts";

/** A right that an API refused a request for the want of. */
export interface MissingRight {
  readonly user: string;
  readonly verb: string;
  /** `secrets`, `secrets/status` */
  readonly resource: string;
  /** `""` for the core group. */
  readonly group: string;
  /** Undefined for the whole cluster. */
  readonly namespace: string | undefined;
}

/** How an API says it. Source: Kubernetes, `ForbiddenMessage` of the API server, seen in its answers. */
const FORBIDDEN =
  /User "(?<user>[^"]*)" cannot (?<verb>[a-z]+) resource "(?<resource>[^"]+)" in API group "(?<group>[^"]*)"(?: in the namespace "(?<namespace>[^"]*)")?/;

/** The right that is missing, when an API refused a request for that; undefined for any other failure. */
export function missingRight(cause: unknown): MissingRight | undefined {
  return cause instanceof KubeError && cause.status === 403 ? missingRightIn(cause.apiMessage) : undefined;
}

/** The right that an answer of an API says is missing. */
export function missingRightIn(answer: string): MissingRight | undefined {
  const { user, verb, resource, group = "", namespace } = FORBIDDEN.exec(answer)?.groups ?? {};
  if (user === undefined || verb === undefined || resource === undefined) return undefined;
  return { user, verb, resource, group, namespace };
}

/**
 * The error for a person whom the API refused something: the rule that is missing, and how to add it. Undefined for any
 * other failure.
 */
export function forbidden(cause: unknown): KeysError | undefined {
  const behind = cause instanceof KubeError ? cause : cause instanceof Error ? cause.cause : undefined;
  const right = missingRight(behind);
  return right === undefined ? undefined : lackOf(right, cause);
}

/** The error for whoever lacks a right. */
export function lackOf({ user, verb, resource, group, namespace }: MissingRight, cause: unknown): KeysError {
  const where = namespace === undefined ? "in the whole cluster" : `in namespace ${namespace}`;
  const kind = namespace === undefined ? "clusterrole" : "role";
  const [kindName = "", ...below] = resource.split("/");
  const full = group === "" ? resource : [`${kindName}.${group}`, ...below].join("/");
  const scope = namespace === undefined ? "" : `-n ${namespace} `;
  const details = cause instanceof KeysError ? [cause.message, ...cause.details] : [];
  return new KeysError("KEYS_FORBIDDEN", `Cannot ${verb} ${resource}: "${user}" may not do that ${where}`, {
    cause,
    details: [
      `missing rule: apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["${verb}"], ${where}`,
      ...details,
    ],
    hints: [
      "ask whoever manages the cluster for it:",
      `kubectl ${scope}create ${kind} sealkit-keys --verb=${verb} --resource=${full}`,
      `kubectl ${scope}create ${kind}binding sealkit-keys --${kind}=sealkit-keys --user=${JSON.stringify(user)}`,
    ],
  });
}
