import type { Io } from "../io.ts";
import { warn, write } from "../output.ts";
import { KubesealError } from "./errors.ts";
import { goOpenError, readFileGo, readStdinGo, replaceFileGo } from "./files.ts";
import type { KubesealOptions } from "./options.ts";
import { printObject } from "./print.ts";

/** What every mode of kubeseal works with: options, input, and where the result goes. */
export interface Context {
  readonly options: KubesealOptions;
  readonly io: Io;
  /** The input of `-f`, or stdin; read when it is asked for. */
  readInput(): Promise<Uint8Array>;
  /** Adds to the result: printed at once, or kept for the output file until everything went well. */
  print(text: string): Promise<void>;
  /** The format that was asked for, or that the output file's name chooses. */
  readonly format: string;
  /** Adds an object in the format that was asked for. */
  printObject(object: object): Promise<void>;
  /** Something that the original passes over: a warning, or an error with `--strict`. */
  doubt(lines: readonly string[]): Promise<void>;
  /** Puts the result into the output file, if there is one. */
  finish(): Promise<void>;
}

/**
 * Opens input and output in the order of the original, so that the same one of several mistakes is told.
 *
 * @throws {KubesealError} `KUBESEAL_FILE`
 */
export async function openContext(options: KubesealOptions, io: Io): Promise<Context> {
  const { secretFile, reEncrypt, strict } = options;
  const input = secretFile === "" ? undefined : await openInput(secretFile, io);
  const outputFile = options.sealedSecretFile || (reEncrypt && secretFile !== "" ? secretFile : "");
  if (outputFile !== "") await goOpenError(io, outputFile);
  const format = /\.ya?ml$/.test(outputFile) ? "yaml" : options.format;
  const kept: string[] = [];
  const print = async (text: string) => {
    if (outputFile === "") await write(io.stdout, text);
    else kept.push(text);
  };
  return {
    options,
    io,
    readInput: async () => input ?? (await readStdinGo(io)),
    print,
    format,
    printObject: (object) => print(printObject(object, format)),
    doubt: async (lines) => {
      const [first, ...more] = lines;
      if (first === undefined) return;
      if (strict)
        throw new KubesealError("KUBESEAL_STRICT", first, { details: more, hints: ["--strict made this an error"] });
      for (const line of lines) await warn(io, line);
    },
    finish: async () => {
      if (outputFile !== "") await replaceFileGo(io, outputFile, kept.join(""));
    },
  };
}

async function openInput(path: string, io: Io): Promise<Uint8Array> {
  try {
    return await readFileGo(io, path);
  } catch (cause) {
    if (!(cause instanceof KubesealError) || cause.message.startsWith("read ")) throw cause;
    throw new KubesealError("KUBESEAL_FILE", "Could not read file specified with --secret-file", {
      details: [cause.message],
      cause,
    });
  }
}
