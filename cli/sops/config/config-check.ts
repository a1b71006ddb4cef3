import { dirname } from "node:path";
import { type ConfigFinding, checkConfig } from "../../../src/sops/index.ts";
import { CliError } from "../../errors.ts";
import { filesBelow } from "../../files-below/walk-adapter.ts";
import type { Io } from "../../io.ts";
import { nearestWord } from "../../nearest.ts";
import { paint, printable, warn, write } from "../../output.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import type { SopsFlags } from "../call/flags.ts";
import { doubts as doubtsOf } from "../call/log.ts";
import { locateConfig } from "./config-adapter.ts";

/** `sealkit sops config check`. Ours. Returns the exit code. */
export async function runConfigCheck(io: Io, flags: SopsFlags): Promise<number> {
  const format = flags.text("format") || "text";
  if (format !== "text" && format !== "json") {
    throw new SopsFailure(
      SOPS_EXIT.generic,
      `error: Cannot print findings as ${JSON.stringify(format)}: it is neither text nor json\nhint: --format json`,
    );
  }
  if (flags.args.length > 0) {
    const state = `error: Cannot check ${JSON.stringify(flags.args[0])}: the file is named with a flag`;
    throw new SopsFailure(SOPS_EXIT.generic, `${state}\nhint: sealkit sops config check --config FILE`);
  }
  const located = await locateConfig(io, flags.text("config"), doubtsOf(io, false));
  if (located === undefined) throw new SopsFailure(SOPS_EXIT.generic, "config file not found");
  const { bytes, path, shown } = located;
  const findings = checkConfig(bytes, { paths: await pathsBelow(io, dirname(path)), nearest: nearestWord });
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const counts = { errors, warnings: findings.length - errors };
  if (format === "json") {
    await write(io.stdout, `${JSON.stringify({ file: shown, ...counts, findings }, undefined, 2)}\n`);
  } else {
    await write(io.stdout, findings.map((finding) => textOf(io, shown, finding)).join(""));
    await write(io.stderr, `${summary(shown, counts)}\n`);
  }
  return errors > 0 || (flags.has("strict") && findings.length > 0) ? SOPS_EXIT.generic : 0;
}

/** Undefined, with a warning, when there are too many to look at. */
async function pathsBelow(io: Io, folder: string): Promise<readonly string[] | undefined> {
  try {
    return (await filesBelow(io, { base: folder, accepts: () => true, leavesOutIgnored: false })).paths;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    await warn(io, `rules are not compared with files: ${error.message}`);
    return undefined;
  }
}

function textOf(io: Io, file: string, { severity, line, column, message, hint }: ConfigFinding): string {
  const label = paint(io, io.stdout, severity === "error" ? "red" : "yellow", `${severity}:`);
  const first = `${printable(file)}:${line}:${column}: ${label} ${printable(message)}\n`;
  return hint === undefined ? first : `${first}  hint: ${printable(hint)}\n`;
}

function summary(file: string, { errors, warnings }: { readonly errors: number; readonly warnings: number }): string {
  if (errors + warnings === 0) return `${file}: nothing to complain about`;
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
  return `${file}: ${count(errors, "error")}, ${count(warnings, "warning")}`;
}
