import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { type Format, formatOfName, formatOfWord } from "../../../src/sops/index.ts";
import { CliError } from "../../errors.ts";
import { readFile } from "../../files-adapter.ts";
import { gitFailed, runGit } from "../../git/run-git-adapter.ts";
import type { Io } from "../../io.ts";
import type { SopsFlags } from "../call/flags.ts";

/** One side of a comparison. */
export interface ComparedFile {
  readonly bytes: Uint8Array;
  /** As it was typed. */
  readonly name: string;
  readonly format: Format;
}

/**
 * Reads a file, standard input (`-`), or a file of a git revision (`HEAD~1:db.yaml`). A file whose name is all of it wins
 * over a revision. `otherName` gives standard input its format.
 *
 * @throws {CliError} when there is no such file or revision.
 */
export async function readCompared(io: Io, flags: SopsFlags, name: string, otherName: string): Promise<ComparedFile> {
  const named = name === "-" ? otherName : name;
  const format = formatOfWord(flags.text("input-type")) ?? formatOfName(basename(named));
  const isRevision = name.includes(":") && (await stat(resolve(io.cwd, name)).catch(() => undefined)) === undefined;
  return { bytes: isRevision ? await readRevision(io, name) : await readFile(io, name), name, format };
}

async function readRevision(io: Io, name: string): Promise<Uint8Array> {
  if (name.startsWith("-")) throw new CliError("CLI_BAD_FLAG", `Cannot use "${name}": a revision begins with no "-"`);
  const run = await runGit(io, ["cat-file", "blob", name]);
  if (run.exitCode === 0) return run.stdout;
  throw gitFailed(`read ${JSON.stringify(name)}`, run, [
    `see what is in that revision: git ls-tree -r --name-only ${name.slice(0, name.indexOf(":"))}`,
  ]);
}
