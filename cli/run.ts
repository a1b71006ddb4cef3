import { ToolkitError } from "../src/errors.ts";
import type { CommandEntry } from "./command.ts";
import { CliError } from "./errors.ts";
import { EXIT } from "./exit-codes.ts";
import { errno } from "./files-adapter.ts";
import type { Io } from "./io.ts";
import { paint, printable, ReaderGone, write } from "./output.ts";

/** Runs one command and turns what it throws into text and an exit code. Never throws itself. */
export async function run(entry: Pick<CommandEntry, "load">, args: readonly string[], io: Io): Promise<number> {
  try {
    const runner = await entry.load();
    return await runner.run(args, io);
  } catch (error) {
    return await report(error, io);
  }
}

/** Tells a person about an error on stderr and chooses the exit code for it. */
export async function report(error: unknown, io: Io): Promise<number> {
  if (error instanceof ReaderGone) return EXIT.brokenPipe;
  await write(io.stderr, errorText(error, io)).catch(() => undefined);
  if (io.signal.aborted && isAbort(error)) return EXIT.interrupted;
  return error instanceof CliError && error.isUsage ? EXIT.usage : EXIT.failed;
}

/**
 * What a person reads about an error: what, then where and why, then what to do now. Of an error that nobody foresaw
 * only its kind is said: its message may quote what it choked on.
 */
export function errorText(error: unknown, io: Io): string {
  const label = paint(io, io.stderr, "red", "error:");
  if (error instanceof ToolkitError) {
    const details = error.details.map((line) => `  ${printable(line)}\n`).join("");
    const hint = paint(io, io.stderr, "cyan", "hint:");
    const hints = error.hints.map((line) => `${hint} ${printable(line)}\n`).join("");
    return `${label} ${printable(error.message)}\n${details}${hints}${io.env["SEALKIT_DEBUG"] === "1" ? frames(error) : ""}`;
  }
  if (io.signal.aborted && isAbort(error)) return `${label} Interrupted\n`;
  const code = errno(error);
  const kind = `${error instanceof Error ? error.name : typeof error}${code === undefined ? "" : `, ${code}`}`;
  const debug = io.env["SEALKIT_DEBUG"] === "1";
  const how = debug ? "" : "; run again with SEALKIT_DEBUG=1 for the place in the code";
  return `${label} sealkit made a mistake (${kind}): please report it${how}\n${debug ? frames(error) : ""}`;
}

/** The places in the code, without the message, which may hold anything. */
function frames(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const lines = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const cause = error.cause instanceof Error ? `  caused by ${error.cause.name}\n${frames(error.cause)}` : "";
  return `${lines.map((line) => `${line}\n`).join("")}${cause}`;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
