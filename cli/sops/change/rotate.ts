import { completeKeys, type OpenOptions, rotate } from "../../../src/sops/index.ts";
import type { Io } from "../../io.ts";
import { recordAction } from "../audit/recording.ts";
import type { SopsCall } from "../call/call.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import { absentFile, readNamed, type Source, warnOfOthers, writeResult } from "../call/files-adapter.ts";
import { ROTATE_KEYS, type SopsFlags } from "../call/flags.ts";
import { doubts } from "../call/log.ts";
import { keysOfPrefix } from "../keys/key-flags.ts";
import { withCallOptions, withOpenOptions } from "./change.ts";

/** `sealkit sops rotate`, and `sealkit sops -r`. Returns the exit code. */
export async function runRotate(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  const [path, ...others] = flags.args;
  if (path === undefined) throw new SopsFailure(SOPS_EXIT.noFile, "Error: no file specified");
  if (others.length > 0) await warnOfOthers(others, doubts(io, flags.has("strict")));
  if (flags.has("in-place") && flags.text("output") !== "") {
    throw new SopsFailure(SOPS_EXIT.conflictingParameters, "Error: cannot operate on both --output and --in-place");
  }
  const keyFlags = ROTATE_KEYS.filter((name) => flags.text(name) !== "");
  const absent = await absentFile(io, path);
  if (absent !== undefined && keyFlags.length > 0) {
    const state = `cannot add or remove keys on non-existent file "${absent}", use the \`edit\` subcommand instead.`;
    throw new SopsFailure(SOPS_EXIT.keysOfNoFile, `Error: ${state}`);
  }
  const source = await readNamed(io, flags, path);
  await recordAction(io, "rotate", path);
  const text = await withOpenOptions(io, flags, source, useLocalKeys, (options, keyring) =>
    rotateWith({ io, flags, keyring }, source, options),
  );
  await recordAction(io, "encrypt", path);
  await writeResult(io, flags, source, Buffer.from(text), { isClear: false });
  return 0;
}

/** One file of a call with a new data key. @throws {SopsFailure | SopsError} */
export async function rotateSource(call: SopsCall, source: Source): Promise<string> {
  await recordAction(call.io, "rotate", source.path);
  const text = await withCallOptions(call, source, (options) => rotateWith(call, source, options));
  await recordAction(call.io, "encrypt", source.path);
  return text;
}

async function rotateWith(
  { io, flags, keyring }: Pick<SopsCall, "io" | "flags" | "keyring">,
  { bytes, inputFormat, outputFormat }: Source,
  options: OpenOptions,
): Promise<string> {
  const wanted = [keysOfPrefix(flags, "add"), keysOfPrefix(flags, "rm")];
  const [addKeys = [], removeKeys = []] = await completeKeys(wanted, keyring);
  return await rotate(bytes, inputFormat, keyring, { ...options, now: io.now(), outputFormat, addKeys, removeKeys });
}
