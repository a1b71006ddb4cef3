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
 *
 * @throws {Failure} when there is no terminal, or the person interrupts.
 */
export async function readPassphrase(io: Io, prompt: string): Promise<string> {
  try {
    return await readAnswer(io, prompt, { shown: false });
  } catch (error) {
    throw error instanceof Failure ? new Failure(`could not read passphrase: ${error.message}`) : error;
  }
}

/** Asks for a line of text on the terminal. @throws {Failure} as `readPassphrase`. */
export async function readAnswer(io: Io, prompt: string, { shown }: { readonly shown: boolean }): Promise<string> {
  return await onTerminal(prompt, async (keys, show) => {
    let line = "";
    for await (const key of keysOf(keys, io.signal)) {
      if (ENTER.test(key)) return line;
      line = BACKSPACE.test(key) ? [...line].slice(0, -1).join("") : line + key;
      if (shown) show(BACKSPACE.test(key) ? "\b \b" : key);
    }
    return line;
  });
}

/** Waits for one key. @throws {Failure} as `readPassphrase`. */
export async function readKey(io: Io, prompt: string): Promise<string> {
  return await onTerminal(prompt, async (keys) => {
    for await (const key of keysOf(keys, io.signal)) return key;
    return "\n";
  });
}

async function onTerminal<T>(
  prompt: string,
  read: (keys: ReadStream, show: (text: string) => void) => Promise<T>,
): Promise<T> {
  let terminal: number;
  try {
    terminal = openSync("/dev/tty", "r+");
  } catch (cause) {
    const reason = goFileText("open", "/dev/tty", cause);
    throw new Failure(`standard input is not a terminal, and /dev/tty is not available: ${reason}`);
  }
  const keys = new ReadStream(terminal);
  try {
    keys.setRawMode(true);
    writeSync(terminal, `${prompt} `);
    return await read(keys, (text) => writeSync(terminal, text));
  } finally {
    writeSync(terminal, ERASE);
    keys.setRawMode(false);
    keys.destroy();
    closeQuietly(terminal);
  }
}

async function* keysOf(stream: ReadStream, signal: AbortSignal): AsyncGenerator<string> {
  stream.setEncoding("utf8");
  for await (const text of stream) {
    for (const key of String(text)) {
      if (key === INTERRUPT || signal.aborted) throw new Failure("interrupted");
      yield key;
    }
  }
}

/** Destroying the stream closes the terminal on some systems and not on others. */
function closeQuietly(terminal: number): void {
  try {
    closeSync(terminal);
  } catch {
    return;
  }
}
