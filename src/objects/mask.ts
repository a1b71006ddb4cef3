import { isRecord } from "./field.ts";
import type { KubeObject } from "./object.ts";

const FIELDS = ["data", "stringData"] as const;

/** A Secret with every value replaced by how long it is; other objects as they are. For showing to people. */
export function maskedSecret(object: KubeObject): KubeObject {
  if (!isSecret(object)) return object;
  const masked: KubeObject = { ...object };
  for (const field of FIELDS) {
    const values = object[field];
    if (!isRecord(values)) continue;
    const encoded = field === "data";
    masked[field] = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, `[redacted, ${byteLength(value, encoded)} bytes]`]),
    );
  }
  const applied = masked.metadata.annotations?.[LAST_APPLIED];
  if (applied !== undefined) {
    const annotations = { ...masked.metadata.annotations, [LAST_APPLIED]: "[redacted]" };
    masked.metadata = { ...masked.metadata, annotations };
  }
  return masked;
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * A foreign text (an error of the API) without the values of a Secret that it may repeat, as written, decoded and
 * encoded.
 */
export function withoutSecretValues(text: string, object: KubeObject): string {
  if (!isSecret(object)) return text;
  let shown = text;
  for (const form of secretForms(object)) shown = shown.replaceAll(form, "***");
  return shown;
}

/** Longest first, so that no value is cut by one that is a part of it. */
function secretForms(object: KubeObject): readonly string[] {
  const forms = new Set<string>();
  for (const field of FIELDS) {
    const values = object[field];
    for (const value of isRecord(values) ? Object.values(values) : []) {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      for (const form of [text, ...text.split("\n"), fromBase64(text)]) if (form.length > 1) forms.add(form);
    }
  }
  return [...forms].sort((left, right) => right.length - left.length);
}

export function isSecret(object: KubeObject): boolean {
  return object.kind === "Secret" && object.apiVersion === "v1";
}

function fromBase64(text: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0)));
  } catch {
    return "";
  }
}

function byteLength(value: unknown, encoded: boolean): number {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (!encoded) return new TextEncoder().encode(text).length;
  const letters = text.replaceAll(/[^A-Za-z0-9+/]/g, "").length;
  return Math.floor((letters * 3) / 4);
}
