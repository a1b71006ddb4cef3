import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { type Format, formatOfName, formatOfWord } from "../../../src/sops/index.ts";
import { CliError, GO_FILE_STATES } from "../../errors.ts";
import { readFile, readStdin, replaceFile } from "../../files-adapter.ts";
import type { Io } from "../../io.ts";
import { write } from "../../output.ts";
import { SOPS_EXIT, SopsFailure } from "./failure.ts";
import type { SopsFlags } from "./flags.ts";
import type { Doubts } from "./log.ts";

/** What a call works on. */
export interface Source {
  readonly bytes: Uint8Array;
  /** As it was typed; undefined for standard input. */
  readonly path: string | undefined;
  /** The name that stands for it in rules, formats and errors: that of `--filename-override`, else the path. */
  readonly name: string | undefined;
  readonly inputFormat: Format;
  readonly outputFormat: Format;
}

/** Reads the file of the command line, or standard input when it names none. @throws {SopsFailure} */
export async function readSource(
  io: Io,
  flags: SopsFlags,
  action: "encrypt" | "decrypt",
  doubts: Doubts,
): Promise<Source> {
  const [path, ...others] = flags.args;
  const override = flags.text("filename-override");
  if (path === undefined) {
    if (action === "encrypt" && override === "") {
      throw new SopsFailure(
        SOPS_EXIT.conflictingParameters,
        "Error: must specify --filename-override when reading from stdin",
      );
    }
    if (flags.has("in-place")) {
      throw new SopsFailure(SOPS_EXIT.conflictingParameters, "Error: cannot use --in-place when reading from stdin");
    }
  }
  if (others.length > 0) await warnOfOthers(others, doubts);
  if (flags.has("in-place") && flags.text("output") !== "") {
    throw new SopsFailure(SOPS_EXIT.conflictingParameters, "Error: cannot operate on both --output and --in-place");
  }
  const name = override || path;
  const formats = {
    inputFormat: formatOfWord(flags.text("input-type")) ?? formatOfName(name ?? ""),
    outputFormat: formatOfWord(flags.text("output-type")) ?? formatOfName(name ?? ""),
  };
  const bytes = path === undefined ? await readStdin(io) : await readExisting(io, path);
  return { bytes, path, name, ...formats };
}

/**
 * Reads the encrypted file that a call changes or uses: one that has to be there, and is never standard input.
 * `shown` stands for it in errors.
 *
 * @throws {SopsFailure}
 */
export async function readNamed(
  io: Io,
  flags: SopsFlags,
  path: string,
  shown: string = resolve(io.cwd, path),
): Promise<Source> {
  const name = flags.text("filename-override") || path;
  const inputFormat = formatOfWord(flags.text("input-type")) ?? formatOfName(name);
  const outputFormat = formatOfWord(flags.text("output-type")) ?? formatOfName(name);
  try {
    return { bytes: await readFile(io, resolve(io.cwd, path)), path, name, inputFormat, outputFormat };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const call = error.code === "CLI_IS_DIRECTORY" ? "read" : "open";
    throw new SopsFailure(
      SOPS_EXIT.cannotRead,
      `Error reading file: ${call} ${shown}: ${GO_FILE_STATES[error.code] ?? error.message}`,
    );
  }
}

export async function warnOfOthers(others: readonly string[], doubts: Doubts): Promise<void> {
  await doubts.raise("More than one positional argument provided. Only the first one will be used!");
  const flagLike = others.find((word) => word.startsWith("-"));
  if (flagLike === undefined) return;
  await doubts.raise(
    `Note that one of the ignored positional argument is "${flagLike}", which looks like a flag. Flags must always be provided before the first positional argument!`,
  );
}

/** The absolute path of a file that is not there; undefined when it is. */
export async function absentFile(io: Io, path: string): Promise<string | undefined> {
  const absolute = resolve(io.cwd, path);
  return (await stat(absolute).catch(() => undefined)) === undefined ? absolute : undefined;
}

async function readExisting(io: Io, path: string): Promise<Uint8Array> {
  const absolute = resolve(io.cwd, path);
  try {
    return await readFile(io, path);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (error.code === "CLI_FILE_MISSING" && (await stat(absolute).catch(() => undefined)) === undefined) {
      throw new SopsFailure(SOPS_EXIT.noFile, `Error: cannot operate on non-existent file "${absolute}"`);
    }
    const reason = GO_FILE_STATES[error.code] ?? error.message;
    throw new SopsFailure(SOPS_EXIT.cannotRead, `Error reading file: read ${absolute}: ${reason}`);
  }
}

/** Permission bits of a new file that holds clear text. */
const SECRET_MODE = 0o600;

/**
 * Writes the result: in place, to `--output`, or to standard output. A file is replaced in one step and keeps its mode;
 * a new one with clear text is for its owner alone.
 */
export async function writeResult(
  io: Io,
  flags: SopsFlags,
  source: Source,
  result: Uint8Array,
  { isClear }: { isClear: boolean },
): Promise<void> {
  const target = flags.has("in-place") ? source.path : flags.text("output") || undefined;
  if (target === undefined) await write(io.stdout, result);
  else await writeTarget(io, target, result, { isClear });
}

/** Puts a result in place of a file. @throws {SopsFailure} and leaves what was there. */
export async function writeTarget(
  io: Io,
  target: string,
  result: Uint8Array,
  { isClear }: { isClear: boolean },
): Promise<void> {
  try {
    const isNew = (await stat(resolve(io.cwd, target)).catch(() => undefined)) === undefined;
    await replaceFile(io, target, result, isNew && isClear ? { mode: SECRET_MODE, clearsLeftovers: true } : {});
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const reason = GO_FILE_STATES[error.code] ?? error.message;
    throw new SopsFailure(SOPS_EXIT.cannotWrite, `Could not open output file for writing: open ${target}: ${reason}`);
  }
}
