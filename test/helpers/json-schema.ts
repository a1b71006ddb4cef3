type Json = Readonly<Record<string, unknown>>;

/** Says something of the value at a place; nothing when the keyword is met. */
type Keyword = (wanted: unknown, value: unknown, at: string, schema: Json, root: Json) => readonly string[];

const NOTHING: readonly string[] = [];
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const says = (isWell: boolean, what: string): readonly string[] => (isWell ? NOTHING : [what]);

const KEYWORDS: Readonly<Record<string, Keyword>> = {
  $ref: (wanted, value, at, _, root) => problemsIn(value, definitionOf(String(wanted), root), at, root),
  type: (wanted, value, at) => says([wanted].flat().includes(typeOf(value)), `${at} is no ${wanted}`),
  enum: (wanted, value, at) => says((wanted as unknown[]).includes(value), `${at} is none of ${wanted}`),
  pattern: (wanted, value, at) =>
    says(typeof value !== "string" || new RegExp(String(wanted)).test(value), `${at} does not match ${wanted}`),
  format: (wanted, value, at) =>
    says(typeof value !== "string" || isOfFormat(String(wanted), value), `${at}: ${wanted}`),
  minimum: (wanted, value, at) =>
    says(typeof value !== "number" || value >= Number(wanted), `${at} is below ${wanted}`),
  maximum: (wanted, value, at) =>
    says(typeof value !== "number" || value <= Number(wanted), `${at} is above ${wanted}`),
  minItems: (wanted, value, at) => says(!Array.isArray(value) || value.length >= Number(wanted), `${at} is too short`),
  uniqueItems: (_, value, at) =>
    says(
      !Array.isArray(value) || new Set(value.map((one) => JSON.stringify(one))).size === value.length,
      `${at} repeats`,
    ),
  items: (wanted, value, at, _, root) =>
    Array.isArray(value) ? value.flatMap((one, index) => problemsIn(one, wanted as Json, `${at}[${index}]`, root)) : [],
  required: (wanted, value, at) =>
    isObject(value)
      ? (wanted as string[]).flatMap((name) => says(Object.hasOwn(value, name), `${at}.${name} is missing`))
      : [],
  properties: (wanted, value, at, _, root) =>
    isObject(value)
      ? Object.entries(wanted as Record<string, Json>).flatMap(([name, schema]) =>
          Object.hasOwn(value, name) ? problemsIn(value[name], schema, `${at}.${name}`, root) : [],
        )
      : [],
  additionalProperties: (wanted, value, at, schema, root) =>
    isObject(value)
      ? Object.entries(value).flatMap(([name, one]) => {
          if (Object.hasOwn((schema["properties"] as Json | undefined) ?? {}, name) || wanted === true) return [];
          return wanted === false
            ? [`${at}.${name} is unknown`]
            : problemsIn(one, wanted as Json, `${at}.${name}`, root);
        })
      : [],
  anyOf: (wanted, value, at, _, root) =>
    says(
      (wanted as Json[]).some((one) => problemsIn(value, one, at, root).length === 0),
      `${at} fits none of anyOf`,
    ),
  oneOf: (wanted, value, at, _, root) =>
    says(
      (wanted as Json[]).filter((one) => problemsIn(value, one, at, root).length === 0).length === 1,
      `${at}: oneOf`,
    ),
};

/** Keywords that ask for nothing. */
const REMARKS = new Set(["$schema", "id", "title", "description", "default", "definitions"]);

/**
 * What in a value goes against a JSON schema of draft 4, as far as published schemas of reports use that: an unknown keyword
 * is an error of the test, so nothing passes unlooked-at.
 */
export function schemaProblems(value: unknown, schema: Json): readonly string[] {
  return problemsIn(value, schema, "", schema);
}

function problemsIn(value: unknown, schema: Json, at: string, root: Json): readonly string[] {
  return Object.entries(schema).flatMap(([name, wanted]) => {
    if (REMARKS.has(name)) return [];
    const keyword = KEYWORDS[name];
    if (keyword === undefined) throw new TypeError(`the schema has the keyword "${name}", which is not known here`);
    return keyword(wanted, value, at, schema, root);
  });
}

function definitionOf(reference: string, root: Json): Json {
  const found = reference
    .replace(/^#\//, "")
    .split("/")
    .reduce<unknown>((place, name) => (isObject(place) ? place[name] : undefined), root);
  if (!isObject(found)) throw new TypeError(`the schema refers to ${reference}, which is not there`);
  return found;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

/** Source: RFC 3986, section 4.1 and appendix A: what may stand in a reference, and no colon in the first segment. */
function isOfFormat(format: string, text: string): boolean {
  const characters = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/.test(text);
  if (format === "uri") return characters && /^[A-Za-z][A-Za-z0-9+.-]*:/.test(text);
  if (format === "uri-reference")
    return characters && (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text) || !/^[^/?#]*:/.test(text));
  if (format === "date-time") return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text);
  throw new TypeError(`the schema asks for the format "${format}", which is not known here`);
}
