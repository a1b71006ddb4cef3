import type { SecretsError } from "../errors.ts";
import { originalText } from "../render/templates.ts";
import { groupedItems } from "../unseal/open-items.ts";

/**
 * All that the original prints for this error. Unlike `error.original` it has what templates said in full, which may quote
 * values: show it only to who holds the keys, where it was asked for.
 */
export function fullOriginal(error: SecretsError): string {
  if (error.templates.length === 0) return error.original;
  const items = error.items.length === 0 ? [] : [groupedItems(error.items)];
  return [...items, originalText(error.templates)].join("\n");
}
