import { type Leak, MAX_FIELDS } from "./leak.ts";
import { isLiteral, isLiteralBase64 } from "./literal.ts";

const SECRET = /^\s*(?:- )?["']?kind["']?:\s*["']?Secret["']?,?\s*(?:#.*)?$/;
const SECTION = /^(\s*)["']?(data|stringData)["']?:\s*(?:\{\s*)?(?:#.*)?$/;
const FIELD = /^(\s+)["']?([-._A-Za-z0-9]{1,253})["']?:\s*(.*)$/;
const BLOCK = /^[|>][-+0-9]*\s*(?:#.*)?$/;

interface Section {
  readonly indent: number;
  readonly isBase64: boolean;
}

/**
 * Clear values of Secrets in a file that no reader of YAML takes: a template of a chart, a file with conflict markers, one
 * that is too large. Line by line, and so only in block style, or as JSON that is printed with a line for each field.
 */
export function templateLeaks(text: string): readonly Leak[] {
  const found: Leak[] = [];
  let from = 1;
  for (const document of text.split(/^---.*$/m)) {
    const lines = document.split(/\r?\n/);
    if (lines.some((line) => SECRET.test(line))) {
      const clear = clearLines(lines);
      const [first] = clear;
      if (first !== undefined) {
        found.push({
          rule: "clear-secret",
          line: from + first.at,
          object: "Secret",
          fields: clear.map(({ name }) => name).slice(0, MAX_FIELDS),
        });
      }
    }
    from += lines.length - 1;
  }
  return found;
}

function clearLines(lines: readonly string[]): { readonly name: string; readonly at: number }[] {
  const clear: { name: string; at: number }[] = [];
  let section: Section | undefined;
  for (const [at, line] of lines.entries()) {
    if (line.trim() === "" || /^\s*(#|\{\{)/.test(line) || /^[<>=|]{7}/.test(line)) continue;
    const opens = SECTION.exec(line);
    const indent = line.length - line.trimStart().length;
    if (opens !== null && (section === undefined || indent <= section.indent)) {
      section = { indent, isBase64: opens[2] === "data" };
      continue;
    }
    if (section === undefined) continue;
    if (indent <= section.indent) {
      section = undefined;
      continue;
    }
    const field = FIELD.exec(line);
    if (field === null) continue;
    const [, , name = "", rest = ""] = field;
    const value = BLOCK.test(rest) ? blockBelow(lines, at, indent) : unquoted(rest);
    if (section.isBase64 ? isLiteralBase64(value) : isLiteral(value)) clear.push({ name, at });
  }
  return clear;
}

/** The text of a block scalar; `""` when any of it comes out of a template. */
function blockBelow(lines: readonly string[], at: number, indent: number): string {
  const block: string[] = [];
  for (let next = at + 1; next < lines.length; next++) {
    const line = lines[next] ?? "";
    if (line.trim() !== "" && line.length - line.trimStart().length <= indent) break;
    block.push(line.trim());
  }
  return block.join("\n");
}

function unquoted(text: string): string {
  const quoted = /^(["'])(.*)\1,?\s*(?:#.*)?$/.exec(text);
  return quoted?.[2] ?? text.replace(/\s+#.*$/, "");
}
