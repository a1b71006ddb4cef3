import { ClearText } from "../../src/clear-text.ts";
import { checkChanges, editSealed } from "../../src/secrets/index.ts";
import { certificateFlags, ownCertificates } from "../certificates/own-flags.ts";
import { defineCommand, flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { replaceFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { note, warn, write } from "../output.ts";
import { endsInLineEnd } from "../seal/documents.ts";
import { warnOfImmutable } from "../sealed-file/immutable.ts";
import { nameOf, pickSealed } from "../sealed-file/pick.ts";
import { checkSealedSize } from "../sealed-file/size.ts";
import { readAssignments } from "./assignments.ts";

export const setCommand = defineCommand({
  name: "set",
  summary: "Give single items of a SealedSecret new values, in place",
  positionals: { usage: "FILE [KEY=VALUE|KEY=@PATH|KEY=-]...", min: 1, max: 1000 },
  examples: [
    {
      what: "A value from stdin: it is seen by nobody else",
      command: "sealkit set sealed.yaml password=- < password.txt",
    },
    { what: "A file, byte by byte", command: "sealkit set sealed.yaml tls.key=@tls.key" },
    {
      what: "Remove one item, without a cluster",
      command: "sealkit set sealed.yaml --unset old-token --cert cert.pem",
    },
  ],
  description:
    "Only these items are sealed anew, for the scope, name and namespace that the SealedSecret has; every other byte of the\n" +
    "file stays, comments and order too. No key is needed: values can be replaced by those who cannot read them.\n" +
    "A value on the command line (KEY=VALUE) can be seen by other users of the machine while the command runs, and stays in\n" +
    "the history of the shell: KEY=- and KEY=@PATH are not.",
  flags: {
    unset: flag.texts({ placeholder: "KEY", help: "Remove this item; may be repeated" }),
    document: flag.text({
      short: "d",
      placeholder: "N|NAME",
      help: "Which SealedSecret of the file: its number or name",
    }),
    trim: flag.toggle({ help: "Leave out one line end at the end of values from files and stdin" }),
    noHints: flag.toggle({ help: "Do not note in an annotation for which key the items were sealed" }),
    output: flag.text({ short: "w", placeholder: "FILE", help: "Write to this file instead; - is stdout" }),
    cert: flag.text({ placeholder: "FILE|URL", help: "Certificate to seal with; the cluster is not asked then" }),
    ...certificateFlags,
  },
  async run({ flags, args, io }) {
    const [file = "", ...words] = args;
    const { unset } = flags;
    if (words.length === 0 && unset.length === 0) throw nothingToDo();
    if (file === "-" && words.some((word) => word.endsWith("=-"))) throw usage("stdin cannot be the file and a value");
    const { sealed, text } = await pickSealed(io, file, flags.document);
    const given = await readAssignments(words, io);
    const both = unset.find((key) => given.has(key));
    if (both !== undefined) throw usage(`"${both}" cannot be set and removed at once`);
    const set = flags.trim ? trimmed(given, words) : given;
    await warnOfLineEnds(set, words, io);
    await warnOfImmutable(sealed.view, io);
    checkChanges(sealed.view, { set, unset });
    checkSealedSize(sealed.view, { set, unset });
    const [certificate] = set.size === 0 ? [NONE] : await sealingKey(flags, io);
    const hints = !flags.noHints;
    const edited = await editSealed(
      text,
      sealed,
      { set, unset },
      { certificate: certificate ?? NONE, hints, source: file },
    );
    if (flags.output === "-" || (flags.output === undefined && file === "-")) await write(io.stdout, edited);
    else if (flags.output !== undefined || edited !== text) await replaceFile(io, flags.output ?? file, edited);
    const done = [counted("Set", [...set.keys()]), counted("Removed", unset)].filter((part) => part !== "");
    await note(io, `${done.join("; ")} in ${nameOf(sealed)} (${flags.output ?? file})`);
    return EXIT.ok;
  },
});

/** Nothing is sealed when items are only removed, so no certificate is asked for. */
const NONE = { spki: new Uint8Array(0), fingerprint: "" };

async function sealingKey(
  flags: Parameters<typeof ownCertificates>[1] & { readonly cert: string | undefined },
  io: Io,
) {
  const obtained = await ownCertificates(flags.cert === undefined ? [] : [flags.cert], flags, io);
  return obtained.map(({ certificate }) => certificate);
}

function isFromBytes(words: readonly string[], key: string): boolean {
  return words.some((word) => word === `${key}=-` || word.startsWith(`${key}=@`));
}

function trimmed(values: ReadonlyMap<string, ClearText>, words: readonly string[]): ReadonlyMap<string, ClearText> {
  return new Map(
    [...values].map(([key, value]) => [key, isFromBytes(words, key) ? withoutLineEnd(value) : value] as const),
  );
}

function withoutLineEnd(value: ClearText): ClearText {
  const bytes = value.reveal();
  if (bytes.at(-1) !== 0x0a) return value;
  return new ClearText(bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1));
}

async function warnOfLineEnds(values: ReadonlyMap<string, ClearText>, words: readonly string[], io: Io): Promise<void> {
  for (const key of endsInLineEnd({ data: values })) {
    const remedy = isFromBytes(words, key) ? "; --trim leaves it out" : "";
    await warn(io, `the value of ${key} ends in a line end, which is sealed too${remedy}`);
  }
}

function counted(what: string, keys: readonly string[]): string {
  return keys.length === 0 ? "" : `${what} ${keys.join(", ")}`;
}

function nothingToDo(): CliError {
  return usage("no item is named");
}

function usage(state: string): CliError {
  return new CliError("CLI_BAD_FLAG", `Cannot run sealkit set: ${state}`, {
    hints: ["sealkit set sealed.yaml password=- < password.txt", "sealkit set --help"],
  });
}
