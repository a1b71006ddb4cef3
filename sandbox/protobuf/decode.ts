import { isJsonObject, type JsonObject } from "../../src/objects/index.ts";
import { type FieldType, fieldsOf, messageOf } from "./messages.ts";
import { readFields, signed, WireError, type WireField } from "./wire.ts";

/** First bytes of every Kubernetes object in protobuf. */
const MAGIC = Buffer.from("k8s\u0000", "latin1");
const MAX_DEPTH = 100;

/**
 * Reads an object in the protobuf encoding of Kubernetes into the JSON form.
 *
 * @throws WireError when it is not one, or is of a kind that has no such encoding
 */
export function decodeProtobuf(body: Buffer): JsonObject {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC))
    throw new WireError("the body does not begin with the protobuf magic number");
  const envelope = readFields(body.subarray(MAGIC.length));
  const typeMeta = readFields(contentOf(envelope, 1));
  const apiVersion = contentOf(typeMeta, 1).toString("utf8");
  const kind = contentOf(typeMeta, 2).toString("utf8");
  const message = messageOf(apiVersion, kind);
  if (message === undefined) throw new WireError(`no kind "${kind}" is registered for version "${apiVersion}"`);
  return { apiVersion, kind, ...decodeMessage(contentOf(envelope, 2), message, 0) };
}

const contentOf = (fields: readonly WireField[], number: number): Buffer =>
  fields.find((field) => field.number === number)?.bytes ?? Buffer.alloc(0);

function decodeMessage(content: Buffer, message: string, depth: number): JsonObject {
  if (depth > MAX_DEPTH) throw new WireError("nested too deeply");
  const object: JsonObject = {};
  const types = fieldsOf(message);
  for (const field of readFields(content)) {
    const type = types.get(field.number);
    if (type === undefined) continue;
    if (type.name === "") Object.assign(object, decodeMessage(field.bytes, type.kind, depth + 1));
    else setField(object, type, field, depth);
  }
  return object;
}

function setField(object: JsonObject, type: FieldType, field: WireField, depth: number): void {
  const { name, kind } = type;
  if (kind.startsWith("[]")) {
    const list = object[name];
    const item = decodeValue(field, kind.slice(2), depth);
    if (Array.isArray(list)) list.push(item);
    else object[name] = [item];
  } else if (kind.startsWith("{}")) {
    const map = object[name];
    const target: JsonObject = isJsonObject(map) ? map : {};
    const entry = readFields(field.bytes);
    const key = contentOf(entry, 1).toString("utf8");
    const value = entry.find((part) => part.number === 2) ?? { number: 2, value: 0n, bytes: Buffer.alloc(0) };
    if (key !== "__proto__") target[key] = decodeValue(value, kind.slice(2), depth);
    object[name] = target;
  } else {
    const value = decodeValue(field, kind, depth);
    const absent = value === undefined || value === null || (!type.pointer && !type.always && isZero(value));
    if (!absent) object[name] = value;
  }
}

const isZero = (value: unknown) => value === "" || value === 0 || value === false;

function decodeValue(field: WireField, kind: string, depth: number): unknown {
  const { bytes } = field;
  switch (kind) {
    case "string":
      return bytes.toString("utf8");
    case "int":
      return signed(field.value);
    case "bool":
      return field.value !== 0n;
    case "double":
      return bytes.length === 8 ? bytes.readDoubleLE(0) : bytes.readFloatLE(0);
    case "bytes":
      return bytes.toString("base64");
    case "items":
      return readFields(bytes).map((item) => item.bytes.toString("utf8"));
    case "quantity":
      return contentOf(readFields(bytes), 1).toString("utf8");
    case "time":
    case "microtime":
      return decodeTime(bytes, kind);
    case "duration":
      return `${signed(numberOf(readFields(bytes), 1)) / 1e9}s`;
    case "intorstring":
      return decodeIntOrString(bytes);
    case "raw":
      return parseRaw(contentOf(readFields(bytes), 1));
    default:
      return kind.startsWith("schemaor") ? decodeSchemaOr(bytes, kind, depth) : decodeMessage(bytes, kind, depth + 1);
  }
}

const numberOf = (fields: readonly WireField[], number: number): bigint =>
  fields.find((field) => field.number === number)?.value ?? 0n;

/** Seconds and nanoseconds; nothing at all is no time. */
function decodeTime(bytes: Buffer, kind: "time" | "microtime"): string | null {
  if (bytes.length === 0) return null;
  const fields = readFields(bytes);
  const seconds = signed(numberOf(fields, 1));
  const text = new Date(seconds * 1000).toISOString().slice(0, 19);
  if (kind === "time") return `${text}Z`;
  const micros = Math.floor(signed(numberOf(fields, 2)) / 1000);
  return `${text}.${String(micros).padStart(6, "0")}Z`;
}

function decodeIntOrString(bytes: Buffer): number | string {
  const fields = readFields(bytes);
  return numberOf(fields, 1) === 0n ? signed(numberOf(fields, 2)) : contentOf(fields, 3).toString("utf8");
}

function parseRaw(bytes: Buffer): unknown {
  if (bytes.length === 0) return null;
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new WireError("invalid JSON inside the body");
  }
}

const SCHEMA = "apiextensions.v1.JSONSchemaProps";

/** A schema, or in its place a boolean, a list of schemas, or a list of names. */
function decodeSchemaOr(bytes: Buffer, kind: string, depth: number): unknown {
  const fields = readFields(bytes);
  const schema = (field: WireField) => decodeMessage(field.bytes, SCHEMA, depth + 1);
  const one = fields.find((field) => field.number === (kind === "schemaorbool" ? 2 : 1));
  if (kind === "schemaorbool") return one === undefined ? numberOf(fields, 1) !== 0n : schema(one);
  if (one !== undefined) return schema(one);
  const rest = fields.filter((field) => field.number === 2);
  return kind === "schemaorarray" ? rest.map(schema) : rest.map((field) => field.bytes.toString("utf8"));
}
