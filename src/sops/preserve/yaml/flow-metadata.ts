import type { Entry, MappingNode } from "../../../yaml/index.ts";
import { METADATA_KEY } from "../../stores/store.ts";
import type { Branch } from "../../values/value.ts";
import { compactJson } from "../compact-json.ts";
import { LayoutError } from "../layout.ts";
import type { TextEdit } from "../text-edit.ts";

/** Metadata as the first entry of a document in braces, on one line: JSON is YAML. */
export function addToFlow(text: string, root: MappingNode, metadata: Branch): TextEdit {
  const brace = openBrace(text, root);
  const rest = root.entries.length === 0 ? "" : ", ";
  const start = brace + 1;
  return { start, end: start, text: `${JSON.stringify(METADATA_KEY)}: ${compactJson(metadata)}${rest}` };
}

/** Takes it out again, with the comma behind it. */
export function removeFromFlow(text: string, root: MappingNode, entry: Entry): TextEdit {
  const start = openBrace(text, root) + 1;
  if ((entry.key.at?.offset ?? 0) !== start) throw new LayoutError("its metadata is not where it was put");
  const from = entry.value.at?.offset ?? start;
  const end = behindBraces(text, from);
  return { start, end: text.startsWith(", ", end) ? end + 2 : end, text: "" };
}

function openBrace(text: string, root: MappingNode): number {
  const at = root.at?.offset ?? 0;
  if (text.charAt(at) === "{") return at;
  throw new LayoutError("a document in braces has an anchor or a tag");
}

/** Behind the brace that closes the one at `from`, strings in double quotes passed over. */
function behindBraces(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const letter = text.charAt(at);
    if (letter === '"') {
      at++;
      while (at < text.length && text.charAt(at) !== '"') at += text.charAt(at) === "\\" ? 2 : 1;
    } else if (letter === "{") depth++;
    else if (letter === "}" && --depth === 0) return at + 1;
  }
  throw new LayoutError("its metadata is not where it was put");
}
