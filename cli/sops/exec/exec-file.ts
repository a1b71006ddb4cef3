import { randomInt } from "node:crypto";
import { join } from "node:path";
import { decrypt } from "../../../src/sops/index.ts";
import { withPrivateFolder } from "../../editing/private-file-adapter.ts";
import type { Io } from "../../io.ts";
import { write } from "../../output.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import { readNamed } from "../call/files-adapter.ts";
import type { SopsFlags } from "../call/flags.ts";
import { doubts as doubtsOf } from "../call/log.ts";
import { withOpenOptions } from "../change/change.ts";
import { truePath } from "../edit/edited-file-adapter.ts";
import { startWithFolder } from "./background-adapter.ts";
import { deprecatedBackground } from "./exec-env.ts";
import { servePipe } from "./named-pipe-adapter.ts";
import { writePrivate } from "./private-copy-adapter.ts";
import { type Ending, runShell } from "./shell.ts";
import { namedUser, type User, userVariables } from "./user-adapter.ts";

const STANDARD_NAME = "tmp-file";

/** `sealkit sops exec-file`: runs a command with a file in clear for its `{}`. Returns the command's exit code. */
export async function runExecFile(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  const [path, line, ...others] = flags.args;
  if (path === undefined || line === undefined || others.length > 0) {
    throw new SopsFailure(SOPS_EXIT.generic, "error: missing file to decrypt");
  }
  const name = localName(flags.text("filename"));
  const isInBackground = flags.has("background");
  if (isInBackground) await doubtsOf(io, flags.has("strict")).raise(deprecatedBackground("exec-file"));
  const source = await readNamed(io, flags, path, path);
  const { clearText } = await withOpenOptions(io, flags, source, useLocalKeys, (options, keyring) =>
    decrypt(source.bytes, source.inputFormat, keyring, { ...options, outputFormat: source.outputFormat }),
  );
  const user = await namedUser(io, flags.text("user"));
  const content = clearText.reveal();
  const place = {
    temporary: io.env["TMPDIR"],
    subject: `exec-file ${await truePath(io, path)}`,
    isOpen: user !== undefined,
  };
  const ending = await withPrivateFolder(place, async (folder): Promise<Ending> => {
    if (!flags.has("no-fifo") && !isInBackground) {
      const target = join(folder, name ?? STANDARD_NAME);
      return await servePipe(io, target, { content, user }, () => runWith(io, line, target, user));
    }
    const file = name ?? `${STANDARD_NAME}${flags.has("no-fifo") ? randomInt(1_000_000_000) : ""}`;
    await writePrivate(join(folder, file), content, user);
    if (!isInBackground) return await runWith(io, line, join(folder, file), user);
    // A pipe would need somebody who fills it: here it is a file all the same.
    const env = { ...io.env, ...userVariables(user) };
    const lineFor = (given: string) => withTarget(line, join(given, file));
    await startWithFolder(io, folder, { env, user, line: lineFor });
    return { code: 0, message: undefined };
  });
  if (ending.message !== undefined) await write(io.stderr, `${ending.message}\n`);
  return ending.code;
}

function withTarget(line: string, target: string): string {
  return line.replaceAll("{}", () => target);
}

async function runWith(io: Io, line: string, target: string, user: User | undefined): Promise<Ending> {
  const env = { ...io.env, ...userVariables(user) };
  return await runShell(io, withTarget(line, target), { env, user });
}

/** Undefined when none was given. @throws {SopsFailure} for what is more than a name. */
function localName(name: string): string | undefined {
  if (name === "") return undefined;
  if (!name.includes("/") && !name.includes("\0") && name !== "." && name !== "..") return name;
  throw new SopsFailure(
    SOPS_EXIT.generic,
    "The provided filename is not a local path.\nhint: give a name without folders: --filename app.conf",
  );
}
