import { spawn } from "node:child_process";
import { homedir, platform } from "node:os";
import { join, resolve } from "node:path";
import { ClearText } from "../../src/clear-text.ts";
import type { IdentitySource } from "../../src/sops/index.ts";
import { CliError, type CliErrorCode } from "../errors.ts";
import { errno, readFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { splitCommand } from "./split-command.ts";

const COMMAND_TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Every place but the command where identities may be, looked at once. A place that fails is no obstacle. */
export async function storedIdentities(io: Io): Promise<IdentitySource[]> {
  const sources: IdentitySource[] = [];
  for (const name of ["SOPS_AGE_SSH_PRIVATE_KEY_FILE", "SOPS_AGE_SSH_PRIVATE_KEY_CMD"]) {
    if (isSet(io, name))
      sources.push({ where: name, identities: undefined, problem: "SSH keys are not supported yet" });
  }
  const key = io.env["SOPS_AGE_KEY"] ?? "";
  if (key !== "") sources.push(textSource("SOPS_AGE_KEY", keysByLine(key)));
  const file = io.env["SOPS_AGE_KEY_FILE"] ?? "";
  if (file !== "") sources.push(await fileSource(io, `SOPS_AGE_KEY_FILE (${shown(io, file)})`, file));
  const standard = keysFile(io);
  sources.push(await fileSource(io, shown(io, standard), standard));
  return sources;
}

/** What the command of `SOPS_AGE_KEY_CMD` prints for one recipient; undefined when the variable is not set. */
export async function commandIdentities(io: Io, recipient: string): Promise<IdentitySource | undefined> {
  if (!isSet(io, "SOPS_AGE_KEY_CMD")) return undefined;
  const where = "SOPS_AGE_KEY_CMD";
  const [program, ...args] = splitCommand(io.env["SOPS_AGE_KEY_CMD"] ?? "");
  if (program === undefined) return { where, identities: undefined, problem: "the command is empty" };
  // The recipient is of the file, and no program can be started with such a text.
  if (recipient.includes("\0"))
    return { where, identities: undefined, problem: "a recipient of the file is malformed" };
  const result = await runCommand(io, program, args, recipient);
  return typeof result === "string"
    ? { where, identities: undefined, problem: result }
    : sourceOf(where, result.toString("utf8"));
}

/** In the variable blanks part keys too; comments are lines of their own. */
function keysByLine(text: string): string {
  return text
    .split("\n")
    .flatMap((line) => (line.startsWith("#") ? [] : line.split(/[ \t\r]+/)))
    .join("\n");
}

function isSet(io: Io, name: string): boolean {
  return (io.env[name] ?? "") !== "";
}

/** Where the original keeps identities by default. */
function keysFile(io: Io): string {
  const home = io.env["HOME"] || homedir();
  const configured = io.env["XDG_CONFIG_HOME"] ?? "";
  const standard = platform() === "darwin" ? join(home, "Library", "Application Support") : join(home, ".config");
  return join(configured || standard, "sops", "age", "keys.txt");
}

function shown(io: Io, path: string): string {
  const home = io.env["HOME"] ?? "";
  return home !== "" && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

async function fileSource(io: Io, where: string, path: string): Promise<IdentitySource> {
  try {
    // `-` is a file name here, not standard input.
    const bytes = await readFile(io, resolve(io.cwd, path), { maxBytes: MAX_OUTPUT_BYTES });
    return sourceOf(where, Buffer.from(bytes).toString("utf8"));
  } catch (error) {
    const problem = error instanceof CliError ? FILE_PROBLEMS[error.code] : undefined;
    return { where, identities: undefined, problem: problem ?? "it cannot be read" };
  }
}

const FILE_PROBLEMS: Partial<Record<CliErrorCode, string>> = {
  CLI_FILE_MISSING: "no such file",
  CLI_FILE_DENIED: "permission denied",
  CLI_FILE_TOO_BIG: "the file is too long",
  CLI_IS_DIRECTORY: "it is a directory",
};

function sourceOf(where: string, text: string): IdentitySource {
  if (/^(age-encryption|-----BEGIN AGE)/.test(text)) {
    const problem = "it is encrypted with a passphrase, which is not supported yet";
    return { where, identities: undefined, problem };
  }
  return textSource(where, text);
}

function textSource(where: string, text: string): IdentitySource {
  return { where, identities: ClearText.fromText(text) };
}

/** The command's stdout, or why there is none. Never shows what it printed. */
async function runCommand(
  io: Io,
  program: string,
  args: readonly string[],
  recipient: string,
): Promise<Buffer | string> {
  return await new Promise((done) => {
    const child = spawn(program, args, {
      cwd: io.cwd,
      env: { ...io.env, SOPS_AGE_RECIPIENT: recipient },
      stdio: ["inherit", "pipe", "inherit"],
      timeout: COMMAND_TIMEOUT_MS,
      signal: io.signal,
    });
    const parts: Buffer[] = [];
    let bytes = 0;
    child.stdout.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes > MAX_OUTPUT_BYTES) child.kill();
      else parts.push(part);
    });
    child.on("error", (error) => done(`${program} cannot be started: ${errno(error) ?? "unknown"}`));
    child.on("close", (code, signal) => {
      if (code === 0 && bytes <= MAX_OUTPUT_BYTES) done(Buffer.concat(parts));
      else done(`${program} ended with ${signal ?? `exit status ${code}`}`);
    });
  });
}
