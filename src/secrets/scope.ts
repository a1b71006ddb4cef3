import type { Scope } from "../sealed/index.ts";
import { stringMap } from "./fields.ts";

const GROUP = "sealedsecrets.bitnami.com/";
const NAMESPACE_WIDE = `${GROUP}namespace-wide`;
const CLUSTER_WIDE = `${GROUP}cluster-wide`;
export const SKIP_OWNER_REFERENCES = `${GROUP}skip-set-owner-references`;

type Annotations = Readonly<Record<string, string>>;

/** The scope that annotations select: only the exact word `true` counts, and cluster-wide wins. */
export function scopeOf(annotations: Annotations | undefined): Scope {
  if (isTrue(annotations, CLUSTER_WIDE)) return "cluster-wide";
  return isTrue(annotations, NAMESPACE_WIDE) ? "namespace-wide" : "strict";
}

export function isTrue(annotations: Annotations | undefined, name: string): boolean {
  return annotations !== undefined && Object.hasOwn(annotations, name) && annotations[name] === "true";
}

/** Name of the annotation that selects a scope. */
export function annotationOf(scope: Exclude<Scope, "strict">): string {
  return scope === "cluster-wide" ? CLUSTER_WIDE : NAMESPACE_WIDE;
}

/** The annotation that selects `scope`, alone. */
export function scopeAnnotations(scope: Scope): Record<string, string> | undefined {
  return scope === "strict" ? undefined : stringMap([[annotationOf(scope), "true"]]);
}

/** `annotations` with those of the scope replaced. `strict` removes both. */
export function withScope(annotations: Annotations | undefined, scope: Scope): Record<string, string> {
  const others = Object.entries(annotations ?? {}).filter(([key]) => key !== CLUSTER_WIDE && key !== NAMESPACE_WIDE);
  return stringMap([...others, ...Object.entries(scopeAnnotations(scope) ?? {})]);
}
