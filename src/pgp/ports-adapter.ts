import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { homedir } from "node:os";
import type { Readable } from "node:stream";
import { spawned } from "../spawned.ts";
import type { PgpPorts, ProgramEnd } from "./ports.ts";

export interface SystemPgpOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

/** A person may have to look for a token and type a passphrase. */
const TIMEOUT_MS = 180_000;
/** A data key has 32 bytes, an armored message for one key some 1,000. */
const MAX_OUTPUT_BYTES = 1024 * 1024;
/** Key rings of people who collect keys. */
const MAX_RING_BYTES = 64 * 1024 * 1024;

/** The machine itself. */
export function systemPgpPorts({ env, signal }: SystemPgpOptions): PgpPorts {
  return {
    env: (name) => env[name] || undefined,
    home: env["HOME"] || homedir(),
    readFile: readRing,
    run: (program, args, stdin) => runProgram({ env, signal }, program, args, stdin),
  };
}

async function readRing(path: string): Promise<Uint8Array | undefined> {
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      if (size > MAX_RING_BYTES) return undefined;
      const { bytesRead, buffer } = await file.read(Buffer.alloc(size), 0, size, 0);
      return new Uint8Array(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

async function runProgram(
  { env, signal }: SystemPgpOptions,
  program: string,
  args: readonly string[],
  stdin: Uint8Array,
): Promise<ProgramEnd> {
  return await new Promise((done) => {
    const child = spawned(() =>
      spawn(program, args, {
        env: { ...env },
        stdio: ["pipe", "pipe", "pipe", "pipe"],
        timeout: TIMEOUT_MS,
        ...(signal === undefined ? {} : { signal }),
      }),
    );
    if (child instanceof Error) return done({ kind: "not started", reason: reasonOf(child) });
    let bytes = 0;
    const collect = (stream: Readable | undefined): Buffer[] => {
      const parts: Buffer[] = [];
      stream?.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes > MAX_OUTPUT_BYTES) child.kill("SIGKILL");
        else parts.push(part);
      });
      stream?.on("error", () => undefined);
      return parts;
    };
    const stdout = collect(child.stdout ?? undefined);
    const stderr = collect(child.stderr ?? undefined);
    const fourth = child.stdio[3];
    const status = collect(fourth !== null && fourth !== undefined && "read" in fourth ? fourth : undefined);
    child.on("error", (error) => done({ kind: "not started", reason: reasonOf(error) }));
    child.on("close", (code) =>
      done({
        kind: "ended",
        code: bytes > MAX_OUTPUT_BYTES ? undefined : (code ?? undefined),
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString("utf8"),
        status: Buffer.concat(status).toString("utf8"),
      }),
    );
    // A program that ends before it has read everything says why on its own.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(stdin);
  });
}

function reasonOf(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "unknown";
  if (code === "ENOENT") return "there is no such program";
  return code === "EACCES" ? "it may not be run" : code;
}
