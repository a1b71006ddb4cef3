import { shellWord } from "../../src/bytes/shell-word.ts";
import type { Io } from "../io.ts";
import { gitFailed, runGit } from "./run-git-adapter.ts";

/** Where settings are kept: in the repository, or for all repositories of a person. */
export type GitScope = "--local" | "--global";

/** One setting of git, with its value. */
export type GitSetting = readonly [key: string, value: string];

/**
 * The settings that start sealkit. Git gives the values to a shell, with the names of temporary files in place of %O, %A
 * and %B, and the file's own name in quotes in place of %P.
 */
export function settingsFor(program: string, { showValues }: { showValues: boolean }): readonly GitSetting[] {
  const word = shellWord(program);
  return [
    ["diff.sealkit.textconv", `${word} sops textconv${showValues ? " --show-values" : ""}`],
    ["merge.sealkit.name", "SOPS files, merged by path without clear text"],
    ["merge.sealkit.driver", `${word} sops merge --marker-size=%L --path=%P %O %A %B`],
  ];
}

/** With it git stores what textconv prints in the repository, as notes. */
const CACHE_KEY = "diff.sealkit.cachetextconv";

const NOT_SET = 1;
const NO_SUCH_SECTION = 5;

/** The value of a setting in one scope, or in all when there is none. Undefined when it is not set. */
export async function readSetting(io: Io, key: string, scope?: GitScope): Promise<string | undefined> {
  const run = await runGit(io, ["config", ...(scope === undefined ? [] : [scope]), "--get", key]);
  if (run.exitCode === NOT_SET) return undefined;
  if (run.exitCode !== 0) throw gitFailed(`read the setting ${key}`, run);
  return Buffer.from(run.stdout).toString("utf8").trimEnd();
}

export async function writeSetting(io: Io, scope: GitScope, [key, value]: GitSetting): Promise<void> {
  const run = await runGit(io, ["config", scope, "--replace-all", key, value]);
  if (run.exitCode !== 0) throw gitFailed(`write the setting ${key}`, run);
}

export async function removeSetting(io: Io, scope: GitScope, key: string): Promise<void> {
  const run = await runGit(io, ["config", scope, "--unset-all", key]);
  if (run.exitCode !== 0 && run.exitCode !== NO_SUCH_SECTION) throw gitFailed(`remove the setting ${key}`, run);
}

/** Whether git would store clear text or outlines in the repository. We never set it. */
export async function isCaching(io: Io): Promise<boolean> {
  const value = await readSetting(io, CACHE_KEY);
  return value !== undefined && !/^(false|no|off|0|)$/i.test(value);
}
