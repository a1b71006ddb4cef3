import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** Every Markdown page that is part of the project, as paths from its root. */
export function pages(): string[] {
  const top = readdirSync(root).filter((name) => name.endsWith(".md"));
  const below = ["docs", "deploy", "bench", "examples", "fixtures"].flatMap((folder) => filesBelow(folder, ".md"));
  return [...top, ...below].sort();
}

/** Files below a folder of the project whose name ends so, as paths from its root. */
export function filesBelow(folder: string, ending: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : filesBelow(path, ending);
    return entry.name.endsWith(ending) ? [path] : [];
  });
}

export function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** What an HTML comment `<!-- not run: why -->` right before it says. */
  readonly notRun: string | undefined;
}

/** The fenced blocks of a page, in order. */
export function blocks(page: string): Block[] {
  const found: Block[] = [];
  const lines = read(page).split("\n");
  let open: { language: string; line: number; indent: number } | undefined;
  let text: string[] = [];
  for (const [at, line] of lines.entries()) {
    const fence = /^(\s*)```(\S*)/.exec(line);
    if (open === undefined && fence !== null) {
      open = { language: fence[2] ?? "", line: at + 1, indent: fence[1]?.length ?? 0 };
      text = [];
    } else if (open !== undefined && fence !== null) {
      const before = lines.slice(0, open.line - 1).findLast((one) => one.trim() !== "");
      const notRun = /<!--\s*not run:\s*(.+?)\s*-->/.exec(before ?? "")?.[1];
      found.push({ page, line: open.line, language: open.language, text: text.join("\n"), notRun });
      open = undefined;
    } else if (open !== undefined) text.push(line.slice(Math.min(open.indent, line.search(/\S|$/))));
  }
  return found;
}

/** The page without its fenced blocks and code spans, so that only prose is looked at. */
export function prose(page: string): string {
  return read(page)
    .replace(/^\s*```[\s\S]*?^\s*```/gm, "")
    .replace(/`[^`\n]*`/g, "");
}
