import { PassThrough, Readable } from "node:stream";
import type { CommandRunner } from "../command.ts";
import type { Io } from "../io.ts";
import { run } from "../run.ts";

export interface InnerCommand {
  /** As a person would type it after `sealkit`. */
  readonly words: readonly string[];
  readonly stdin?: string | undefined;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What a command left behind. */
export interface InnerResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command of sealkit in this process, as a shell would: with streams, folder and environment of its own. The demo
 * goes through the same code, flags and exit codes as its reader will.
 */
export async function runInner(
  loaders: Readonly<Record<string, () => Promise<CommandRunner>>>,
  { words: [name = "", ...args], stdin, cwd, env = {} }: InnerCommand,
  io: Io,
): Promise<InnerResult> {
  const load = loaders[name];
  if (load === undefined) throw new TypeError(`"name" expected one of ${Object.keys(loaders).join(", ")}, got ${name}`);
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = Promise.all([collect(stdout), collect(stderr)]);
  const code = await run({ load }, args, {
    env: { PATH: io.env["PATH"], HOME: cwd, ...env },
    cwd,
    argv0: "sealkit",
    stdin: Readable.from(stdin === undefined ? [] : [Buffer.from(stdin)]),
    stdout,
    stderr,
    signal: io.signal,
    now: io.now,
  });
  stdout.end();
  stderr.end();
  const [out, err] = await texts;
  return { code, stdout: out, stderr: err };
}

async function collect(stream: PassThrough): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}
