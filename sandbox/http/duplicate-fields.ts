/** How many duplicates are worth naming. */
const MAX_REPORTED = 50;

/**
 * Paths of keys that occur twice in one object of a JSON text, e.g. `data.a` or `spec.ports[0].name`. The text is
 * known to be valid JSON.
 */
export function duplicateFields(text: string): string[] {
  const found: string[] = [];
  const stack: { readonly keys: Set<string> | undefined; path: string; index: number; key: string }[] = [];
  let expectsKey = false;
  let at = 0;
  const here = (): string => {
    const frame = stack.at(-1);
    if (frame === undefined) return "";
    if (frame.keys === undefined) return `${frame.path}[${frame.index}]`;
    return frame.path === "" ? frame.key : `${frame.path}.${frame.key}`;
  };
  while (at < text.length && found.length < MAX_REPORTED) {
    const sign = text[at];
    if (sign === '"') {
      const end = endOfString(text, at);
      const frame = stack.at(-1);
      if (expectsKey && frame?.keys !== undefined) {
        frame.key = String(JSON.parse(text.slice(at, end)));
        if (frame.keys.has(frame.key)) found.push(here());
        frame.keys.add(frame.key);
        expectsKey = false;
      }
      at = end;
      continue;
    }
    if (sign === "{" || sign === "[") {
      const isObject = sign === "{";
      stack.push({ keys: isObject ? new Set() : undefined, path: here(), index: 0, key: "" });
      expectsKey = isObject;
    } else if (sign === "}" || sign === "]") {
      stack.pop();
      expectsKey = false;
    } else if (sign === ",") {
      const frame = stack.at(-1);
      if (frame !== undefined && frame.keys === undefined) frame.index += 1;
      expectsKey = frame?.keys !== undefined;
    }
    at += 1;
  }
  return found;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
