import { isJsonObject, type KubeObject } from "../../src/objects/index.ts";

/** Steps of one path; longer ones show nothing. */
const MAX_STEPS = 50;

type Step =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "all" }
  | { readonly kind: "filter"; readonly key: string; readonly value: string };

/**
 * The value that a printer column's JSON path leads to: keys, indexes, `[*]` and filters of the form
 * `[?(@.type=="Ready")]`. Null when there is none.
 */
export function jsonPathCell(object: KubeObject, path: string): string | number | boolean | null {
  let found: unknown[] = [object];
  for (const step of parsePath(path)) found = found.flatMap((value) => follow(value, step));
  const value = found[0];
  if (value === undefined || value === null) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return JSON.stringify(value);
}

const STEP =
  /^\.?\[\?\(@\.([A-Za-z0-9_]+)\s*==\s*["']([^"']*)["']\)\]|^\.?\[(\d+)\]|^\.?\[(\*)\]|^\.?\['((?:[^'\\]|\\.)*)'\]|^\.((?:[^.[\]\\]|\\.)+)/;

function parsePath(path: string): readonly Step[] {
  const steps: Step[] = [];
  let rest = path.trim().replace(/^\{|\}$/g, "");
  if (!rest.startsWith(".") && !rest.startsWith("[")) rest = `.${rest}`;
  while (rest !== "" && steps.length < MAX_STEPS) {
    const match = STEP.exec(rest);
    if (match === null) return [{ kind: "key", key: "" }];
    const [whole, filterKey, filterValue, index, all, quoted, key] = match;
    if (filterKey !== undefined) steps.push({ kind: "filter", key: filterKey, value: filterValue ?? "" });
    else if (index !== undefined) steps.push({ kind: "index", index: Number(index) });
    else if (all !== undefined) steps.push({ kind: "all" });
    else steps.push({ kind: "key", key: (quoted ?? key ?? "").replace(/\\(.)/g, "$1") });
    rest = rest.slice(whole.length);
  }
  return steps;
}

function follow(value: unknown, step: Step): unknown[] {
  switch (step.kind) {
    case "key":
      return isJsonObject(value) && Object.hasOwn(value, step.key) ? [value[step.key]] : [];
    case "index":
      return Array.isArray(value) && step.index < value.length ? [value[step.index]] : [];
    case "all":
      return Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : [];
    case "filter":
      return Array.isArray(value)
        ? value.filter((item) => isJsonObject(item) && String(item[step.key]) === step.value)
        : [];
  }
}
