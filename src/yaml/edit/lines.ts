/** The line break that is used around a place: at the end of its line, or of the line before. */
export function lineBreakAt(text: string, at: number): string {
  const end = lineEnd(text, at);
  const here = text.slice(end, nextLine(text, at));
  if (here !== "") return here;
  const start = lineStart(text, at);
  const above = text.slice(Math.max(0, start - 2), start);
  return /\r\n$|[\r\n]$/.exec(above)?.[0] ?? "\n";
}

export function lineStart(text: string, at: number): number {
  let start = at;
  while (start > 0 && !isLineBreak(text.charAt(start - 1))) start--;
  return start;
}

/** Where the line ends, before its break. */
export function lineEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length && !isLineBreak(text.charAt(end))) end++;
  return end;
}

/** Behind the break at the end of the line. */
export function nextLine(text: string, at: number): number {
  const end = lineEnd(text, at);
  return text.startsWith("\r\n", end) ? end + 2 : Math.min(end + 1, text.length);
}

/** The blanks that a line begins with. */
export function indentOf(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, at), at))?.[0] ?? "";
}

/** Whether nothing but blanks, or a comment behind blanks, stands between `at` and the end of the line. */
export function endsWithin(text: string, at: number): boolean {
  return /^[ \t]*$|^[ \t]+#/.test(text.slice(at, lineEnd(text, at)));
}

function isLineBreak(letter: string): boolean {
  return letter === "\n" || letter === "\r";
}
