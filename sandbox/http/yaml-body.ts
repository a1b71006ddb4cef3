import { parse, stringify } from "yaml";
import { badRequest } from "../status.ts";

/**
 * Reads a YAML (or JSON) body with one document.
 *
 * @throws StatusError 400
 */
export function parseDocuments(text: string, kind: string): unknown {
  try {
    const trimmed = text.trimStart();
    return trimmed.startsWith("{") ? JSON.parse(text) : parse(text, { version: "1.1", maxAliasCount: 100 });
  } catch {
    throw badRequest(`error decoding YAML: the body is not a ${kind} in YAML or JSON`);
  }
}

/** A body as YAML, for clients that ask for it. */
export function toYaml(value: unknown): string {
  return stringify(value, { aliasDuplicateObjects: false });
}
