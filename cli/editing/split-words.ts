/**
 * The words of a command line as people write it into a variable: split at blanks; quotes and backslashes keep them
 * together; nothing else of a shell is known. Undefined when a quote is not closed.
 */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const letter = text.charAt(at);
    if (quote !== "" && letter === quote) quote = "";
    else if (letter === "\\" && quote !== "'" && at + 1 < text.length) word = (word ?? "") + text.charAt(++at);
    else if (quote !== "") word = (word ?? "") + letter;
    else if (letter === "'" || letter === '"') {
      quote = letter;
      word ??= "";
    } else if (!/\s/.test(letter)) word = (word ?? "") + letter;
    else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  if (quote !== "") return undefined;
  return word === undefined ? words : [...words, word];
}
