import type { Writer } from "./writer.ts";

const YAML_TAGS = "tag:yaml.org,2002:";
const UNESCAPED = /[0-9A-Za-z_;/?:@&=+$,.~*'()[\]-]/;

/** Writes a tag: `!!name` for those of YAML, `!name` for local ones, `!<…>` for others; nothing for `""`. */
export function writeTag(writer: Writer, tag: string): void {
  if (tag === "") return;
  if (tag.startsWith("!!") || tag.startsWith(YAML_TAGS)) {
    handle(writer, "!!", tag.startsWith("!!") ? tag.slice(2) : tag.slice(YAML_TAGS.length));
  } else if (tag.startsWith("!")) {
    handle(writer, "!", tag.slice(1));
  } else {
    writer.indicator("!<", true);
    writer.put(uri(tag));
    writer.indicator(">", false);
  }
}

function handle(writer: Writer, name: string, suffix: string): void {
  if (!writer.whitespace) writer.put(" ");
  writer.put(name + uri(suffix));
  writer.whitespace = false;
  writer.indention = false;
}

function uri(text: string): string {
  let result = "";
  for (const character of text) {
    if (UNESCAPED.test(character)) {
      result += character;
      continue;
    }
    for (const octet of new TextEncoder().encode(character)) {
      result += `%${octet.toString(16).toUpperCase().padStart(2, "0")}`;
    }
  }
  return result;
}
