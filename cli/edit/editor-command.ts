import { CliError } from "../errors.ts";
import type { Io } from "../io.ts";

/**
 * The program to edit with, and its arguments: `--editor`, else `VISUAL`, else `EDITOR`, else vi. Words are split at
 * blanks; quotes and backslashes keep them together; nothing else of a shell is known.
 *
 * @throws {CliError} `CLI_BAD_FLAG` for a quote that is not closed.
 */
export function editorCommand({ env }: Pick<Io, "env">, asked: string | undefined): readonly [string, ...string[]] {
  const source = [asked, env["VISUAL"], env["EDITOR"]].find((text) => text !== undefined && text.trim() !== "") ?? "vi";
  const [program, ...args] = splitWords(source);
  return [program ?? "vi", ...args];
}

function splitWords(text: string): string[] {
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
  if (quote !== "") {
    throw new CliError("CLI_BAD_FLAG", `Cannot start the editor: a quote of ${JSON.stringify(text)} is not closed`, {
      hints: ["EDITOR='vim -n' sealkit edit FILE"],
    });
  }
  return word === undefined ? words : [...words, word];
}
