import { closeSync, openSync, writeSync } from "node:fs";
import { ReadStream } from "node:tty";
import type { Io } from "../io.ts";
import { Failure, goFileText } from "./failure.ts";

const ENTER = /^[\r\n\u0004]$/;
const BACKSPACE = /^[\u007f\b]$/;
const INTERRUPT = "\u0003";
/** Takes the prompt away again: cursor one line up, line cleared. */
const ERASE = "\r\n\u001b[F\u001b[K";

/**
 * Asks for a passphrase on the terminal without showing it; the prompt is erased afterwards. Standard input may be in use
 * for the file, so the terminal itself is opened.
 */
export async function readPassphrase(io: Io, prompt: string): Promise<string> {
  let terminal: number;
  try {
    terminal = openSync("/dev/tty", "r+");
  } catch (cause) {
    throw new Failure(
      "could not read passphrase: standard input is not a terminal, and /dev/tty is not available: " +
        goFileText("open", "/dev/tty", cause),
    );
  }
  const keys = new ReadStream(terminal);
  try {
    keys.setRawMode(true);
    writeSync(terminal, `${prompt} `);
    return await lineOf(keys, io.signal);
  } finally {
    writeSync(terminal, ERASE);
    keys.setRawMode(false);
    keys.destroy();
    closeQuietly(terminal);
  }
}

async function lineOf(keys: ReadStream, signal: AbortSignal): Promise<string> {
  let line = "";
  keys.setEncoding("utf8");
  for await (const text of keys) {
    for (const key of String(text)) {
      if (ENTER.test(key)) return line;
      if (key === INTERRUPT || signal.aborted) throw new Failure("could not read passphrase: interrupted");
      line = BACKSPACE.test(key) ? [...line].slice(0, -1).join("") : line + key;
    }
  }
  return line;
}

/** Destroying the stream closes the terminal on some systems and not on others. */
function closeQuietly(terminal: number): void {
  try {
    closeSync(terminal);
  } catch {
    return;
  }
}
