import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { splitWords } from "../../editing/split-words.ts";
import type { Io } from "../../io.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";

const VARIABLES = ["SOPS_EDITOR", "EDITOR"] as const;
const USUAL = ["vim", "nano", "vi"] as const;

/**
 * The program to edit with, and its arguments: `SOPS_EDITOR`, else `EDITOR`, else the first of vim, nano and vi that is
 * there. Words are split at blanks; quotes and backslashes keep them together; nothing else of a shell is known.
 *
 * @throws {SopsFailure} 201.
 */
export async function sopsEditor(io: Io): Promise<readonly [string, ...string[]]> {
  for (const variable of VARIABLES) {
    const text = io.env[variable] ?? "";
    const words = splitWords(text);
    if (words === undefined) {
      const state = `invalid $${variable}: ${text}`;
      throw new SopsFailure(SOPS_EXIT.noEditor, `Could not run editor: ${state}\nhint: a quote is not closed`);
    }
    const [program, ...args] = words;
    if (program !== undefined) return [program, ...args];
  }
  for (const program of USUAL) if (await isInPath(io, program)) return [program];
  throw new SopsFailure(
    SOPS_EXIT.noEditor,
    "Could not run editor: no editor available: sops attempts to use the editor defined in the SOPS_EDITOR or EDITOR environment variables, and if that's not set defaults to any of vim, nano, vi, but none of them could be found\n" +
      "hint: choose one: EDITOR='code --wait' sealkit sops edit FILE",
  );
}

async function isInPath(io: Io, program: string): Promise<boolean> {
  for (const folder of (io.env["PATH"] ?? "").split(":")) {
    const path = join(resolve(io.cwd, folder), program);
    const isFile = (await stat(path).catch(() => undefined))?.isFile() === true;
    const mayRun = async () => (await access(path, constants.X_OK).catch(() => "no")) === undefined;
    if (isFile && (await mayRun())) return true;
  }
  return false;
}
