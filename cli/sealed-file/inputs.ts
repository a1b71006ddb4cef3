import { ToolkitError } from "../../src/errors.ts";
import { type ObjectInFile, objectsInFile, type SealedInFile, sealedInFile } from "../../src/secrets/index.ts";
import { YamlError } from "../../src/yaml/index.ts";
import { isDirectory, readFile, readStdin } from "../files-adapter.ts";
import { manifestFiles } from "../files-below/walk-adapter.ts";
import type { Io } from "../io.ts";
import { note, warn } from "../output.ts";

/** One input of a command that reads SealedSecrets. */
export interface SealedInput {
  /** Name of the file as it was given; `standard input` for stdin. */
  readonly source: string;
  readonly sealed: readonly SealedInFile[];
  /** How many objects of other kinds stand beside them. */
  readonly others: number;
}

/**
 * The SealedSecrets of files and stdin (`-`, or no word at all), and of all manifests below folders.
 *
 * @throws {CliError} for a file that cannot be read; {YamlError} for one that was named and is no YAML. Of a folder such
 *   a file is named in a warning, and only when it seems to hold a SealedSecret.
 */
export async function sealedInputs(words: readonly string[], io: Io): Promise<readonly SealedInput[]> {
  const inputs: SealedInput[] = [];
  for (const word of words.length === 0 ? ["-"] : words) {
    if (word === "-") {
      if (io.stdin.isTTY === true) await note(io, "Reading manifests from the terminal; end them with Ctrl-D");
      inputs.push(inputOf(await readStdin(io), "standard input"));
    } else if (await isDirectory(io, word)) inputs.push(...(await folderInputs(word, io)));
    else inputs.push(inputOf(await readFile(io, word), word));
  }
  return inputs;
}

async function folderInputs(folder: string, io: Io): Promise<readonly SealedInput[]> {
  const { paths } = await manifestFiles(io, folder);
  const base = folder.replace(/\/+$/, "");
  const inputs: SealedInput[] = [];
  for (const path of paths) {
    const source = `${base}/${path}`;
    try {
      const bytes = await readFile(io, source);
      if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes("SealedSecret")) continue;
      const input = inputOf(bytes, source);
      if (input.sealed.length > 0) inputs.push(input);
    } catch (cause) {
      if (!(cause instanceof ToolkitError)) throw cause;
      const why =
        cause instanceof YamlError
          ? `line ${cause.at.line}, column ${cause.at.column}: ${cause.problem}`
          : [cause.message, ...cause.details].join(", ");
      await warn(io, `"${source}" is passed over: ${why}`);
    }
  }
  return inputs;
}

function inputOf(bytes: Uint8Array, source: string): SealedInput {
  const objects: readonly ObjectInFile[] = objectsInFile(bytes, source);
  const sealed = sealedInFile(bytes, source);
  return { source, sealed, others: objects.length - sealed.length };
}
