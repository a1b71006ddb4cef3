import { realpath, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, parse, resolve } from "node:path";
import { shellWord } from "../../../src/bytes/shell-word.ts";
import { CliError } from "../../errors.ts";
import { readFile, replaceFile } from "../../files-adapter.ts";
import type { Io } from "../../io.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import { writeTarget } from "../call/files-adapter.ts";

/** Names that are tried for a file beside another one. */
const MAX_NAMES = 100;

/** The one path of a file, whatever links lead to it: what tells two edits of one file. */
export async function truePath(io: Io, path: string): Promise<string> {
  const absolute = resolve(io.cwd, path);
  return await realpath(absolute).catch(() => absolute);
}

/** @throws {SopsFailure} when a new file could not be written where it shall be. Better known before anybody types. */
export async function checkFolderOf(io: Io, path: string): Promise<void> {
  const absolute = resolve(io.cwd, path);
  if ((await stat(dirname(absolute)).catch(() => undefined))?.isDirectory() === true) return;
  throw new SopsFailure(
    SOPS_EXIT.cannotWrite,
    `Could not open in-place file for writing: open ${absolute}: no such file or directory\nhint: mkdir -p ${shellWord(dirname(path))}`,
  );
}

/**
 * Puts an edited file in its place. When somebody else changed the file while it was edited (`before` is how it was,
 * undefined for a new one), or it cannot be written, the edited one is kept beside it, encrypted.
 *
 * @throws {SopsFailure} then; it says where the edit is.
 */
export async function putEdited(io: Io, path: string, before: Uint8Array | undefined, text: string): Promise<void> {
  const now = await readIfThere(io, path);
  const isSame = before === undefined ? now === undefined : now !== undefined && Buffer.compare(before, now) === 0;
  if (!isSame) {
    const kept = await keepBeside(io, editedName(path), text);
    throw new SopsFailure(
      SOPS_EXIT.generic,
      `error: Cannot replace ${JSON.stringify(path)}: somebody else changed it while it was edited\n${keptLines(kept)}${kept === undefined ? "" : `hint: compare: sealkit sops decrypt ${shellWord(path)}; sealkit sops decrypt ${shellWord(kept)}\n`}hint: take over what you want: sealkit sops edit ${shellWord(path)}`,
    );
  }
  try {
    await writeTarget(io, path, Buffer.from(text), { isClear: false });
  } catch (error) {
    if (!(error instanceof SopsFailure)) throw error;
    const kept = await keepBeside(io, editedName(path), text);
    throw new SopsFailure(error.exit, `${error.message}\n${keptLines(kept).trimEnd()}`);
  }
}

/** Keeps an edited text that is no file of its format, encrypted. Returns what to tell about it. */
export async function keepRefused(io: Io, path: string, text: string): Promise<string> {
  const kept = await keepBeside(io, `${path}.edited`, text);
  const hint = kept === undefined ? "" : `hint: show it: sealkit sops decrypt ${shellWord(kept)}`;
  return `${keptLines(kept)}${hint}`.trimEnd();
}

function keptLines(kept: string | undefined): string {
  return kept === undefined
    ? "  the edited text could not be kept\n"
    : `  the edited text is kept, encrypted, in ${JSON.stringify(kept)}\n`;
}

/** `values.yaml` becomes `values.edited.yaml`: a file of the same format. */
function editedName(path: string): string {
  const { dir, name, ext } = parse(path);
  return join(dir, ext === "" && name.startsWith(".") ? `.edited${name}` : `${name}.edited${ext}`);
}

/** Writes a new file beside another one, else into a folder for temporary files. Never replaces anything. */
async function keepBeside(io: Io, wanted: string, text: string): Promise<string | undefined> {
  const { dir, name, ext } = parse(wanted);
  for (const folder of [dir, io.env["TMPDIR"] ?? tmpdir()]) {
    for (let number = 1; number <= MAX_NAMES; number++) {
      const path = join(folder, number === 1 ? basename(wanted) : `${name}-${number}${ext}`);
      try {
        await replaceFile(io, path, text, { onlyNew: true, mode: 0o600 });
        return path;
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
        if (error.code !== "CLI_FILE_EXISTS") break;
      }
    }
  }
  return undefined;
}

async function readIfThere(io: Io, path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(io, resolve(io.cwd, path));
  } catch (error) {
    if (error instanceof CliError) return undefined;
    throw error;
  }
}
