import { splitWords } from "../editing/split-words.ts";
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
  const words = splitWords(source);
  if (words === undefined) {
    throw new CliError("CLI_BAD_FLAG", `Cannot start the editor: a quote of ${JSON.stringify(source)} is not closed`, {
      hints: ["EDITOR='vim -n' sealkit edit FILE"],
    });
  }
  const [program, ...args] = words;
  return [program ?? "vi", ...args];
}
