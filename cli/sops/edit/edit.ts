import { basename } from "node:path";
import {
  type Editing,
  editFile,
  editNewFile,
  formatOfName,
  formatOfWord,
  SopsError,
  type SopsErrorCode,
} from "../../../src/sops/index.ts";
import { type PrivateFile, withPrivateFile } from "../../editing/private-file-adapter.ts";
import { othersWith, privatePlaces } from "../../editing/private-folders-adapter.ts";
import type { Io } from "../../io.ts";
import { write } from "../../output.ts";
import { errorText } from "../../run.ts";
import { runProgram } from "../../run-program-adapter.ts";
import { recordAction } from "../audit/recording.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import { absentFile, readNamed, warnOfOthers } from "../call/files-adapter.ts";
import { NEW_FILE_FLAGS, type SopsFlags } from "../call/flags.ts";
import { indentFor } from "../call/indent.ts";
import { doubts as doubtsOf } from "../call/log.ts";
import { logLine } from "../call/log-line.ts";
import { withOpenOptions } from "../change/change.ts";
import { findConfig } from "../config/config-adapter.ts";
import { planOf } from "../encrypt.ts";
import { endMessage } from "../exec/program-end.ts";
import { commandKeyring } from "../keys/keyring.ts";
import { checkFolderOf, keepRefused, putEdited, truePath } from "./edited-file-adapter.ts";
import { sopsEditor } from "./editor-adapter.ts";
import { waitForEnter } from "./enter.ts";

/** `sealkit sops edit FILE`, and `sealkit sops FILE`. Returns the exit code. */
export async function runEdit(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  const [path, ...others] = flags.args;
  if (path === undefined) throw new SopsFailure(SOPS_EXIT.noFile, "Error: no file specified");
  const doubts = doubtsOf(io, flags.has("strict"));
  if (others.length > 0) await warnOfOthers(others, doubts);
  const isNew = (await absentFile(io, path)) !== undefined;
  const { editing, before } = isNew
    ? await begin(io, flags, path, useLocalKeys)
    : await open(io, flags, path, useLocalKeys);
  const subject = await truePath(io, path);
  const place = { name: basename(path), temporary: io.env["TMPDIR"], subject };
  try {
    const text = await withPrivateFile(place, async (file) => {
      for (const other of await othersWith(subject, file.folder, privatePlaces(io.env["TMPDIR"]))) {
        await doubts.raise(
          `process ${other} edits ${JSON.stringify(path)} too: who saves second will not replace the file, and finds the edit beside it`,
        );
      }
      return await edited(io, path, editing, file);
    });
    await recordAction(io, "encrypt", path);
    await putEdited(io, path, before, text);
    return 0;
  } catch (error) {
    if (!io.signal.aborted) throw error;
    throw new SopsFailure(SOPS_EXIT.generic, "User canceled operation");
  }
}

interface Begun {
  readonly editing: Editing;
  /** The file as it was; undefined for a new one. */
  readonly before: Uint8Array | undefined;
}

async function open(io: Io, flags: SopsFlags, path: string, useLocalKeys: boolean): Promise<Begun> {
  const doubts = doubtsOf(io, flags.has("strict"));
  for (const name of NEW_FILE_FLAGS.filter((flag) => flags.text(flag) !== "")) {
    await doubts.raise(`--${name} has no effect on a file that is there: it keeps its keys and its selector`);
  }
  const source = await readNamed(io, flags, path);
  const editing = await withOpenOptions(io, flags, source, useLocalKeys, (options, keyring) =>
    editFile(source.bytes, source.inputFormat, keyring, {
      ...options,
      outputFormat: source.outputFormat,
      showMasterKeys: flags.has("show-master-keys"),
    }),
  );
  return { editing, before: source.bytes };
}

async function begin(io: Io, flags: SopsFlags, path: string, useLocalKeys: boolean): Promise<Begun> {
  const isStrict = flags.has("strict");
  const doubts = doubtsOf(io, isStrict);
  const config = await findConfig(io, flags.text("config"), doubts);
  const keyring = await commandKeyring(io, flags, doubts, useLocalKeys);
  const plan = await planOf({ io, flags, doubts, config, keyring }, { name: path });
  await checkFolderOf(io, path);
  const format = formatOfWord(flags.text("input-type")) ?? formatOfName(path);
  const outputFormat = formatOfWord(flags.text("output-type")) ?? formatOfName(path);
  const warnings: string[] = [];
  const editing = await editNewFile(format, {
    ...plan,
    keyring,
    now: io.now(),
    file: path,
    outputFormat,
    indent: indentFor(flags, config, outputFormat),
    isLenient: !isStrict,
    showMasterKeys: flags.has("show-master-keys"),
    onWarning: (warning) => void warnings.push(warning),
  });
  for (const warning of warnings) await doubts.raise(warning);
  return { editing, before: undefined };
}

/** How long an editor may take to end when we are interrupted. */
const GRACE_MS = 3_000;

/** The encrypted file for what somebody typed. A text that cannot be encrypted goes back to the editor. */
async function edited(io: Io, path: string, editing: Editing, file: PrivateFile): Promise<string> {
  const shown = editing.shown.reveal();
  await file.write(shown);
  const editor = await sopsEditor(io);
  for (;;) {
    io.signal.throwIfAborted();
    const end = await runProgram(io, [...editor, file.path], { env: io.env, input: "terminal", graceMs: GRACE_MS });
    io.signal.throwIfAborted();
    const message = endMessage(end, editor[0]);
    if (message !== undefined) throw new SopsFailure(SOPS_EXIT.noEditor, `Could not run editor: ${message}`);
    const bytes = await file.readBytes();
    if (bytes === undefined) {
      const state = `open ${file.path}: no such file or directory`;
      throw new SopsFailure(SOPS_EXIT.cannotRead, `Could not hash file: ${state}`);
    }
    if (Buffer.compare(bytes, shown) === 0) {
      throw new SopsFailure(SOPS_EXIT.notModified, "File has not changed, exiting.");
    }
    try {
      return await editing.seal(bytes, io.now());
    } catch (error) {
      if (!(error instanceof SopsError)) throw error;
      await tellRefusal(io, error);
      if (await waitForEnter(io)) continue;
      const state = "the text cannot be encrypted, and nobody can be asked to mend it: standard input is over";
      const kept = bytes.length === 0 ? "" : `\n${await keepRefused(io, path, editing.sealAsIs(bytes, io.now()))}`;
      throw new SopsFailure(SOPS_EXIT.cannotRead, `error: Cannot edit ${JSON.stringify(path)}: ${state}${kept}`);
    }
  }
}

/** Refusals of a text that can be read, and not be encrypted. */
const NOT_VALID: ReadonlySet<SopsErrorCode> = new Set<SopsErrorCode>([
  "SOPS_ALREADY_ENCRYPTED",
  "SOPS_COMMENT_CONFLICT",
  "SOPS_EMPTY_FILE",
  "SOPS_UNPRINTABLE",
]);

async function tellRefusal(io: Io, error: SopsError): Promise<void> {
  const state = NOT_VALID.has(error.code)
    ? "Tree not valid for encryption."
    : "Could not load tree, probably due to invalid syntax.";
  const message = `${state} Press enter to return to the editor, or Ctrl+C to exit.`;
  const reason = error.upstream === undefined ? "" : ` error=${JSON.stringify(error.upstream)}`;
  await write(io.stderr, `${logLine(io, "error", message).trimEnd()}${reason}\n`);
  await write(io.stderr, errorText(error, io));
}
