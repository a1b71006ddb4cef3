import { decryptEnvironment } from "../../../src/sops/index.ts";
import type { Io } from "../../io.ts";
import { write } from "../../output.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import { readNamed } from "../call/files-adapter.ts";
import type { SopsFlags } from "../call/flags.ts";
import { doubts as doubtsOf } from "../call/log.ts";
import { withOpenOptions } from "../change/change.ts";
import { runShell, startShell } from "./shell.ts";
import { namedUser, userVariables } from "./user-adapter.ts";

/** `sealkit sops exec-env`: runs a command with the values of a file as its variables. Returns the command's exit code. */
export async function runExecEnv(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  const [path, line, ...others] = flags.args;
  if (path === undefined || line === undefined || others.length > 0) {
    throw new SopsFailure(SOPS_EXIT.generic, "error: missing file to decrypt");
  }
  const isInBackground = flags.has("background");
  if (isInBackground) await doubtsOf(io, flags.has("strict")).raise(deprecatedBackground("exec-env"));
  if (isInBackground && flags.has("same-process")) {
    const state = "The --same-process flag cannot be used with --background";
    throw new SopsFailure(SOPS_EXIT.conflictingParameters, `Error: ${state}`);
  }
  const source = await readNamed(io, flags, path, path);
  const variables = await withOpenOptions(io, flags, source, useLocalKeys, (options, keyring) =>
    decryptEnvironment(source.bytes, source.inputFormat, keyring, options),
  );
  const env: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(flags.has("pristine") ? {} : io.env)) {
    if (value !== undefined) env[name] = value;
  }
  const user = await namedUser(io, flags.text("user"));
  Object.assign(env, userVariables(user));
  for (const [name, value] of variables) env[name] = value.revealText();
  if (isInBackground) {
    await startShell(io, line, { env, user });
    return 0;
  }
  const { code, message } = await runShell(io, line, { env, user });
  if (message !== undefined && !flags.has("same-process")) await write(io.stderr, `${message}\n`);
  return code;
}

/** What the original says about the flag, for each of its commands. */
export function deprecatedBackground(command: string): string {
  return `${command}'s --background option is deprecated and will be removed in a future version of sops`;
}
