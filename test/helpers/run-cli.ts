import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { Readable, Writable } from "node:stream";
import { dispatch } from "../../cli/dispatch.ts";
import type { Io } from "../../cli/io.ts";

export interface CliRun {
  readonly stdin?: string | Uint8Array | Readable;
  /** Files of the current folder before the run, by relative path. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly env?: Readonly<Record<string, string>>;
  /** The word the program was called by. */
  readonly argv0?: string;
  /** Pretend that all streams are terminals. */
  readonly tty?: boolean;
  readonly now?: number;
  readonly signal?: AbortSignal;
  /** Sees what is written to stdout and stderr, as it is written. */
  readonly onOutput?: (text: string) => void;
  /** Run here and leave the folder alone, instead of in a new folder that is removed afterwards. */
  readonly cwd?: string;
  /** A folder of the files to run in: paths of `files` stay relative to the folder above. */
  readonly below?: string;
}

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Uint8Array;
  /** Every file of the folder after the run that its owner may read. */
  readonly files: Readonly<
    Record<string, { readonly text: string; readonly bytes: Uint8Array; readonly mode: number }>
  >;
}

/**
 * Runs a command line of sealkit in process, in a folder of its own: `runCli("kubeseal --cert c.pem", {...})`. The line
 * is split at blanks ('single' and "double" quotes keep words together); pass an array for anything else. `env` is the
 * whole environment: nothing of the developer's machine leaks in, HOME is the empty folder `home` beside the files.
 */
export async function runCli(line: string | readonly string[], options: CliRun = {}): Promise<CliResult> {
  const base = options.cwd ?? mkdtempSync(join(tmpdir(), "sealkit-test-"));
  const cwd = options.cwd ?? join(base, "work");
  if (options.cwd === undefined) for (const folder of [cwd, join(base, "home")]) mkdirSync(folder);
  try {
    for (const [path, content] of Object.entries(options.files ?? {})) {
      mkdirSync(dirname(join(cwd, path)), { recursive: true });
      writeFileSync(join(cwd, path), content);
    }
    const stdout = new Capture(options.tty, options.onOutput);
    const stderr = new Capture(options.tty, options.onOutput);
    const given = options.stdin;
    const source = given instanceof Readable ? given : Readable.from(given === undefined ? [] : [Buffer.from(given)]);
    const stdin = Object.assign(source, {
      isTTY: options.tty === true,
    });
    const io: Io = {
      env: { HOME: join(base, "home"), ...options.env },
      cwd: join(cwd, options.below ?? ""),
      argv0: options.argv0 ?? "sealkit",
      stdin,
      stdout,
      stderr,
      signal: options.signal ?? new AbortController().signal,
      now: () => options.now ?? Date.now(),
    };
    const words = typeof line === "string" ? splitWords(line) : line;
    const code = await dispatch(words, io);
    const files = Object.fromEntries(
      listFiles(cwd).map((path) => {
        const bytes = readFileSync(join(cwd, path));
        return [path, { bytes, text: bytes.toString("utf8"), mode: statSync(join(cwd, path)).mode & 0o7777 }];
      }),
    );
    return { code, stdout: stdout.text(), stderr: stderr.text(), stdoutBytes: stdout.bytes(), files };
  } finally {
    if (options.cwd === undefined) rmSync(base, { recursive: true, force: true });
  }
}

class Capture extends Writable {
  readonly isTTY: boolean;
  readonly columns = 80;
  readonly #chunks: Buffer[] = [];

  readonly #onOutput: (text: string) => void;

  constructor(tty = false, onOutput: (text: string) => void = () => undefined) {
    super();
    this.isTTY = tty;
    this.#onOutput = onOutput;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(Buffer.from(chunk));
    this.#onOutput(chunk.toString("utf8"));
    done();
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }
}

function splitWords(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => (statSync(join(folder, path)).mode & 0o400) !== 0);
}
