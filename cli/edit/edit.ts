import { resolve } from "node:path";
import { ToolkitError } from "../../src/errors.ts";
import {
  checkEditable,
  editSealed,
  editSheet,
  type ItemChanges,
  type OpenedEach,
  openEach,
  readSheet,
  type SealedInFile,
} from "../../src/secrets/index.ts";
import { certificateFlags, ownCertificates } from "../certificates/own-flags.ts";
import { defineCommand, flag } from "../define-command.ts";
import { type PrivateFileOptions, withPrivateFile } from "../editing/private-file-adapter.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { replaceFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { note, printable, warn } from "../output.ts";
import { privateKeyFlags } from "../private-keys/flags.ts";
import { loadKeys, wantsKeys } from "../private-keys/load.ts";
import { warnOfImmutable } from "../sealed-file/immutable.ts";
import { nameOf, type PickedSealed, pickSealed } from "../sealed-file/pick.ts";
import { checkSealedSize } from "../sealed-file/size.ts";
import { editorCommand } from "./editor-command.ts";
import { runEditor } from "./run-editor.ts";

export const editCommand = defineCommand({
  name: "edit",
  summary: "Edit the items of a SealedSecret in your editor",
  positionals: { usage: "FILE", min: 1, max: 1 },
  examples: [
    {
      what: "With the private keys: values are shown",
      command: "sealkit edit sealed.yaml -k keys.age -i identity.txt",
    },
    {
      what: "With the keys of the cluster, for those who may read them",
      command: "sealkit edit sealed.yaml --from-cluster",
    },
    {
      what: "Without keys: values can be replaced, not read",
      command: "EDITOR='code --wait' sealkit edit sealed.yaml",
    },
  ],
  description:
    "Opens the items as a Secret in VISUAL, EDITOR or vi, and seals what was changed when the editor ends; every other byte\n" +
    "of the file stays. A line that is removed removes the item, a new line adds one. Without keys, and for items that they\n" +
    "do not open, a comment stands in place of the value: left as it is, the item stays.\n" +
    "The clear text is in a file that only you can read, in memory (/dev/shm) where there is such a place, for as long as\n" +
    "the editor runs.",
  flags: {
    ...privateKeyFlags,
    document: flag.text({
      short: "d",
      placeholder: "N|NAME",
      help: "Which SealedSecret of the file: its number or name",
    }),
    editor: flag.text({ placeholder: "COMMAND", help: "Editor to use, instead of VISUAL and EDITOR" }),
    noHints: flag.toggle({ help: "Do not note in an annotation for which key the items were sealed" }),
    cert: flag.text({ placeholder: "FILE|URL", help: "Certificate to seal with; the cluster is not asked then" }),
    ...certificateFlags,
  },
  async run({ flags, args, io }) {
    const [file = ""] = args;
    if (file === "-") throw noStdin();
    const editor = editorCommand(io, flags.editor);
    const picked = await pickSealed(io, file, flags.document);
    const { sealed } = picked;
    checkEditable(picked.text, sealed, file);
    const opened: OpenedEach = wantsKeys(flags)
      ? await openEach(sealed.view, (await loadKeys(flags, io)).keyring)
      : new Map();
    if (wantsKeys(flags)) await tellUnopened(opened, io);
    // Asked for before anybody types: what was typed would be lost if there were none.
    const [obtained] = await ownCertificates(flags.cert === undefined ? [] : [flags.cert], flags, io);
    if (obtained === undefined) throw new RangeError("edit: expected a certificate");
    const changes = await withPrivateFile(privateFile(sealed, file, io), async (clear) => {
      const sheet = editSheet(sealed.view, opened);
      await clear.write(heading(sealed, file) + sheet);
      return await edited({ sealed, opened, sheet }, { ...clear, edit: () => runEditor(editor, clear.path, io) });
    });
    if (changes.set.size === 0 && changes.unset.length === 0) {
      await note(io, `Nothing was changed: ${file} is as it was`);
      return EXIT.ok;
    }
    await warnOfImmutable(sealed.view, io);
    const { certificate } = obtained;
    const current = await pickAgain(picked, flags.document, io);
    const options = { certificate, hints: !flags.noHints, source: file };
    await replaceFile(io, file, await editSealed(current.text, current.sealed, changes, options));
    await note(io, `${summary(changes, sealed)} in ${nameOf(sealed)} (${file})`);
    return EXIT.ok;
  },
});

interface EditedSheet {
  readonly sealed: SealedInFile;
  readonly opened: OpenedEach;
  /** As it was shown first. */
  readonly sheet: string;
}

interface EditedFile {
  read(): Promise<string>;
  write(text: string): Promise<void>;
  edit(): Promise<void>;
}

/** What somebody changed. A text that cannot be taken over is shown again, with the reason above it. */
async function edited({ sealed, opened, sheet }: EditedSheet, file: EditedFile): Promise<ItemChanges> {
  const nothing: ItemChanges = { set: new Map(), unset: [] };
  let shown = sheet;
  for (;;) {
    await file.edit();
    const body = withoutHeading(await file.read());
    if (body === shown) {
      if (shown === sheet) return nothing;
      throw cancelled("the text was left as it was refused");
    }
    if (body.trim() === "") throw cancelled("the file was emptied");
    const take = (above: string) => {
      const changes = readSheet(above + body, sealed.view, opened);
      checkSealedSize(sealed.view, changes);
      return changes;
    };
    const found = attempt(() => take(""));
    if (!(found instanceof ToolkitError)) return found;
    // Said again as it stands below the heading, whose lines count too.
    const placed = attempt(() => take(reasons(found)));
    await file.write(reasons(placed instanceof ToolkitError ? placed : found) + body);
    shown = body;
  }
}

function attempt<Result>(work: () => Result): Result | ToolkitError {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof ToolkitError) return cause;
    throw cause;
  }
}

function heading(sealed: SealedInFile, file: string): string {
  return [
    `The items of SealedSecret ${nameOf(sealed)} (${file}). Only those that you change are sealed anew.`,
    "Remove a line to remove its item; a key without a value stays as it is. Nothing else can be changed here.",
  ]
    .map(commented)
    .join("");
}

/** One line, whatever names of foreign files stand in it. */
function commented(line: string): string {
  return `# ${printable(line).replaceAll("\n", " ")}\n`;
}

/** Why a text is shown again. Lines of the heading begin with `# `, and go with the next one. */
function reasons({ message, details, hints }: ToolkitError): string {
  const lines = [`error: ${message}`, ...details.map((line) => `  ${line}`), ...hints.map((line) => `hint: ${line}`)];
  return [...lines, "Save it as it is to give up."].map(commented).join("");
}

function withoutHeading(text: string): string {
  return text.replace(/^(?:#[^\n]*\n)+/, "");
}

async function tellUnopened(opened: OpenedEach, io: Io): Promise<void> {
  const closed = [...opened].filter(([, value]) => value === undefined).map(([item]) => item);
  if (closed.length === 0) return;
  await warn(io, `the keys do not open ${closed.join(", ")}: shown without a value (sealkit inspect says why)`);
}

/** The file as it is now: somebody may have changed it while the editor was open. */
async function pickAgain(before: PickedSealed, document: string | undefined, io: Io): Promise<PickedSealed> {
  const now = await pickSealed(io, before.file, document);
  if (now.text === before.text) return now;
  const items = ({ sealed }: PickedSealed) =>
    JSON.stringify([nameOf(sealed), sealed.view.annotations, [...sealed.view.encryptedData]]);
  if (items(now) === items(before)) return now;
  throw cancelled(`somebody else changed "${before.file}" meanwhile`);
}

function privateFile(sealed: SealedInFile, file: string, io: Io): PrivateFileOptions {
  return { name: fileName(sealed), temporary: io.env["TMPDIR"], subject: resolve(io.cwd, file) };
}

function fileName({ view }: SealedInFile): string {
  return `${(view.metadata.name ?? "secret").replace(/[^-._A-Za-z0-9]/g, "_").slice(0, 100)}.yaml`;
}

function summary({ set, unset }: ItemChanges, { view }: SealedInFile): string {
  const added = [...set.keys()].filter((item) => !view.encryptedData.has(item));
  const changed = [...set.keys()].filter((item) => view.encryptedData.has(item));
  const part = (verb: string, items: readonly string[]) => (items.length === 0 ? [] : [`${verb} ${items.join(", ")}`]);
  return [...part("Changed", changed), ...part("Added", added), ...part("Removed", unset)].join("; ");
}

function cancelled(state: string): CliError {
  return new CliError("CLI_EDIT_CANCELLED", `Cannot take over the changes: ${state}`, {
    details: ["nothing was changed"],
  });
}

function noStdin(): CliError {
  return new CliError("CLI_BAD_FLAG", "Cannot run sealkit edit: it changes a file, not stdin", {
    hints: ["sealkit edit FILE"],
  });
}
