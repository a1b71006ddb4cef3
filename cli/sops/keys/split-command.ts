/**
 * Words of a command line as a shell splits them: blanks part words, quotes and backslashes keep them together, nothing
 * is expanded.
 */
export function splitCommand(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? "";
    if (quote === "'" || quote === '"') {
      if (character === quote) quote = "";
      else if (character === "\\" && quote === '"' && /["\\$`]/.test(line[at + 1] ?? ""))
        word = (word ?? "") + line[++at];
      else word = (word ?? "") + character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + (character === "\\" ? (line[++at] ?? "") : character);
    }
  }
  return word === undefined ? words : [...words, word];
}
