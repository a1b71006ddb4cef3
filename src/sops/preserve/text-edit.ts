/** What is put in place of the code units from `start` to `end`. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text after all edits; undefined when two of them meet. */
export function edited(text: string, edits: readonly TextEdit[]): string | undefined {
  const parts: string[] = [];
  let at = 0;
  for (const edit of edits.toSorted((one, other) => one.start - other.start || one.end - other.end)) {
    if (edit.start < at) return undefined;
    parts.push(text.slice(at, edit.start), edit.text);
    at = edit.end;
  }
  parts.push(text.slice(at));
  return parts.join("");
}

/** The line break that a text uses: that of its first line. */
export function lineBreakOf(text: string): string {
  return /\r\n|\n|\r/.exec(text)?.[0] ?? "\n";
}

export function lineStart(text: string, at: number): number {
  let start = at;
  while (start > 0 && text.charAt(start - 1) !== "\n" && text.charAt(start - 1) !== "\r") start--;
  return start;
}

/** Where the line ends, before its break. */
export function lineEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length && text.charAt(end) !== "\n" && text.charAt(end) !== "\r") end++;
  return end;
}

/** Behind the break at the end of the line. */
export function nextLine(text: string, at: number): number {
  const end = lineEnd(text, at);
  return text.startsWith("\r\n", end) ? end + 2 : Math.min(end + 1, text.length);
}

/**
 * Puts lines behind a text. One that ends without a line break still does so afterwards, so that taking the lines away
 * gives the text again.
 */
export function appended(text: string, at: number, lines: string): TextEdit {
  const isOpen = at > 0 && !/[\r\n]/.test(text.charAt(at - 1));
  return { start: at, end: at, text: isOpen ? lineBreakOf(text) + lines.replace(/\r?\n$|\r$/, "") : lines };
}

/** Takes whole lines out; the break before them goes too when they end without one. */
export function linesTaken(text: string, start: number, end: number): TextEdit {
  const isOpen = end === text.length && end > start && !/[\r\n]/.test(text.charAt(end - 1));
  if (!isOpen) return { start, end, text: "" };
  const before = /(?:\r\n|[\r\n])$/.exec(text.slice(Math.max(0, start - 2), start))?.[0].length ?? 0;
  return { start: start - before, end, text: "" };
}
