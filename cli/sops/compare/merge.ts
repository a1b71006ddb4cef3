import { basename } from "node:path";
import { shellWord } from "../../../src/bytes/shell-word.ts";
import {
  compareKeys,
  type Format,
  formatOfName,
  formatOfWord,
  type Keyring,
  type MergedFile,
  type MergeOptions,
  mergeFiles,
  parsePath,
  readLocked,
  resolveConflict,
  SopsError,
} from "../../../src/sops/index.ts";
import { CliError } from "../../errors.ts";
import { readFile, replaceFile } from "../../files-adapter.ts";
import { gitFailed, runGit } from "../../git/run-git-adapter.ts";
import type { Io } from "../../io.ts";
import { note, onOneLine } from "../../output.ts";
import { recordOpening } from "../audit/recording.ts";
import type { SopsFlags } from "../call/flags.ts";
import { indentFor } from "../call/indent.ts";
import { doubts as doubtsOf } from "../call/log.ts";
import { MERGE_EXIT, withOneExit } from "../call/own-exit.ts";
import { findConfig } from "../config/config-adapter.ts";
import { tell } from "../encrypt.ts";
import { commandKeyring } from "../keys/keyring.ts";
import { pathText } from "./diff.ts";

/** `sealkit sops merge`. Returns the exit code. */
export function runMerge(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  return withOneExit(io, MERGE_EXIT.refused, () => {
    const side = flags.text("resolve");
    if (side === "") return mergeThree(io, flags, useLocalKeys);
    if (side !== "ours" && side !== "theirs") throw badCall("--resolve takes ours or theirs");
    return resolve(io, flags, side, useLocalKeys);
  });
}

async function mergeThree(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  const [base, ours, theirs, more] = flags.args;
  if (base === undefined || ours === undefined || theirs === undefined || more !== undefined) {
    throw badCall("it takes three files: BASE OURS THEIRS");
  }
  const name = flags.text("path") || ours;
  const format = formatFor(flags, name);
  const inputs = {
    base: await readFile(io, base),
    ours: await readFile(io, ours),
    theirs: await readFile(io, theirs),
  };
  // A pattern of .gitattributes may take in files that are not encrypted: those are git's own matter.
  if (Object.values(inputs).every((bytes) => isClear(bytes, format))) {
    return await mergeAsText(io, flags, { base, ours, theirs });
  }
  const result = await withMergeOptions(io, flags, { name, format, useLocalKeys }, (keyring, options) =>
    mergeFiles(inputs, format, keyring, options),
  );
  await replaceFile(io, ours, result.text);
  const exit = await tellConflicts(io, name, result);
  if (exit === MERGE_EXIT.merged) await tellRecipients(io, name, { ours: inputs.ours, merged: result.text, format });
  return exit;
}

/** Nothing authenticates who a file is for: whom the other side added should be seen before it is committed. */
async function tellRecipients(
  io: Io,
  name: string,
  { ours, merged, format }: { readonly ours: Uint8Array; readonly merged: string; readonly format: Format },
): Promise<void> {
  const before = readLocked(ours, format, { isLenient: true }).metadata;
  const after = readLocked(Buffer.from(merged), format, { isLenient: true }).metadata;
  for (const { added } of compareKeys(before, after.keyGroups).groups) {
    for (const key of added) await note(io, `Recipient of ${JSON.stringify(name)} added by theirs: ${onOneLine(key)}`);
  }
}

async function resolve(io: Io, flags: SopsFlags, side: "ours" | "theirs", useLocalKeys: boolean): Promise<number> {
  const [file, ...paths] = flags.args;
  if (file === undefined) throw badCall("the file to resolve is missing");
  const format = formatFor(flags, flags.text("path") || file);
  const resolution = { side, paths: paths.map((path) => parsePath(path) ?? []) };
  const input = await readFile(io, file);
  const result = await withMergeOptions(io, flags, { name: file, format, useLocalKeys }, (keyring, options) =>
    resolveConflict(input, format, keyring, resolution, options),
  );
  await replaceFile(io, file, result.text);
  const exit = await tellConflicts(io, file, result);
  if (exit === MERGE_EXIT.merged) await note(io, `Resolved ${JSON.stringify(file)}: git add ${shellWord(file)}`);
  return exit;
}

interface Subject {
  readonly name: string;
  readonly format: Format;
  readonly useLocalKeys: boolean;
}

async function withMergeOptions<T>(
  io: Io,
  flags: SopsFlags,
  { name, format, useLocalKeys }: Subject,
  work: (keyring: Keyring, options: MergeOptions) => Promise<T>,
): Promise<T> {
  const isStrict = flags.has("strict");
  const doubts = doubtsOf(io, isStrict);
  const keyring = await commandKeyring(io, flags, doubts, useLocalKeys);
  const config = await findConfig(io, flags.text("config"), doubts);
  const warnings: string[] = [];
  const result = await recordOpening(io, name, () =>
    work(keyring, {
      file: name,
      now: io.now(),
      indent: indentFor(flags, config, format),
      isLenient: !isStrict,
      markerSize: markerSize(flags),
      onWarning: (warning) => void warnings.push(warning),
    }),
  );
  await tell(warnings, doubts);
  return result;
}

const [SMALLEST_MARKER, LARGEST_MARKER] = [7, 1000];

/** Undefined when it was not given. @throws {CliError} for what is no size. */
function markerSize(flags: SopsFlags): number | undefined {
  const text = flags.text("marker-size");
  if (text === "") return undefined;
  const size = Number(text);
  if (/^\d{1,4}$/.test(text) && size >= SMALLEST_MARKER && size <= LARGEST_MARKER) return size;
  throw badCall(`--marker-size is a number from ${SMALLEST_MARKER} to ${LARGEST_MARKER}`);
}

function formatFor(flags: SopsFlags, name: string): Format {
  return formatOfWord(flags.text("input-type")) ?? formatOfName(basename(name));
}

function isClear(bytes: Uint8Array, format: Format): boolean {
  try {
    readLocked(bytes, format, { isLenient: true });
    return false;
  } catch (error) {
    if (error instanceof SopsError) return bytes.length === 0 || error.code === "SOPS_NO_METADATA";
    throw error;
  }
}

async function mergeAsText(
  io: Io,
  flags: SopsFlags,
  { base, ours, theirs }: { readonly base: string; readonly ours: string; readonly theirs: string },
): Promise<number> {
  const size = markerSize(flags) ?? SMALLEST_MARKER;
  const labels = ["-L", "ours", "-L", "base", "-L", "theirs"];
  const run = await runGit(io, ["merge-file", "-q", `--marker-size=${size}`, ...labels, "--", ours, base, theirs]);
  if (run.exitCode > MAX_TEXT_CONFLICTS) throw gitFailed(`merge ${JSON.stringify(ours)} as text`, run);
  return run.exitCode === 0 ? MERGE_EXIT.merged : MERGE_EXIT.conflict;
}

/** git merge-file ends with the number of conflicts, and with 128 or more for trouble. */
const MAX_TEXT_CONFLICTS = 127;

async function tellConflicts(io: Io, name: string, result: MergedFile): Promise<number> {
  const { conflicts, metadataConflicts } = result;
  const count = conflicts.length + metadataConflicts.length;
  if (count === 0) return MERGE_EXIT.merged;
  const file = shellWord(name);
  await note(io, `Conflict in ${JSON.stringify(name)}: changed on both sides, which both stay encrypted`);
  for (const { document, path, about } of conflicts) {
    const place = document > 0 ? `document ${document + 1}: ` : "";
    await note(io, `  ${place}${pathText(path)}${about === "value" ? "" : ` (${about})`}`);
  }
  for (const what of metadataConflicts) await note(io, `  ${what} of the encryption`);
  await note(io, `hint: look at it: sealkit sops diff :2:./${file} :3:./${file}`);
  await note(io, `hint: take one side of all: sealkit sops merge --resolve ours ${file}`);
  const example = conflicts[0]?.path ?? ["sops"];
  const path = example.map((step) => `[${JSON.stringify(step)}]`).join("");
  if (path !== "")
    await note(io, `hint: or of one path: sealkit sops merge --resolve theirs ${file} ${shellWord(path)}`);
  return MERGE_EXIT.conflict;
}

function badCall(state: string): CliError {
  return new CliError("CLI_BAD_FLAG", `Cannot run sealkit sops merge: ${state}`, {
    hints: ["sealkit sops merge --help"],
  });
}
