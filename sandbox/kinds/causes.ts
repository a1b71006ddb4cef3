import type { Cause } from "../status.ts";

/** A value as validation messages show it: text quoted, everything else as JSON. */
const shown = (value: unknown): string => (value === undefined ? "null" : JSON.stringify(value));

export function required(field: string, why = ""): Cause {
  return { reason: "FieldValueRequired", message: why === "" ? "Required value" : `Required value: ${why}`, field };
}

export function invalidValue(field: string, value: unknown, why: string): Cause {
  return { reason: "FieldValueInvalid", message: `Invalid value: ${shown(value)}: ${why}`, field };
}

export function forbiddenField(field: string, why: string): Cause {
  return { reason: "FieldValueForbidden", message: `Forbidden: ${why}`, field };
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): Cause {
  const listed = supported.map((name) => JSON.stringify(name)).join(", ");
  return {
    reason: "FieldValueNotSupported",
    message: `Unsupported value: ${shown(value)}: supported values: ${listed}`,
    field,
  };
}

export function duplicate(field: string, value: unknown): Cause {
  return { reason: "FieldValueDuplicate", message: `Duplicate value: ${shown(value)}`, field };
}

export function tooLong(field: string, maxBytes: number): Cause {
  return { reason: "FieldValueTooLong", message: `Too long: may not be more than ${maxBytes} bytes`, field };
}

export const IMMUTABLE = "field is immutable";
