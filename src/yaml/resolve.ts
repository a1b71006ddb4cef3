import { type ExactInteger, INT64_MAX, parseGoInteger } from "./go-number.ts";
import { parseTimestamp, type Timestamp } from "./timestamp.ts";

export type CoreTag = "!!str" | "!!int" | "!!float" | "!!bool" | "!!null" | "!!timestamp" | "!!merge" | "!!binary";

/** A scalar with its meaning. Integers beyond 2^53 are BigInt; `!!int` and `!!float` tell 5 from 5.0. */
export type Resolved =
  | { readonly tag: "!!str" | "!!merge" | "!!binary"; readonly value: string }
  | { readonly tag: "!!int"; readonly value: ExactInteger }
  | { readonly tag: "!!float"; readonly value: number }
  | { readonly tag: "!!bool"; readonly value: boolean }
  | { readonly tag: "!!null"; readonly value: null }
  | { readonly tag: "!!timestamp"; readonly value: Timestamp };

/** Whose reading: `v2` is YAML 1.1 with its many booleans (sigs.k8s.io/yaml), `v3` is yaml.v3 (sops). */
export type Flavor = "v2" | "v3";

const WORDS = new Map<string, Resolved>();
const WORDS_V2 = new Map<string, Resolved>();
function words(resolved: Resolved, ...texts: readonly string[]): void {
  for (const text of texts) WORDS.set(text, resolved);
}
words({ tag: "!!bool", value: true }, "true", "True", "TRUE");
words({ tag: "!!bool", value: false }, "false", "False", "FALSE");
words({ tag: "!!null", value: null }, "", "~", "null", "Null", "NULL");
words({ tag: "!!float", value: Number.NaN }, ".nan", ".NaN", ".NAN");
words({ tag: "!!float", value: Number.POSITIVE_INFINITY }, ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF");
words({ tag: "!!float", value: Number.NEGATIVE_INFINITY }, "-.inf", "-.Inf", "-.INF");
for (const text of ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"]) {
  WORDS_V2.set(text, { tag: "!!bool", value: true });
}
for (const text of ["n", "N", "no", "No", "NO", "off", "Off", "OFF"]) {
  WORDS_V2.set(text, { tag: "!!bool", value: false });
}

/** YAML 1.1 booleans that yaml.v3 reads as strings, and quotes when it writes them. */
export function isOldBoolean(text: string): boolean {
  return WORDS_V2.has(text);
}

/** First characters of scalars that may be something else than a string. */
const SUSPECT = new Uint8Array(128);
for (const character of "+-.0123456789yYnNtTfFoO~") SUSPECT[character.charCodeAt(0)] = 1;

/** True when a plain scalar cannot be anything else than a string: nearly always, and without a look-up. */
function isSurelyString(text: string): boolean {
  if (text.length === 0) return false;
  const code = text.charCodeAt(0);
  return code >= 128 || SUSPECT[code] === 0;
}

/** The tag that yaml.v3 gives to a plain scalar in a text. */
export function resolveV3Tag(text: string): CoreTag {
  if (isSurelyString(text)) return text === "<<" ? "!!merge" : "!!str";
  return resolveSuspect(text, "v3").tag;
}

/**
 * Meaning of a scalar by its text alone. `<<` is a string here: merge keys are told by where they stand.
 *
 * Source: go-yaml, resolve; YAML 1.1 integers and booleans, no sexagesimal numbers.
 */
export function resolveText(text: string, flavor: Flavor): Resolved {
  if (isSurelyString(text)) return { tag: "!!str", value: text };
  return resolveSuspect(text, flavor);
}

function resolveSuspect(text: string, flavor: Flavor): Resolved {
  const word = WORDS.get(text) ?? (flavor === "v2" ? WORDS_V2.get(text) : undefined);
  if (word !== undefined) return word;
  const code = text.charCodeAt(0);
  if (code === 46) return resolveDotNumber(text);
  const numeric = (code >= 48 && code <= 57) || code === 43 || code === 45;
  return (numeric ? resolveNumber(text, flavor) : undefined) ?? { tag: "!!str", value: text };
}

const DOT_FLOAT = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

function resolveDotNumber(text: string): Resolved {
  const value = DOT_FLOAT.test(text) ? Number(text.replaceAll("_", "")) : Number.POSITIVE_INFINITY;
  return Number.isFinite(value) ? { tag: "!!float", value } : { tag: "!!str", value: text };
}

function resolveNumber(text: string, flavor: Flavor): Resolved | undefined {
  const time = parseTimestamp(text);
  if (time !== undefined) return { tag: "!!timestamp", value: time };
  const plain = text.includes("_") ? text.replaceAll("_", "") : text;
  const integer = parseGoInteger(plain);
  if (integer !== undefined) return { tag: "!!int", value: integer };
  if (FLOAT.test(plain)) {
    const value = Number(plain);
    if (Number.isFinite(value)) return { tag: "!!float", value };
  }
  const signed = resolveSignInside(plain, flavor);
  return signed === undefined ? undefined : { tag: "!!int", value: signed };
}

const SIGN_INSIDE = /^0(?:b([-+][01]+)|o([-+][0-7]+))$/;

/** `0b-1`: an oddity of the Go libraries, which take a sign behind the prefix. */
function resolveSignInside(text: string, flavor: Flavor): ExactInteger | undefined {
  const match = SIGN_INSIDE.exec(text);
  if (match === null) return undefined;
  const [, binary, octal] = match;
  if (binary !== undefined) return parseGoInteger(`${binary.charAt(0)}0b${binary.slice(1)}`);
  return octal === undefined || flavor === "v2" ? undefined : parseGoInteger(`${octal.charAt(0)}0o${octal.slice(1)}`);
}

/** Tags whose meaning depends on the text. */
const RESOLVABLE: ReadonlySet<string> = new Set(["!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp"]);

/**
 * Meaning of a scalar that carries an explicit tag, or undefined when the text does not fit the tag (`!!int abc`).
 * Unknown tags are strings.
 */
export function resolveTagged(tag: string, text: string, flavor: Flavor): Resolved | undefined {
  if (tag === "!!binary") return { tag, value: text };
  if (tag === "!!str" || !RESOLVABLE.has(tag)) return { tag: "!!str", value: text };
  const resolved = resolveText(text, flavor);
  if (resolved.tag === tag) return resolved;
  if (tag === "!!float" && resolved.tag === "!!int" && resolved.value <= INT64_MAX) {
    return { tag, value: Number(resolved.value) };
  }
  return undefined;
}
