import type { KubeObject } from "../src/objects/index.ts";

/**
 * Says which part of a value goes beyond what is implemented: the path of the first such field, or undefined when all
 * of it is supported.
 */
export type Support = (value: unknown, path: string) => string | undefined;

/** Everything in this field is supported. */
export const supported: Support = () => undefined;

/** Only these values are; an absent or empty one always is. */
export function only(...values: readonly unknown[]): Support {
  return (value, path) => (isUnset(value) || values.includes(value) ? undefined : path);
}

/** An object of which only these fields are supported. Another that is set to something counts as used. */
export function fields(known: Readonly<Record<string, Support>>): Support {
  const support = new Map(Object.entries(known));
  return (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    for (const [field, part] of Object.entries(value)) {
      const place = path === "" ? field : `${path}.${field}`;
      const check = support.get(field);
      const found = check === undefined ? (isUnset(part) ? undefined : place) : check(part, place);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** A list whose items are each checked. */
export function items(each: Support): Support {
  return (value, path) => {
    if (!Array.isArray(value)) return undefined;
    for (const [at, item] of value.entries()) {
      const found = each(item, `${path}[${at}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/**
 * The first field of `spec` that is used and not implemented, e.g. `spec.verify`. Look before any fetch or apply and
 * stall the object: a field that is silently ignored may be the one that its author relies on for safety.
 */
export function unsupportedField(
  object: { readonly spec?: unknown } | KubeObject,
  support: Support,
): string | undefined {
  return support(object["spec"], "spec");
}

/** An empty value asks for nothing, whatever the field means. */
function isUnset(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}
