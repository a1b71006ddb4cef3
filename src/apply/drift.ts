import { isRecord, type KubeObject } from "../objects/index.ts";

/**
 * Whether applying would change a live object: `applied` is what a dry run of it gives. Compares labels, annotations and
 * everything but the rest of metadata and the status.
 */
export function hasDrifted(live: KubeObject, applied: KubeObject): boolean {
  return (
    !sameJson(live.metadata.labels ?? {}, applied.metadata.labels ?? {}) ||
    !sameJson(live.metadata.annotations ?? {}, applied.metadata.annotations ?? {}) ||
    !sameJson(content(live), content(applied))
  );
}

function content(object: KubeObject): Readonly<Record<string, unknown>> {
  const { metadata: _metadata, status: _status, ...rest } = object;
  return rest;
}

/** Equality of JSON values: the order of keys does not count, an undefined field is an absent one. */
function sameJson(left: unknown, right: unknown): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => sameJson(item, right[index]));
  }
  if (!isRecord(left) || !isRecord(right)) return Object.is(left, right);
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => sameJson(left[key], right[key]));
}
