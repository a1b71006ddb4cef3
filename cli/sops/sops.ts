import { shellWord } from "../../src/bytes/shell-word.ts";
import { FORMATS, SOPS_VERSION } from "../../src/sops/index.ts";
import type { CommandRunner } from "../command.ts";
import { type GoFlagProblem, type GoFlags, parseGoFlags } from "../go-flag.ts";
import type { Io } from "../io.ts";
import { nearestWord } from "../nearest.ts";
import { printable, write } from "../output.ts";
import { withAuditTrail } from "./audit/recording.ts";
import { ending, SOPS_EXIT, SopsFailure } from "./call/failure.ts";
import { absentFile } from "./call/files-adapter.ts";
import {
  DECRYPT_FLAGS,
  DIFF_FLAGS,
  EDIT_FLAGS,
  ENCRYPT_FLAGS,
  EXEC_ENV_FLAGS,
  EXEC_FILE_FLAGS,
  FILESTATUS_FLAGS,
  GLOBAL_FLAGS,
  KEYSERVICE_FLAGS,
  MERGE_FLAGS,
  PUBLISH_FLAGS,
  parseSubcommand,
  ROOT_FLAGS,
  ROTATE_FLAGS,
  SET_FLAGS,
  type SopsFlags,
  sopsFlags,
  TEXTCONV_FLAGS,
  UNSET_FLAGS,
  UPDATEKEYS_FLAGS,
  withGlobals,
} from "./call/flags.ts";
import { doubts } from "./call/log.ts";
import { logLine } from "./call/log-line.ts";
import { DIFF_EXIT, MERGE_EXIT } from "./call/own-exit.ts";
import { COMPLETE_WORD } from "./completion.ts";
import { runDecrypt } from "./decrypt.ts";
import { runEncrypt } from "./encrypt.ts";
import { FAMILIES, type Family, type Subcommand } from "./families.ts";
import {
  EDIT_HELP,
  EXEC_ENV_HELP,
  EXEC_FILE_HELP,
  FILESTATUS_HELP,
  ROTATE_HELP,
  SET_HELP,
  UNSET_HELP,
  UPDATEKEYS_HELP,
} from "./help/change-help.ts";
import { DIFF_HELP, MERGE_HELP, TEXTCONV_HELP } from "./help/compare-help.ts";
import { DECRYPT_HELP, ENCRYPT_HELP, ROOT_HELP } from "./help/help.ts";
import { KEYSERVICE_HELP } from "./help/keyservice-help.ts";
import { asksForMany, MANY_FLAGS, parseManyFlags } from "./many/flags.ts";
import { PUBLISH_HELP } from "./publish/help.ts";

/** Only what most calls are for is there from the start; the code of the others is loaded when they are called. */
const SUBCOMMANDS: ReadonlyMap<string, Subcommand> = new Map<string, Subcommand>([
  ["encrypt", { flags: ENCRYPT_FLAGS, help: ENCRYPT_HELP, action: "encrypt", run: runEncrypt }],
  ["decrypt", { flags: DECRYPT_FLAGS, help: DECRYPT_HELP, action: "decrypt", run: runDecrypt }],
  ["edit", { flags: EDIT_FLAGS, help: EDIT_HELP, action: "edit", run: runEdit }],
  [
    "rotate",
    {
      flags: ROTATE_FLAGS,
      help: ROTATE_HELP,
      action: "change",
      run: async (...given) => await (await import("./change/rotate.ts")).runRotate(...given),
    },
  ],
  [
    "updatekeys",
    {
      flags: UPDATEKEYS_FLAGS,
      help: UPDATEKEYS_HELP,
      action: "change",
      run: async (...given) => await (await import("./change/updatekeys.ts")).runUpdateKeys(...given),
    },
  ],
  [
    "set",
    {
      flags: SET_FLAGS,
      help: SET_HELP,
      action: "change",
      run: async (...given) => await (await import("./change/set.ts")).runSet(...given),
    },
  ],
  [
    "unset",
    {
      flags: UNSET_FLAGS,
      help: UNSET_HELP,
      action: "change",
      run: async (...given) => await (await import("./change/set.ts")).runUnset(...given),
    },
  ],
  [
    "exec-env",
    {
      flags: EXEC_ENV_FLAGS,
      help: EXEC_ENV_HELP,
      action: "exec",
      run: async (...given) => await (await import("./exec/exec-env.ts")).runExecEnv(...given),
    },
  ],
  [
    "exec-file",
    {
      flags: EXEC_FILE_FLAGS,
      help: EXEC_FILE_HELP,
      action: "exec-file",
      run: async (...given) => await (await import("./exec/exec-file.ts")).runExecFile(...given),
    },
  ],
  [
    "diff",
    {
      flags: DIFF_FLAGS,
      help: DIFF_HELP,
      action: "decrypt",
      run: async (...given) => await (await import("./compare/diff.ts")).runDiff(...given),
      badUsage: DIFF_EXIT.trouble,
    },
  ],
  [
    "textconv",
    {
      flags: TEXTCONV_FLAGS,
      help: TEXTCONV_HELP,
      action: "decrypt",
      run: async (...given) => await (await import("./compare/textconv.ts")).runTextconv(...given),
    },
  ],
  [
    "merge",
    {
      flags: MERGE_FLAGS,
      help: MERGE_HELP,
      action: "change",
      run: async (...given) => await (await import("./compare/merge.ts")).runMerge(...given),
      badUsage: MERGE_EXIT.refused,
    },
  ],
  [
    "filestatus",
    {
      flags: FILESTATUS_FLAGS,
      help: FILESTATUS_HELP,
      action: "decrypt",
      run: async (io, flags) => await (await import("./filestatus.ts")).runFileStatus(io, flags),
    },
  ],
  [
    "publish",
    {
      flags: PUBLISH_FLAGS,
      help: PUBLISH_HELP,
      action: "change",
      run: async (...given) => await (await import("./publish/publish.ts")).runPublish(...given),
    },
  ],
  [
    "keyservice",
    {
      flags: KEYSERVICE_FLAGS,
      help: KEYSERVICE_HELP,
      action: "decrypt",
      run: async (io, flags) => await (await import("./keyservice.ts")).runKeyService(io, flags),
    },
  ],
]);

/** `sealkit sops`: encrypts and decrypts files as the original does, with its flags, results and exit codes. */
export const sopsCommand: CommandRunner = {
  run: (words, io) => ending("decrypt", io, () => withAuditTrail(io, () => runSops(words, io))),
  complete: (words) => offer(words),
};

async function runSops(words: readonly string[], io: Io): Promise<number> {
  if (words[0] === COMPLETE_WORD) {
    await write(io.stdout, (await offer(words.slice(1))).map((offered) => `${offered}\n`).join(""));
    return 0;
  }
  const parsed = parseGoFlags(ROOT_FLAGS, words);
  if ("problem" in parsed) return await usageProblem(io, parsed, ROOT_HELP, ".");
  const root = sopsFlags(parsed);
  const [word, ...rest] = root.args;
  if (root.has("help") || (word === "help" && rest.length === 0)) {
    await write(io.stdout, ROOT_HELP);
    return 0;
  }
  if (root.has("version")) {
    await write(io.stdout, `sops ${SOPS_VERSION}\n`);
    return 0;
  }
  if (word === "help") return await helpOf(io, rest[0] ?? "");
  const isOldForm = OLD_MODES.some((mode) => root.has(mode));
  const subcommand = isOldForm ? undefined : SUBCOMMANDS.get(word ?? "");
  if (subcommand !== undefined && word !== undefined) {
    return await ending(subcommand.action, io, () => runSubcommand(io, word, subcommand, rest, root, parsed));
  }
  if (isOldForm) return await runOldForm(io, root, words);
  const family = FAMILIES.get(word ?? "");
  const isMeant = family?.isOurs !== true || family.members.has(rest[0] ?? "");
  if (family !== undefined && word !== undefined && isMeant)
    return await runMember(io, word, family, rest, root, parsed);
  return await ending("change", io, async () => {
    await refuseMistyped(io, word);
    return await runEdit(io, root, usesLocalKeys(words));
  });
}

async function runSubcommand(
  io: Io,
  name: string,
  subcommand: Subcommand,
  words: readonly string[],
  root: SopsFlags,
  parsedRoot: GoFlags,
): Promise<number> {
  const manyFlags = asksForMany(words) ? MANY_FLAGS[name] : undefined;
  const parsed =
    manyFlags === undefined
      ? parseSubcommand(subcommand.flags, words)
      : parseManyFlags([...subcommand.flags, ...manyFlags], words);
  if ("problem" in parsed) {
    const exit = await usageProblem(io, parsed, subcommand.help);
    return exit === 0 ? 0 : (subcommand.badUsage ?? exit);
  }
  const flags = withGlobals(sopsFlags(parsed), root);
  for (const ignored of ignoredFlags(parsedRoot)) {
    await doubts(io, flags.has("strict")).raise(`--${ignored} before ${name} has no effect: put it behind ${name}`);
  }
  if (manyFlags === undefined) return await subcommand.run(io, flags, usesLocalKeys(words));
  const { runManyOf } = await import("./many/many.ts");
  return await runManyOf(name, io, flags, usesLocalKeys(words));
}

/** Loaded when it is wanted: most calls edit nothing. */
async function runEdit(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  return await (await import("./edit/edit.ts")).runEdit(io, flags, useLocalKeys);
}

/** A command of two words. */
async function runMember(
  io: Io,
  name: string,
  family: Family,
  [second, ...words]: readonly string[],
  root: SopsFlags,
  parsedRoot: GoFlags,
): Promise<number> {
  if (second === undefined || /^(help|--?h(elp)?)$/.test(second)) {
    await write(io.stdout, family.help);
    return 0;
  }
  const member = family.members.get(second);
  if (member !== undefined) {
    return await ending(member.action, io, () =>
      runSubcommand(io, `${name} ${second}`, member, words, root, parsedRoot),
    );
  }
  const members = [...family.members.keys()].map((word) => `hint: sealkit sops ${name} ${word}\n`).join("");
  await write(io.stderr, `No help topic for '${second}'\n${members}`);
  return SOPS_EXIT.cannotWrite;
}

/** Flags before a subcommand that the original takes and forgets. */
function ignoredFlags(parsed: GoFlags): string[] {
  return ROOT_FLAGS.map(({ names: [name = ""] }) => name).filter(
    (name) => !GLOBAL_FLAGS.includes(name) && parsed.texts(name).length > 0,
  );
}

/** Flags that stand for a subcommand. Of several, the last one here has the last word. */
const OLD_MODES = ["encrypt", "decrypt", "rotate", "set"] as const;

/** `sops -e FILE`, `sops -d FILE` and their like: flags stand before the file. */
async function runOldForm(io: Io, flags: SopsFlags, words: readonly string[]): Promise<number> {
  const modes = OLD_MODES.filter((name) => flags.has(name));
  const mode = modes.at(-1) ?? "encrypt";
  const subcommand = SUBCOMMANDS.get(mode);
  if (subcommand === undefined) throw new RangeError(`sops: no subcommand for ${mode}`);
  return await ending(subcommand.action, io, async () => {
    if (flags.args.length === 0) throw new SopsFailure(SOPS_EXIT.noFile, "Error: no file specified");
    if (modes.length > 1) await doubts(io, flags.has("strict")).raise(SEVERAL_MODES);
    const run = mode === "set" ? (await import("./change/set.ts")).runOldSet : subcommand.run;
    return await run(io, flags, usesLocalKeys(words));
  });
}

const SEVERAL_MODES =
  "More than one command (--encrypt, --decrypt, --rotate, --set) has been specified. Only the changes made by the last one will be visible. Note that this behavior is deprecated and will cause an error eventually.";

function usesLocalKeys(words: readonly string[]): boolean {
  return !words.some((word) => /^--?enable-local-keyservice=(0|f|F|false|FALSE|False)$/.test(word));
}

/**
 * A word that is no subcommand is a file to edit, and one that is not there would be begun: not when it looks like a
 * mistyped subcommand.
 */
async function refuseMistyped(io: Io, word: string | undefined): Promise<void> {
  if (word === undefined || (await absentFile(io, word)) === undefined) return;
  const nearest = nearestWord(word, [...SUBCOMMANDS.keys(), ...FAMILIES.keys()]);
  if (nearest === undefined) return;
  const state = `there is no such command, and no such file`;
  throw new SopsFailure(
    SOPS_EXIT.generic,
    `error: Cannot run sops ${JSON.stringify(word)}: ${state}\nhint: did you mean: sealkit sops ${nearest}\nhint: to begin a file of that name: sealkit sops edit ${shellWord(word)}`,
  );
}

async function helpOf(io: Io, name: string): Promise<number> {
  const help = name === "" ? ROOT_HELP : (SUBCOMMANDS.get(name)?.help ?? FAMILIES.get(name)?.help);
  if (help === undefined) {
    await write(io.stderr, `No help topic for '${printable(name)}'\nhint: sealkit sops help\n`);
    return SOPS_EXIT.cannotWrite;
  }
  await write(io.stdout, help);
  return 0;
}

async function usageProblem(
  io: Io,
  { problem, message, hint = "" }: GoFlagProblem,
  help: string,
  mark = ":",
): Promise<number> {
  if (problem === "help") {
    await write(io.stdout, help);
    return 0;
  }
  await write(io.stdout, `Incorrect Usage${mark} ${message}\n\n${help}`);
  await write(io.stderr, `${logLine(io, "fatal", message)}${hint}`);
  return SOPS_EXIT.generic;
}

function offer(words: readonly string[]): readonly string[] {
  const typed = words.at(-1) ?? "";
  const [first = "", second = ""] = words;
  const family = FAMILIES.get(first);
  const isCommand = words.length <= 1 || (family !== undefined && words.length === 2);
  if (isCommand && !typed.startsWith("-")) {
    const known = words.length <= 1 ? [...SUBCOMMANDS.keys(), ...FAMILIES.keys()] : [...(family?.members.keys() ?? [])];
    return known.filter((name) => name.startsWith(typed));
  }
  const flags = SUBCOMMANDS.get(first)?.flags ?? family?.members.get(second)?.flags ?? ROOT_FLAGS;
  const before = words.at(-2) ?? "";
  if (before === "--input-type" || before === "--output-type") return FORMATS.filter((type) => type.startsWith(typed));
  if (!typed.startsWith("-")) return [];
  return flags.map(({ names: [name = ""] }) => `--${name}`).filter((word) => word.startsWith(typed));
}
