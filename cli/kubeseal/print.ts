import { compareBytes, printJson, printSigs } from "../../src/yaml/index.ts";
import { KubesealError } from "./errors.ts";

/**
 * An object as kubeseal prints it: JSON with the fields in the order of the Go types, or a YAML document with sorted
 * keys that begins with `---`.
 *
 * @throws {KubesealError} `KUBESEAL_BAD_OPTION` for another format.
 */
export function printObject(object: object, format: string): string {
  switch (format.toLowerCase()) {
    case "":
    case "json":
      return `${printJson(inGoOrder(object, ORDER), { indent: "  " })}\n`;
    case "yaml":
      return `---\n${printSigs(withoutNulls(object, ORDER))}`;
    default:
      throw new KubesealError("KUBESEAL_BAD_OPTION", `unsupported output format: ${format}`, {
        hints: ["-o json or -o yaml"],
      });
  }
}

/** Fields of a Go type in its order, each with that of its own type; a map has none and is sorted. */
interface Order {
  readonly [field: string]: Order | undefined;
}

const METADATA: Order = Object.fromEntries(
  [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
  ].map((field) => [field, undefined]),
);

const ORDER: Order = {
  kind: undefined,
  apiVersion: undefined,
  metadata: METADATA,
  spec: {
    template: { metadata: METADATA, type: undefined, immutable: undefined, data: undefined },
    data: undefined,
    encryptedData: undefined,
  },
  immutable: undefined,
  data: undefined,
  stringData: undefined,
  type: undefined,
  status: undefined,
};

/** A Map, because the properties of an object cannot stand in any order. Fields without a value are left out. */
function inGoOrder(value: unknown, order: Order | undefined): unknown {
  if (!isObject(value)) return value;
  const keys = Object.keys(value);
  if (order === undefined) return new Map(keys.sort(compareBytes).map((key) => [key, value[key]]));
  const known = Object.keys(order).filter((key) => keys.includes(key));
  const others = keys.filter((key) => !Object.hasOwn(order, key)).sort(compareBytes);
  const entries = [...known, ...others].map((key): [string, unknown] => [key, inGoOrder(value[key], order[key])]);
  return new Map(entries.filter(([key, item]) => item !== undefined && !isLeftOut(key, item)));
}

function withoutNulls(value: unknown, order: Order | undefined): unknown {
  if (order === undefined || !isObject(value)) return value;
  const entries = Object.entries(value).filter(([key, item]) => !isLeftOut(key, item));
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutNulls(item, order[key])]));
}

/** Go leaves out what is empty, but of the items it always says that there are none. */
function isLeftOut(key: string, item: unknown): boolean {
  return item === null && key !== "encryptedData";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
