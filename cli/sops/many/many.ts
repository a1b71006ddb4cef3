import type { Io } from "../../io.ts";
import type { SopsFlags } from "../call/flags.ts";
import { runMany } from "./run-many.ts";
import { runStatusMany } from "./status-many.ts";
import { MANY_COMMANDS } from "./work.ts";

/** Runs a subcommand on whole folders. Returns the exit code. @throws {SopsFailure} */
export async function runManyOf(name: string, io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  const command = MANY_COMMANDS.get(name);
  return command === undefined ? await runStatusMany(io, flags) : await runMany(io, command, flags, { useLocalKeys });
}
