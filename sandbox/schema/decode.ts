import { isJsonObject, type JsonObject } from "../../src/objects/index.ts";
import { canonicalQuantity } from "./quantity.ts";
import { fieldSchema, type Schema } from "./schema.ts";

/** A value that does not fit its field; the message is the one that clients of the real server see. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

/**
 * Reads a body into the shape of a built-in kind, in place: fields that the kind does not have are dropped and
 * reported, values of the wrong type are refused, nulls and empty optional maps and lists vanish.
 *
 * @returns paths of unknown fields, e.g. `spec.foo` or `spec.containers[0].foo`
 * @throws DecodeError for a value of the wrong type
 */
export function decodeBuiltin(object: JsonObject, schema: Schema, kind: string): string[] {
  const unknown: string[] = [];
  decodeObject(object, schema, { struct: kind, path: [], shown: "", unknown });
  return unknown;
}

interface Place {
  /** Name of the type that holds the field, as error messages name it. */
  readonly struct: string;
  /** Field names from the root, without indexes. */
  readonly path: readonly string[];
  /** Path with indexes, for unknown fields. */
  readonly shown: string;
  readonly unknown: string[];
}

function decodeObject(object: JsonObject, schema: Schema, place: Place): void {
  if (schema.preserveUnknown === true && schema.properties === undefined) return;
  for (const [key, value] of Object.entries(object)) {
    const shown = place.shown === "" ? key : `${place.shown}.${key}`;
    const below = fieldSchema(schema, key);
    if (below === undefined) {
      if (schema.properties === undefined) continue;
      place.unknown.push(shown);
      delete object[key];
      continue;
    }
    const isField = schema.properties?.has(key) === true;
    const next = { ...place, path: isField ? [...place.path, key] : place.path, shown };
    const decoded = decodeValue(value, below, next);
    if (isField && schema.omitted?.has(key) === true && schema.omitted.get(key) === decoded) {
      delete object[key];
      continue;
    }
    const optional = isField && schema.required?.includes(key) !== true;
    if (decoded === undefined || (optional && isEmptyCollection(decoded, below))) delete object[key];
    else object[key] = decoded;
  }
}

/** Go leaves out empty lists and maps; an empty struct stays, because most of them are pointers. */
function isEmptyCollection(value: unknown, schema: Schema): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) && schema.properties === undefined && schema.additionalProperties !== undefined
    ? Object.keys(value).length === 0
    : false;
}

function decodeValue(value: unknown, schema: Schema, place: Place): unknown {
  if (schema.quantity === true) return decodeQuantity(value);
  if (schema.intOrString === true) return value ?? undefined;
  if (value === null) return place.path.length > 0 && schema.type === "string" && inMap(place) ? "" : undefined;
  switch (schema.type) {
    case "object":
      if (!isJsonObject(value)) throw mismatch(value, schema, place);
      decodeObject(value, schema, { ...place, struct: structOf(schema, place) });
      return value;
    case "array":
      if (!Array.isArray(value)) throw mismatch(value, schema, place);
      return value.map((item, index) =>
        decodeValue(item, schema.items ?? {}, { ...place, shown: `${place.shown}[${index}]` }),
      );
    case "string":
      if (typeof value !== "string") throw mismatch(value, schema, place);
      return schema.format === "byte" ? decodeBase64(value) : decodeTime(value, schema);
    case "integer":
      if (typeof value !== "number" || !Number.isInteger(value)) throw mismatch(value, schema, place);
      return value;
    case "number":
      if (typeof value !== "number") throw mismatch(value, schema, place);
      return value;
    case "boolean":
      if (typeof value !== "boolean") throw mismatch(value, schema, place);
      return value;
    default:
      return value;
  }
}

const inMap = (place: Place) => place.path.at(-1) !== place.shown.split(/[.[]/).at(-1);

const structOf = (schema: Schema, place: Place) => schema.typeName?.split(".").at(-1) ?? place.struct;

function decodeQuantity(value: unknown): unknown {
  if (value === null) return "0";
  const canonical = canonicalQuantity(typeof value === "number" ? String(value) : value);
  if (canonical !== undefined) return canonical;
  throw new DecodeError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
}

function decodeBase64(value: string): string {
  const clean = value.replace(/[\r\n]/g, "");
  const bad = /[^A-Za-z0-9+/=]/.exec(clean);
  if (bad !== null) throw new DecodeError(`illegal base64 data at input byte ${bad.index}`);
  const padding = clean.indexOf("=");
  if (clean.length % 4 !== 0 || (padding >= 0 && !/^={1,2}$/.test(clean.slice(padding)))) {
    const where = padding >= 0 && !/^={1,2}$/.test(clean.slice(padding)) ? padding : clean.length - (clean.length % 4);
    throw new DecodeError(`illegal base64 data at input byte ${where}`);
  }
  return clean;
}

function decodeTime(value: string, schema: Schema): string {
  if (schema.format !== "date-time") return value;
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) && !Number.isNaN(Date.parse(value)))
    return value;
  throw new DecodeError(
    `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(value)} as "2006"`,
  );
}

function mismatch(value: unknown, schema: Schema, place: Place): DecodeError {
  const field = place.path.join(".");
  return new DecodeError(
    `json: cannot unmarshal ${jsonType(value, schema)} into Go struct field ${place.struct}.${field} of type ${goType(schema)}`,
  );
}

function jsonType(value: unknown, schema: Schema): string {
  if (typeof value === "number") return schema.type === "integer" ? `number ${value}` : "number";
  if (typeof value === "boolean") return "bool";
  return Array.isArray(value) ? "array" : typeof value;
}

function goType(schema: Schema): string {
  if (schema.type === "integer") return schema.format ?? "int64";
  if (schema.type === "number") return "float64";
  if (schema.type === "boolean") return "bool";
  if (schema.type === "string") return schema.format === "byte" ? "[]uint8" : "string";
  if (schema.type === "array") return `[]${goType(schema.items ?? {})}`;
  return schema.additionalProperties === undefined
    ? (schema.typeName ?? "object")
    : `map[string]${goType(schema.additionalProperties)}`;
}
