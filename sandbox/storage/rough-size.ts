/** About how many bytes a JSON value takes: good enough to bound memory, and cheap. */
export function roughSize(value: unknown): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 8;
  let size = 2;
  if (Array.isArray(value)) for (const item of value) size += roughSize(item);
  else for (const [key, child] of Object.entries(value)) size += key.length + 3 + roughSize(child);
  return size;
}
