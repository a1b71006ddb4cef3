import { FORMATS, SOPS_VERSION } from "../../src/sops/index.ts";
import type { CommandRunner } from "../command.ts";
import { type GoFlag, type GoFlagProblem, type GoFlags, parseGoFlags } from "../go-flag.ts";
import type { Io } from "../io.ts";
import { nearestWord } from "../nearest.ts";
import { write } from "../output.ts";
import { runDecrypt } from "./decrypt.ts";
import { runEncrypt } from "./encrypt.ts";
import { ending, SOPS_EXIT, SopsFailure } from "./failure.ts";
import {
  DECRYPT_FLAGS,
  ENCRYPT_FLAGS,
  GLOBAL_FLAGS,
  parseSubcommand,
  ROOT_FLAGS,
  type SopsFlags,
  sopsFlags,
  withGlobals,
} from "./flags.ts";
import { DECRYPT_HELP, ENCRYPT_HELP, ROOT_HELP } from "./help.ts";
import { doubts, logLine } from "./log.ts";

/** Subcommands of the original that are not there yet. */
const LATER = [
  "edit",
  "rotate",
  "updatekeys",
  "set",
  "unset",
  "groups",
  "exec-env",
  "exec-file",
  "publish",
  "keyservice",
  "filestatus",
  "completion",
];

const SUBCOMMANDS: ReadonlyMap<string, { flags: readonly GoFlag[]; help: string; run: Action }> = new Map([
  ["encrypt", { flags: ENCRYPT_FLAGS, help: ENCRYPT_HELP, run: (io, flags) => runEncrypt(io, flags) }],
  [
    "decrypt",
    { flags: DECRYPT_FLAGS, help: DECRYPT_HELP, run: (io, flags, useLocalKeys) => runDecrypt(io, flags, useLocalKeys) },
  ],
] satisfies [string, { flags: readonly GoFlag[]; help: string; run: Action }][]);

type Action = (io: Io, flags: SopsFlags, useLocalKeys: boolean) => Promise<number>;

/** `sealkit sops`: encrypts and decrypts files as the original does, with its flags, results and exit codes. */
export const sopsCommand: CommandRunner = {
  run: (words, io) => runSops(words, io),
  complete: (words) => offer(words),
};

async function runSops(words: readonly string[], io: Io): Promise<number> {
  const parsed = parseGoFlags(ROOT_FLAGS, words);
  if ("problem" in parsed) return await usageProblem(io, parsed, ROOT_HELP);
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
  const isOldForm = root.has("encrypt") || root.has("decrypt");
  const subcommand = isOldForm ? undefined : SUBCOMMANDS.get(word ?? "");
  if (subcommand !== undefined && (word === "encrypt" || word === "decrypt")) {
    return await ending(word, io, () => runSubcommand(io, word, rest, root, parsed));
  }
  if (isOldForm) return await runOldForm(io, root, words);
  return await ending("decrypt", io, () => refuse(word, root));
}

async function runSubcommand(
  io: Io,
  name: "encrypt" | "decrypt",
  words: readonly string[],
  root: SopsFlags,
  parsedRoot: GoFlags,
): Promise<number> {
  const subcommand = SUBCOMMANDS.get(name);
  if (subcommand === undefined) return SOPS_EXIT.generic;
  const parsed = parseSubcommand(subcommand.flags, words);
  if ("problem" in parsed) return await usageProblem(io, parsed, subcommand.help);
  const flags = withGlobals(sopsFlags(parsed), root);
  for (const ignored of ignoredFlags(parsedRoot)) {
    await doubts(io, flags.has("strict")).raise(`--${ignored} before ${name} has no effect: put it behind ${name}`);
  }
  return await subcommand.run(io, flags, usesLocalKeys(words));
}

/** Flags before a subcommand that the original takes and forgets. */
function ignoredFlags(parsed: GoFlags): string[] {
  return ROOT_FLAGS.map(({ names: [name = ""] }) => name).filter(
    (name) => !GLOBAL_FLAGS.includes(name) && parsed.texts(name).length > 0,
  );
}

/** `sops -e FILE` and `sops -d FILE`: flags stand before the file, and of both letters decryption has the last word. */
async function runOldForm(io: Io, flags: SopsFlags, words: readonly string[]): Promise<number> {
  const action = flags.has("decrypt") ? "decrypt" : "encrypt";
  return await ending(action, io, async () => {
    if (flags.args.length === 0) throw new SopsFailure(SOPS_EXIT.noFile, "Error: no file specified");
    const modes = ["encrypt", "decrypt", "rotate", "set"].filter((name) => flags.has(name));
    if (flags.has("rotate") || flags.has("set")) return await refuse(flags.has("set") ? "set" : "rotate", flags);
    if (modes.length > 1) await doubts(io, flags.has("strict")).raise(SEVERAL_MODES);
    return action === "decrypt" ? await runDecrypt(io, flags, usesLocalKeys(words)) : await runEncrypt(io, flags);
  });
}

const SEVERAL_MODES =
  "More than one command (--encrypt, --decrypt, --rotate, --set) has been specified. Only the changes made by the last one will be visible. Note that this behavior is deprecated and will cause an error eventually.";

function usesLocalKeys(words: readonly string[]): boolean {
  return !words.some((word) => /^--?enable-local-keyservice=(0|f|F|false|FALSE|False)$/.test(word));
}

async function refuse(word: string | undefined, flags: SopsFlags): Promise<number> {
  if (word === undefined && !flags.has("rotate") && !flags.has("set")) {
    throw new SopsFailure(SOPS_EXIT.noFile, "Error: no file specified");
  }
  const wanted = flags.has("rotate") ? "rotate" : flags.has("set") ? "set" : (word ?? "");
  const isLater = LATER.includes(wanted);
  const nearest = isLater ? undefined : nearestWord(wanted, [...SUBCOMMANDS.keys()]);
  const what = isLater ? `sops ${wanted}` : `sops edit ${JSON.stringify(wanted)}`;
  const hint = nearest === undefined ? "use the original for it until then" : `did you mean: sealkit sops ${nearest}`;
  throw new SopsFailure(SOPS_EXIT.generic, `error: Cannot run ${what}: it is not supported yet\nhint: ${hint}`);
}

async function helpOf(io: Io, name: string): Promise<number> {
  await write(io.stdout, SUBCOMMANDS.get(name)?.help ?? ROOT_HELP);
  return 0;
}

async function usageProblem(io: Io, { problem, message, hint = "" }: GoFlagProblem, help: string): Promise<number> {
  if (problem === "help") {
    await write(io.stdout, help);
    return 0;
  }
  await write(io.stdout, `Incorrect Usage: ${message}\n\n${help}`);
  await write(io.stderr, `${logLine(io, "fatal", message)}${hint}`);
  return SOPS_EXIT.generic;
}

function offer(words: readonly string[]): readonly string[] {
  const typed = words.at(-1) ?? "";
  const [first = ""] = words;
  if (words.length <= 1 && !typed.startsWith("-"))
    return [...SUBCOMMANDS.keys()].filter((name) => name.startsWith(typed));
  const flags = SUBCOMMANDS.get(first)?.flags ?? ROOT_FLAGS;
  const before = words.at(-2) ?? "";
  if (before === "--input-type" || before === "--output-type") return FORMATS.filter((type) => type.startsWith(typed));
  if (!typed.startsWith("-")) return [];
  return flags.map(({ names: [name = ""] }) => `--${name}`).filter((word) => word.startsWith(typed));
}
