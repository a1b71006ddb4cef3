import {
  type Change,
  changeFile,
  type PathStep,
  parsePath,
  readSetValue,
  SopsError,
  setting,
  unsetting,
} from "../../../src/sops/index.ts";
import { readStdin, readTextFile } from "../../files-adapter.ts";
import type { Io } from "../../io.ts";
import { recordAction } from "../audit/recording.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import { readNamed, writeTarget } from "../call/files-adapter.ts";
import type { SopsFlags } from "../call/flags.ts";
import { withOpenOptions } from "./change.ts";

/** `sealkit sops set`: puts a JSON value at a path of an encrypted file, in place. Returns the exit code. */
export async function runSet(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  const isStdin = flags.has("value-stdin");
  if (isStdin && flags.has("value-file")) {
    throw new SopsFailure(SOPS_EXIT.generic, "Error: cannot use both --value-file and --value-stdin");
  }
  const [path, index, given = ""] = flags.args;
  if (path === undefined || index === undefined || flags.args.length !== (isStdin ? 2 : 3)) {
    throw new SopsFailure(SOPS_EXIT.noFile, isStdin ? TWO_ARGUMENTS : THREE_ARGUMENTS);
  }
  const steps = stepsOf(index, "Invalid set index format");
  return await change(io, flags, path, setting(steps, parsedValue(await jsonOf(io, flags, given))), useLocalKeys);
}

const THREE_ARGUMENTS =
  "Error: no file specified, or index and value are missing. Need precisely 3 positional arguments.";
const TWO_ARGUMENTS =
  "Error: file specified, or index and value are missing. Need precisely 2 positional arguments since --value-stdin is used.";

/** `sealkit sops --set '["key"] value' FILE`. */
export async function runOldSet(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  const [path = ""] = flags.args;
  const text = flags.text("set");
  const end = text.indexOf("] ");
  if (end < 0) throw new SopsFailure(SOPS_EXIT.setFormat, "Invalid --set format");
  const value = parsedValue(text.slice(end + 2));
  return await change(
    io,
    flags,
    path,
    setting(stepsOf(text.slice(0, end + 1), "Invalid --set format"), value),
    useLocalKeys,
  );
}

/** `sealkit sops unset`: removes what is at a path of an encrypted file, in place. Returns the exit code. */
export async function runUnset(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  const [path, index] = flags.args;
  if (path === undefined || index === undefined || flags.args.length !== 2) {
    throw new SopsFailure(SOPS_EXIT.noFile, "Error: no file specified, or index is missing");
  }
  const steps = stepsOf(index, "Invalid unset index format");
  try {
    return await change(io, flags, path, unsetting(steps), useLocalKeys);
  } catch (error) {
    if (flags.has("idempotent") && error instanceof SopsError && error.code === "SOPS_NOTHING_THERE") return 0;
    throw error;
  }
}

const INVALID_VALUE =
  "Invalid --set value format\n" +
  "hint: as with the original a list has to be inside an object, or is set item by item: '[\"list\"][0]'";

/** Values never go into an error: the sentences of the original hold none. */
function parsedValue(json: string) {
  const read = readSetValue(json);
  if (read === undefined) throw new SopsFailure(SOPS_EXIT.setFormat, "Value for --set is not valid JSON");
  if (read === "list") throw new SopsFailure(SOPS_EXIT.setFormat, INVALID_VALUE);
  return read.value;
}

/** @throws {SopsFailure} with the original's sentence; {SopsError} where the original panics. */
function stepsOf(text: string, sentence: string): readonly PathStep[] {
  try {
    return parsePath(text) ?? [];
  } catch (error) {
    if (!(error instanceof SopsError) || error.upstream === undefined) throw error;
    throw new SopsFailure(SOPS_EXIT.setFormat, `${sentence}\nhint: write it as '["key"][0]["key"]'`);
  }
}

async function jsonOf(io: Io, flags: SopsFlags, given: string): Promise<string> {
  if (flags.has("value-stdin")) return Buffer.from(await readStdin(io)).toString("utf8");
  return flags.has("value-file") ? await readTextFile(io, given) : given;
}

async function change(io: Io, flags: SopsFlags, path: string, what: Change, useLocalKeys: boolean): Promise<number> {
  const source = await readNamed(io, flags, path);
  const { text, hasChanged } = await withOpenOptions(io, flags, source, useLocalKeys, (options, keyring) =>
    changeFile(source.bytes, source.inputFormat, keyring, what, {
      ...options,
      now: io.now(),
      outputFormat: source.outputFormat,
    }),
  );
  if (!hasChanged && flags.has("idempotent")) return 0;
  await recordAction(io, "encrypt", path);
  await writeTarget(io, path, Buffer.from(text), { isClear: false });
  return 0;
}
