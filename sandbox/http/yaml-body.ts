import { printSigs, readManifests, YamlError, type YamlValue } from "../../src/yaml/index.ts";
import { badRequest } from "../status.ts";

/**
 * Reads a YAML (or JSON) body with one document.
 *
 * @throws StatusError 400
 */
export function parseDocument(text: string, kind: string): unknown {
  try {
    if (text.trimStart().startsWith("{")) return JSON.parse(text);
    const [first] = readManifests(text, { mode: "lenient", firstOnly: true }).manifests;
    return first === undefined ? null : plain(first.value);
  } catch (error) {
    const where = error instanceof YamlError ? `: ${error.message}` : "";
    throw badRequest(`error decoding YAML: the body is not a ${kind} in YAML or JSON${where}`);
  }
}

/** Numbers as JSON.parse gives them. The reader bounds depth and size. */
function plain(value: YamlValue): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, plain(child)]));
}

/** A body as YAML, for clients that ask for it. */
export const toYaml = (value: unknown): string => printSigs(value);
