import { dirname, join, relative, resolve } from "node:path";
import { defineCommand, flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { makeFolders, readTextFile, replaceFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { note, warn, write } from "../output.ts";
import { doubts } from "../sops/call/log.ts";
import { findConfig } from "../sops/config/config-adapter.ts";
import { attributePatterns } from "./attribute-patterns.ts";
import { withPatterns } from "./attributes-block.ts";
import { type GitScope, isCaching, readSetting, removeSetting, settingsFor, writeSetting } from "./git-settings.ts";
import { findProgram } from "./program-adapter.ts";
import { gitText } from "./run-git-adapter.ts";

export const gitInstallCommand = defineCommand({
  name: "git install",
  summary: "Set up the differences and the merge driver of SOPS files",
  positionals: { usage: "", max: 0 },
  examples: [
    { what: "For the files that the rules of .sops.yaml name, in this repository", command: "sealkit git install" },
    { what: "For other files", command: "sealkit git install --pattern '*.enc.yaml' --pattern 'secrets/**'" },
    { what: "Show what would be written", command: "sealkit git install --dry-run" },
    { what: "Take it out again", command: "sealkit git install --uninstall" },
  ],
  description:
    "Writes a block of lines into .gitattributes, beside .sops.yaml, which is committed; and settings of git, which everybody\n" +
    "who clones the repository makes once with this command. Run it again to bring both up to date.\n" +
    "diff.sealkit.cachetextconv is never set, and must not be: git would store what it shows in the repository.",
  flags: {
    pattern: flag.texts({ placeholder: "PATTERN", help: "A pattern of .gitattributes, instead of those of the rules" }),
    global: flag.toggle({ help: "For all repositories of this person, instead of this one; needs --pattern" }),
    local: flag.toggle({ help: "For this repository: the default" }),
    program: flag.text({
      default: "sealkit",
      placeholder: "PROGRAM",
      help: "How git starts sealkit: a name in PATH, or a path",
    }),
    showValues: flag.toggle({ help: "Let git diff and git log -p show clear text, on this machine" }),
    uninstall: flag.toggle({ help: "Take the settings and the lines out again" }),
    dryRun: flag.toggle({ help: "Write nothing, and say what would be written" }),
  },
  async run({ flags, io }) {
    if (flags.global && flags.local) throw badCall("--global and --local exclude each other");
    const scope: GitScope = flags.global ? "--global" : "--local";
    const target = await attributesFile(io, scope, flags.pattern);
    const patterns = flags.uninstall ? [] : await patternsOf(io, scope, flags.pattern);
    const program = flags.uninstall ? "" : await findProgram(io, flags.program);
    const plan = await planOf(io, { ...flags, scope, target, patterns, program });
    for (const { line } of plan) await write(io.stdout, `${flags.dryRun ? "would " : ""}${line}\n`);
    if (plan.length === 0) await note(io, "Nothing to do: it is as it should be");
    if (!flags.dryRun) for (const { act } of plan) await act();
    await warnOfCache(io);
    return EXIT.ok;
  },
});

/** One thing that is not as it should be. */
interface Step {
  readonly line: string;
  readonly act: () => Promise<void>;
}

interface Wishes {
  readonly scope: GitScope;
  readonly target: string;
  readonly patterns: readonly string[];
  readonly program: string;
  readonly showValues: boolean;
  readonly uninstall: boolean;
}

async function planOf(io: Io, { scope, target, patterns, program, showValues, uninstall }: Wishes): Promise<Step[]> {
  const steps: Step[] = [];
  for (const [key, value] of settingsFor(program, { showValues })) {
    const before = await readSetting(io, key, scope);
    if (uninstall && before !== undefined) {
      steps.push({ line: `unset ${key}`, act: () => removeSetting(io, scope, key) });
    } else if (!uninstall && before !== value) {
      steps.push({ line: `set ${key} = ${value}`, act: () => writeSetting(io, scope, [key, value]) });
    }
  }
  const before = await textOf(io, target);
  const after = withPatterns(before, patterns);
  if (after === before) return steps;
  const shown = relative(io.cwd, target) || target;
  steps.push({
    line: uninstall ? `take our lines out of ${shown}` : `write to ${shown}: ${patterns.join(", ")}`,
    act: async () => {
      await makeFolders(io, dirname(target));
      await replaceFile(io, target, after);
    },
  });
  return steps;
}

async function textOf(io: Io, path: string): Promise<string> {
  try {
    return await readTextFile(io, path);
  } catch (error) {
    if (error instanceof CliError && error.code === "CLI_FILE_MISSING") return "";
    throw error;
  }
}

/** Beside .sops.yaml, whose rules count from there; at the top of the repository for patterns that were given. */
async function attributesFile(io: Io, scope: GitScope, given: readonly string[]): Promise<string> {
  if (scope === "--global") {
    const named = await readSetting(io, "core.attributesFile", scope);
    const home = io.env["HOME"] ?? "";
    if (named !== undefined) return resolve(home, named.replace(/^~\//, ""));
    return join(io.env["XDG_CONFIG_HOME"] || join(home, ".config"), "git", "attributes");
  }
  const top = await gitText(io, ["rev-parse", "--show-toplevel"]);
  if (given.length > 0) return join(top, ".gitattributes");
  const config = await findConfig(io, "", doubts(io, false));
  const folder = config === undefined ? top : dirname(config.path);
  return join(relative(top, folder).startsWith("..") ? top : folder, ".gitattributes");
}

/** @throws {CliError} when the rules name no files that attributes can name. */
async function patternsOf(io: Io, scope: GitScope, given: readonly string[]): Promise<readonly string[]> {
  if (given.length > 0) {
    const bad = given.find((pattern) => pattern === "" || /[\r\n]|^!/.test(pattern));
    if (bad !== undefined) throw badCall(`${JSON.stringify(bad)} is no pattern of .gitattributes`);
    return [...new Set(given)];
  }
  if (scope === "--global") throw badCall("--global needs a --pattern");
  const config = await findConfig(io, "", doubts(io, false));
  const rules = (config?.creationRules ?? []).map(({ pathPattern }) => pathPattern);
  const patterns = new Set<string>();
  for (const rule of rules) {
    const found = rule === "" ? undefined : attributePatterns(rule);
    if (found === undefined) {
      await warn(io, `${JSON.stringify(rule)} of .sops.yaml is left out: ${rule === "" ? ALL_FILES : NO_GLOB}`);
    }
    for (const pattern of found ?? []) patterns.add(pattern);
  }
  if (patterns.size > 0) return [...patterns];
  throw new CliError("CLI_BAD_INPUT", "Cannot tell which files are encrypted: no rule of .sops.yaml names them", {
    details: [config === undefined ? "there is no .sops.yaml" : `in ${relative(io.cwd, config.path)}`],
    hints: ["name them: sealkit git install --pattern '*.enc.yaml'"],
  });
}

const ALL_FILES = "it matches all files, also those that are not encrypted; name them with --pattern";
const NO_GLOB = "no pattern of .gitattributes matches the same files; name them with --pattern";

async function warnOfCache(io: Io): Promise<void> {
  if (!(await isCaching(io))) return;
  await warn(io, "diff.sealkit.cachetextconv is set: git stores what it shows of encrypted files in the repository");
  await note(io, "hint: git config --unset-all diff.sealkit.cachetextconv");
  await note(io, "hint: git update-ref -d refs/notes/textconv/sealkit");
}

function badCall(state: string): CliError {
  return new CliError("CLI_BAD_FLAG", `Cannot run sealkit git install: ${state}`, {
    hints: ["sealkit git install --help"],
  });
}
