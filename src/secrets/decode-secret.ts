import { decodeBase64Go } from "../bytes/base64.ts";
import { ClearText } from "../clear-text.ts";
import type { ObjectMeta } from "../objects/index.ts";
import { SecretsError } from "./errors.ts";
import { type Fields, field, goTypeName, isFields, stringMap } from "./fields.ts";
import type { Secret } from "./secret.ts";

export interface DecodeOptions {
  /**
   * Whether numbers and booleans become text where the field is a string, as the Go tools do when they read YAML (not
   * when they read JSON). Default true.
   */
  readonly scalarsAsText?: boolean;
}

/**
 * A Secret out of parsed YAML or JSON, read as kubeseal reads it: kind and apiVersion are not looked at, unknown fields
 * are ignored, field names match in any case, `stringData` goes over `data`.
 *
 * @throws {SecretsError} `SECRETS_SECRET_MALFORMED` with the field's path and without its value.
 */
export function decodeSecret(value: unknown, { scalarsAsText = true }: DecodeOptions = {}): Secret {
  const root = new Decoder(scalarsAsText);
  if (!isFields(value)) throw root.wrongType(value, "Secret", "v1.Secret", "");
  const data = new Map<string, ClearText>();
  for (const [key, entry] of root.entries(field(value, "data"), "data", "map[string][]uint8")) {
    data.set(key, root.bytes(entry, `data.${key}`));
  }
  for (const [key, entry] of root.entries(field(value, "stringData"), "stringData", "map[string]string")) {
    data.set(key, ClearText.fromText(root.text(entry, "stringData", `stringData.${key}`) ?? ""));
  }
  const immutable = field(value, "immutable") ?? undefined;
  if (immutable !== undefined && typeof immutable !== "boolean") {
    throw root.wrongType(immutable, "Secret.immutable", "bool", "immutable");
  }
  return {
    metadata: metadataOf(field(value, "metadata"), root),
    type: root.text(field(value, "type"), "type", "type"),
    immutable,
    data,
  };
}

class Decoder {
  readonly #scalarsAsText: boolean;

  constructor(scalarsAsText: boolean) {
    this.#scalarsAsText = scalarsAsText;
  }

  /** Entries of a map field; none when it is absent or null. */
  entries(value: unknown, path: string, goType: string): [string, unknown][] {
    if (value === undefined || value === null) return [];
    if (!isFields(value)) throw this.wrongType(value, `${ownerOf(path)}.${path}`, goType, path);
    return Object.entries(value);
  }

  text(value: unknown, goField: string, path: string): string | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string") return value;
    if (this.#scalarsAsText && typeof value === "boolean") return String(value);
    if (this.#scalarsAsText && typeof value === "bigint") return String(value);
    if (this.#scalarsAsText && typeof value === "number") return goFloatText(value);
    throw this.wrongType(value, `${ownerOf(goField)}.${goField}`, "string", path);
  }

  bytes(value: unknown, path: string): ClearText {
    if (value === undefined || value === null) return new ClearText(new Uint8Array(0));
    if (typeof value !== "string") throw this.wrongType(value, "Secret.data", "[]uint8", path);
    const decoded = decodeBase64Go(value);
    if (decoded.bytes !== undefined) return new ClearText(decoded.bytes);
    throw malformed(`illegal base64 data at input byte ${decoded.illegalAt}`, path, [
      "put clear text under stringData, or encode it: base64 -w0 < FILE",
    ]);
  }

  wrongType(value: unknown, goField: string, goType: string, path: string): SecretsError {
    const reason = `json: cannot unmarshal ${goTypeName(value)} into Go struct field ${goField} of type ${goType}`;
    return malformed(reason, path, []);
  }
}

/** The Go struct that a field belongs to, as error texts name it. */
function ownerOf(path: string): string {
  return path.startsWith("metadata.") ? "ObjectMeta" : "Secret";
}

function malformed(reason: string, path: string, hints: readonly string[]): SecretsError {
  return new SecretsError("SECRETS_SECRET_MALFORMED", "Cannot read Secret: a field has not the form that it needs", {
    original: `error unmarshaling JSON: while decoding JSON: ${reason}`,
    details: [...(path === "" ? [] : [`field ${path}`]), reason],
    hints,
  });
}

function metadataOf(value: unknown, root: Decoder): ObjectMeta {
  if (value === undefined || value === null) return {};
  if (!isFields(value)) throw root.wrongType(value, "Secret.metadata", "v1.ObjectMeta", "metadata");
  const meta: ObjectMeta = {};
  for (const name of ["name", "generateName", "namespace"] as const) {
    const text = root.text(field(value, name), `metadata.${name}`, `metadata.${name}`);
    if (text !== undefined && text !== "") meta[name] = text;
  }
  for (const name of ["labels", "annotations"] as const) {
    const map = texts(field(value, name), `metadata.${name}`, root);
    if (map !== undefined) meta[name] = map;
  }
  const finalizers = list(value, "finalizers");
  if (finalizers !== undefined) meta.finalizers = finalizers.map(String);
  const managedFields = list(value, "managedFields");
  if (managedFields !== undefined) meta["managedFields"] = managedFields;
  return meta;
}

function texts(value: unknown, path: string, root: Decoder): Record<string, string> | undefined {
  const entries = root.entries(value, path, "map[string]string");
  if (entries.length === 0) return undefined;
  return stringMap(entries.map(([key, entry]) => [key, root.text(entry, path, `${path}.${key}`) ?? ""] as const));
}

function list(meta: Fields, name: string): readonly unknown[] | undefined {
  const value = field(meta, name);
  return Array.isArray(value) && value.length > 0 ? value : undefined;
}

/** A number as the Go tools turn it into text: integers in full, others with 32-bit precision and `%g`'s exponents. */
function goFloatText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? "-0" : String(value);
  const digits = shortestFloat32(value);
  const [mantissa = "", power = "0"] = digits.split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 6) {
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  return String(Number(digits));
}

/** The shortest decimal, in scientific notation, that reads back as the same 32-bit float. */
function shortestFloat32(value: number): string {
  const single = Math.fround(value);
  for (let digits = 0; digits < 9; digits++) {
    const text = single.toExponential(digits);
    if (Math.fround(Number(text)) === single) return text;
  }
  return single.toExponential(9);
}
