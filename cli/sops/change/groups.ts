import {
  completeKeys,
  type GroupsOptions,
  type LockedFile,
  readLocked,
  recoverDataKey,
  withGroup,
  withoutGroup,
} from "../../../src/sops/index.ts";
import type { Io } from "../../io.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import { readNamed, writeResult } from "../call/files-adapter.ts";
import type { SopsFlags } from "../call/flags.ts";
import { indentFor } from "../call/indent.ts";
import { doubts as doubtsOf } from "../call/log.ts";
import { logLine } from "../call/log-line.ts";
import { findConfig } from "../config/config-adapter.ts";
import { keysOfFlags } from "../keys/key-flags.ts";
import { commandKeyring } from "../keys/keyring.ts";

/** `sealkit sops groups add`: gives a file one more group of keys. Returns the exit code. */
export async function runGroupsAdd(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  if (flags.args.length > 0) throw new SopsFailure(SOPS_EXIT.generic, "error: no positional arguments allowed");
  const group = keysOfFlags(flags);
  return await change(io, flags, useLocalKeys, async (locked, dataKey, options) => {
    const [complete = []] = await completeKeys([group], options.keyring);
    return await withGroup(locked, dataKey, complete, options);
  });
}

/** `sealkit sops groups delete`: takes a group of keys from a file. Returns the exit code. */
export async function runGroupsDelete(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  const [text, ...others] = flags.args;
  if (text === undefined || others.length > 0) {
    throw new SopsFailure(SOPS_EXIT.generic, "error: exactly one positional argument (index) required");
  }
  const index = indexOf(io, text);
  return await change(io, flags, useLocalKeys, (locked, dataKey, options) =>
    withoutGroup(locked, dataKey, index, options),
  );
}

async function change(
  io: Io,
  flags: SopsFlags,
  useLocalKeys: boolean,
  work: (locked: LockedFile, dataKey: Uint8Array, options: GroupsOptions) => Promise<string>,
): Promise<number> {
  const doubts = doubtsOf(io, flags.has("strict"));
  const path = flags.text("file");
  if (path === "") throw new SopsFailure(SOPS_EXIT.cannotRead, NO_FILE);
  const source = await readNamed(io, flags, path, path);
  const keyring = await commandKeyring(io, flags, doubts, useLocalKeys, "as in the file");
  const config = await findConfig(io, flags.text("config"), doubts);
  const options = {
    file: path,
    format: source.inputFormat,
    keyring,
    now: io.now(),
    threshold: Number.parseInt(flags.text("shamir-secret-sharing-threshold"), 10) || 0,
    indent: indentFor(flags, config, source.inputFormat),
    isLenient: !flags.has("strict"),
  };
  const locked = readLocked(source.bytes, source.inputFormat, options);
  const dataKey = await recoverDataKey(locked.metadata, keyring, options);
  await writeResult(io, flags, source, Buffer.from(await work(locked, dataKey, options)), { isClear: false });
  return 0;
}

const NO_FILE = "Error reading file: open : no such file or directory\nhint: name the file: -f FILE";
const MAX_INDEX = 2 ** 32;

/** @throws {SopsFailure} for what is no number from 0. */
function indexOf(io: Io, text: string): number {
  const index = /^\d+$/.test(text) ? Number(text) : undefined;
  if (index !== undefined && index < MAX_INDEX) return index;
  const state = index === undefined ? "invalid syntax" : "value out of range";
  const message = `failed to parse [index] argument: strconv.ParseUint: parsing ${JSON.stringify(text)}: ${state}`;
  throw new SopsFailure(SOPS_EXIT.generic, `${logLine(io, "fatal", message)}hint: groups are counted from 0`);
}
