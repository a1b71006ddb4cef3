import { shellWord } from "../../src/bytes/shell-word.ts";
import { type SealedInFile, sealedInFile } from "../../src/secrets/index.ts";
import { CliError } from "../errors.ts";
import { readFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";

/** A SealedSecret of a file, with the text of the whole file. */
export interface PickedSealed {
  readonly file: string;
  readonly text: string;
  readonly sealed: SealedInFile;
}

/**
 * The SealedSecret of a file that a command is to work on: the only one, or that which `wanted` names by the number of
 * its document (from 1), its name, or `namespace/name`.
 *
 * @throws {CliError} `CLI_BAD_INPUT` when there is none or the choice is not clear; {YamlError}
 */
export async function pickSealed(io: Io, file: string, wanted: string | undefined): Promise<PickedSealed> {
  const text = utf8Text(await readFile(io, file), file);
  const all = sealedInFile(text, file);
  const fitting = wanted === undefined ? all : all.filter((sealed) => isWanted(sealed, wanted));
  const [sealed, another] = fitting;
  if (sealed !== undefined && another === undefined) return { file, text, sealed };
  const details = all.slice(0, 20).map((one) => `document ${one.document + 1} (line ${one.line}): ${nameOf(one)}`);
  if (sealed !== undefined) {
    const state = wanted === undefined ? `it holds ${all.length} SealedSecrets` : `"${wanted}" means ${fitting.length}`;
    throw new CliError("CLI_BAD_INPUT", `Cannot choose a SealedSecret of "${file}": ${state}`, {
      details,
      hints: [`choose one: --document ${nameOf(fitting[0])}`],
    });
  }
  const state =
    wanted === undefined || all.length === 0 ? "it holds no SealedSecret" : `"${wanted}" is none of its SealedSecrets`;
  throw new CliError("CLI_BAD_INPUT", `Cannot edit "${file}": ${state}`, {
    details,
    hints: all.length === 0 ? [`seal a Secret first: sealkit seal ${shellWord(file)}`] : [],
  });
}

/** `namespace/name`, or the name alone. */
export function nameOf(sealed: SealedInFile | undefined): string {
  const { name = "", namespace = "" } = sealed?.view.metadata ?? {};
  return namespace === "" ? name : `${namespace}/${name}`;
}

function isWanted(sealed: SealedInFile, wanted: string): boolean {
  const { name = "" } = sealed.view.metadata;
  return wanted === String(sealed.document + 1) || wanted === name || wanted === nameOf(sealed);
}

/** What is edited in place is written back as it was read: UTF-8 and nothing else. A byte order mark stays. */
function utf8Text(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CliError("CLI_BAD_INPUT", `Cannot edit "${file}": it is not UTF-8`, {
      hints: [`convert it first: iconv -f UTF-16 -t UTF-8 ${JSON.stringify(file)}`],
    });
  }
}
