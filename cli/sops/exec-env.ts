import { decryptEnvironment } from "../../src/sops/index.ts";
import type { Io } from "../io.ts";
import { write } from "../output.ts";
import { withOpenOptions } from "./change.ts";
import { SOPS_EXIT, SopsFailure } from "./failure.ts";
import { readNamed } from "./files-adapter.ts";
import type { SopsFlags } from "./flags.ts";
import { runShell } from "./shell.ts";

/** `sealkit sops exec-env`: runs a command with the values of a file as its variables. Returns the command's exit code. */
export async function runExecEnv(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  const [path, line, ...others] = flags.args;
  if (path === undefined || line === undefined || others.length > 0) {
    throw new SopsFailure(SOPS_EXIT.generic, "error: missing file to decrypt");
  }
  refuseLaterFlags(flags, ["background", "user"]);
  const source = await readNamed(io, flags, path, path);
  const variables = await withOpenOptions(io, flags, source, useLocalKeys, (options, keyring) =>
    decryptEnvironment(source.bytes, source.inputFormat, keyring, options),
  );
  const env: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(flags.has("pristine") ? {} : io.env)) {
    if (value !== undefined) env[name] = value;
  }
  for (const [name, value] of variables) env[name] = value.revealText();
  const { code, message } = await runShell(io, line, { env });
  if (message !== undefined && !flags.has("same-process")) await write(io.stderr, `${message}\n`);
  return code;
}

function refuseLaterFlags(flags: SopsFlags, names: readonly string[]): void {
  for (const name of names) {
    if (!flags.has(name)) continue;
    throw new SopsFailure(
      SOPS_EXIT.generic,
      `error: Cannot run the command with --${name}: it is not supported yet\nhint: use the original for it until then`,
    );
  }
}
