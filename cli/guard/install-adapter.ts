import { lstat, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { openForHook } from "../../src/git/hook-adapter.ts";
import { type DefinedCommand, defineCommand, flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { errno, fileError, makeFolders, readTextFile, replaceFile } from "../files-adapter.ts";
import { readSetting } from "../git/git-settings.ts";
import { findProgram } from "../git/program-adapter.ts";
import { gitText } from "../git/run-git-adapter.ts";
import type { Io } from "../io.ts";
import { note, write } from "../output.ts";
import { HOOKS, type Hook } from "./hook.ts";
import { hookScript, isOurs } from "./script.ts";

/** What a hook that was there before is called behind ours. */
const BEFORE = ".before-sealkit";

export const guardInstallCommand: DefinedCommand = defineCommand({
  name: "guard install",
  summary: "Set up the guard as a hook of this repository",
  positionals: { usage: "", max: 0 },
  examples: [
    { what: "Before each commit; in a bare repository before each push is taken", command: "sealkit guard install" },
    { what: "Beside a hook that is there already, which then runs first", command: "sealkit guard install --chain" },
    { what: "Take it out again; the hook of before comes back", command: "sealkit guard install --uninstall" },
  ],
  description:
    "Writes one small script where git looks for hooks (core.hooksPath counts). A hook that is there already is left alone,\n" +
    "unless --chain is given.",
  flags: {
    hook: flag.choice(HOOKS, { help: "Which hook; default pre-commit, and pre-receive in a bare repository" }),
    chain: flag.toggle({ help: "Keep a hook that is there, and run it before the guard" }),
    strict: flag.toggle({ help: "Let the guard refuse likely credentials in values of charts too" }),
    program: flag.text({ default: "sealkit", placeholder: "PROGRAM", help: "How the hook starts sealkit" }),
    uninstall: flag.toggle({ help: "Take our hook out again" }),
    dryRun: flag.toggle({ help: "Write nothing, and say what would be written" }),
  },
  async run({ flags, io }) {
    const bare = (await gitText(io, ["rev-parse", "--is-bare-repository"])) === "true";
    const hook: Hook = flags.hook ?? (bare ? "pre-receive" : "pre-commit");
    const folder = await openForHook({ cwd: io.cwd, env: io.env, signal: io.signal }).hooksFolder();
    const path = join(folder, hook);
    const shared = await readSetting(io, "core.hooksPath");
    if (shared !== undefined) await note(io, `core.hooksPath is set: "${folder}" may serve other repositories too`);
    const wishes = { ...flags, hook, path };
    const said = flags.uninstall ? await takeOut(wishes, io) : await putIn(wishes, io);
    await write(io.stdout, `${flags.dryRun ? "would " : ""}${said}\n`);
    return EXIT.ok;
  },
});

interface Wishes {
  readonly hook: Hook;
  readonly path: string;
  readonly chain: boolean;
  readonly strict: boolean;
  readonly program: string;
  readonly dryRun: boolean;
}

async function putIn({ hook, path, chain, strict, program, dryRun }: Wishes, io: Io): Promise<string> {
  const word = await findProgram(io, program);
  const isThere = await exists(path);
  const ours = isThere && isOurs(await readTextFile(io, path));
  const before = path + BEFORE;
  const hasBefore = await exists(before);
  const moves = isThere && !ours;
  if (moves && !chain) {
    throw new CliError("CLI_FILE_EXISTS", `Cannot set up the ${hook} hook: there is one already`, {
      details: [`it is "${path}"`],
      hints: ["keep it and run it before the guard: sealkit guard install --chain"],
    });
  }
  if (moves && hasBefore) {
    throw new CliError("CLI_FILE_EXISTS", `Cannot set up the ${hook} hook: another one is kept already`, {
      details: [`both "${path}" and "${before}" are there, and neither is ours`],
      hints: ["make one hook of the two, and remove the other"],
    });
  }
  const chained = moves || hasBefore ? before : undefined;
  const script = hookScript(hook, { program: word, strict, chained });
  if (!dryRun) {
    if (!isThere) await makeFolders(io, join(path, ".."));
    // A stop between the two leaves the old hook beside its place; the next run takes it up from there.
    if (moves) await inPlace(path, () => rename(path, before));
    await replaceFile(io, path, script, { mode: 0o755 });
  }
  return `write the hook "${path}"${chained === undefined ? "" : `, which runs "${chained}" first`}`;
}

async function takeOut({ hook, path, dryRun }: Wishes, io: Io): Promise<string> {
  const before = path + BEFORE;
  const hasBefore = await exists(before);
  if (!(await exists(path)) || !isOurs(await readTextFile(io, path))) {
    throw new CliError("CLI_FILE_MISSING", `Cannot take out the ${hook} hook: it is not there, or not ours`, {
      details: [`looked for "${path}"`],
    });
  }
  if (!dryRun) await inPlace(path, () => (hasBefore ? rename(before, path) : unlink(path)));
  return hasBefore ? `put the hook of before back to "${path}"` : `remove the hook "${path}"`;
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (cause) {
    if (errno(cause) === "ENOENT" || errno(cause) === "ENOTDIR") return false;
    throw fileError("read", path, cause);
  }
}

async function inPlace(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw fileError("write", path, cause);
  }
}
