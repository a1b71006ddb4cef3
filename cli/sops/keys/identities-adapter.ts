import { homedir, platform } from "node:os";
import { join, resolve } from "node:path";
import { hidesPublicKey } from "../../../src/age/index.ts";
import { ClearText } from "../../../src/clear-text.ts";
import type { IdentitySource, OriginalPlace } from "../../../src/sops/index.ts";
import { spawned } from "../../../src/spawned.ts";
import { CliError, type CliErrorCode } from "../../errors.ts";
import { errno, readFile } from "../../files-adapter.ts";
import type { Io } from "../../io.ts";
import { askIdentityPassphrase, askSshPassphrase } from "./identity-passphrase.ts";
import { splitCommand } from "./split-command.ts";

const COMMAND_TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const SSH_FILE = "SOPS_AGE_SSH_PRIVATE_KEY_FILE";
const SSH_COMMAND = "SOPS_AGE_SSH_PRIVATE_KEY_CMD";
const KEY = "SOPS_AGE_KEY";
const KEY_FILE = "SOPS_AGE_KEY_FILE";
const KEY_COMMAND = "SOPS_AGE_KEY_CMD";

/** Every place but the commands where identities may be, looked at once. A place that fails is no obstacle. */
export async function storedIdentities(io: Io): Promise<IdentitySource[]> {
  const home = io.env["HOME"] || homedir();
  return [
    isSet(io, SSH_FILE) ? await sshFile(io, io.env[SSH_FILE] ?? "", SSH_FILE) : unset(SSH_FILE),
    ...(isSet(io, SSH_COMMAND) ? [] : [unset(SSH_COMMAND)]),
    await sshFile(io, join(home, ".ssh", "id_ed25519")),
    await sshFile(io, join(home, ".ssh", "id_rsa")),
    isSet(io, KEY) ? keyVariable(io, io.env[KEY] ?? "") : unset(KEY),
    isSet(io, KEY_FILE) ? await keyFile(io, io.env[KEY_FILE] ?? "") : unset(KEY_FILE),
    ...(isSet(io, KEY_COMMAND) ? [] : [unset(KEY_COMMAND)]),
    await defaultFile(io, home),
  ];
}

/**
 * Asks the commands of the variables: the one for SSH keys once, the other for each recipient. They may ask a person, so
 * they are run only when nothing else opens a file.
 */
export function identityCommands(io: Io): (recipient: string) => Promise<IdentitySource[]> {
  let isSshAsked = false;
  return async (recipient) => {
    const sources: IdentitySource[] = [];
    if (isSet(io, SSH_COMMAND) && !isSshAsked) {
      isSshAsked = true;
      sources.push(await sshCommand(io));
    }
    if (isSet(io, KEY_COMMAND)) sources.push(await keyCommand(io, recipient));
    return sources;
  };
}

async function keyCommand(io: Io, recipient: string): Promise<IdentitySource> {
  const where = KEY_COMMAND;
  // The recipient is of the file, and no program can be started with such a text.
  if (recipient.includes("\0"))
    return { where, identities: undefined, problem: "a recipient of the file is malformed" };
  const command = io.env[KEY_COMMAND] ?? "";
  const result = await runCommand(io, command, { SOPS_AGE_RECIPIENT: recipient });
  const original = identityPlace(KEY_COMMAND);
  return Buffer.isBuffer(result)
    ? identitySource(io, where, new ClearText(result), original)
    : failedCommand(where, command, result, original);
}

async function sshCommand(io: Io): Promise<IdentitySource> {
  const command = io.env[SSH_COMMAND] ?? "";
  const original: OriginalPlace = {
    location: SSH_COMMAND,
    malformed: (reason) => `malformed SSH identity returned by running ${SSH_COMMAND}: ${JSON.stringify(reason)}`,
  };
  const result = await runCommand(io, command, {});
  if (!Buffer.isBuffer(result)) return failedCommand(SSH_COMMAND, command, result, original);
  return { where: SSH_COMMAND, identities: new ClearText(result), isSshKey: true, original };
}

function failedCommand(
  where: string,
  command: string,
  { problem, status }: FailedCommand,
  original: OriginalPlace,
): IdentitySource {
  const unreadable = `failed to execute command ${command}: ${status}`;
  return { where, identities: undefined, problem, original: { ...original, unreadable } };
}

function isSet(io: Io, name: string): boolean {
  return (io.env[name] ?? "") !== "";
}

function unset(name: string): IdentitySource {
  return { where: name, identities: undefined, problem: "not set", isUnset: true, original: identityPlace(name) };
}

function identityPlace(location: string): OriginalPlace {
  return { location, malformed: (reason) => `failed to parse '${location}' age identities: ${reason}` };
}

/** The `.pub` file, where the private key does not tell what stands there. */
async function publicKeyBeside(io: Io, path: string, key: ClearText): Promise<string | undefined> {
  if (!hidesPublicKey(Buffer.from(key.reveal()).toString("latin1"))) return undefined;
  const read = await readIdentityFile(io, `${path}.pub`);
  return read instanceof ClearText ? read.revealText() : undefined;
}

/** A private key of SSH: that of a variable, or one of the usual two, which need not be there. */
async function sshFile(io: Io, path: string, variable?: string): Promise<IdentitySource> {
  const where = variable === undefined ? shown(io, path) : `${variable} (${shown(io, path)})`;
  const original: OriginalPlace = {
    location: variable ?? path,
    malformed: (reason) => `malformed SSH identity in ${JSON.stringify(path)}: ${reason}`,
  };
  const read = await readIdentityFile(io, path);
  if (read instanceof ClearText) {
    const sshPublicKey = await publicKeyBeside(io, path, read);
    const askPassphrase = () => askSshPassphrase(io, path);
    return { where, identities: read, isSshKey: true, sshPublicKey, askPassphrase, original };
  }
  if (variable === undefined && read.isMissing) return { where, identities: undefined, isUnset: true, original };
  const unreadable = `failed to open file: open ${path}: ${read.state}`;
  return { where, identities: undefined, problem: read.problem, original: { ...original, unreadable } };
}

async function keyFile(io: Io, path: string): Promise<IdentitySource> {
  const where = `${KEY_FILE} (${shown(io, path)})`;
  const original = identityPlace(KEY_FILE);
  const read = await readIdentityFile(io, path);
  if (read instanceof ClearText) return identitySource(io, where, read, original);
  const unreadable = `failed to open ${KEY_FILE} file: open ${path}: ${read.state}`;
  return { where, identities: undefined, problem: read.problem, original: { ...original, unreadable } };
}

/** Where the original keeps identities by default. */
async function defaultFile(io: Io, home: string): Promise<IdentitySource> {
  const configured = io.env["XDG_CONFIG_HOME"] ?? "";
  const standard = platform() === "darwin" ? join(home, "Library", "Application Support") : join(home, ".config");
  const path = join(configured || standard, "sops", "age", "keys.txt");
  const where = shown(io, path);
  const original = { ...identityPlace(path), isDefaultFile: true };
  const read = await readIdentityFile(io, path);
  if (read instanceof ClearText) return identitySource(io, where, read, original);
  if (read.isMissing) return { where, identities: undefined, problem: read.problem, isUnset: true, original };
  const unreadable = `failed to open file: open ${path}: ${read.state}`;
  return { where, identities: undefined, problem: read.problem, original: { ...original, unreadable } };
}

function keyVariable(io: Io, text: string): IdentitySource {
  const identities = ClearText.fromText(text.startsWith("-----BEGIN") ? text : keysByLine(text));
  return identitySource(io, KEY, identities, identityPlace(KEY));
}

/** In the variable blanks part keys too; comments are lines of their own. */
function keysByLine(text: string): string {
  return text
    .split("\n")
    .flatMap((line) => (line.startsWith("#") ? [] : line.split(/[ \t\r]+/)))
    .join("\n");
}

function identitySource(io: Io, where: string, identities: ClearText, original: OriginalPlace): IdentitySource {
  return { where, identities, askPassphrase: () => askIdentityPassphrase(io, where), original };
}

function shown(io: Io, path: string): string {
  const home = io.env["HOME"] ?? "";
  return home !== "" && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

interface Unreadable {
  readonly problem: string;
  /** In the words of the original. */
  readonly state: string;
  readonly isMissing: boolean;
}

async function readIdentityFile(io: Io, path: string): Promise<ClearText | Unreadable> {
  try {
    // `-` is a file name here, not standard input.
    return new ClearText(await readFile(io, resolve(io.cwd, path), { maxBytes: MAX_OUTPUT_BYTES }));
  } catch (error) {
    const problem = error instanceof CliError ? FILE_PROBLEMS[error.code] : undefined;
    const isMissing = error instanceof CliError && error.code === "CLI_FILE_MISSING";
    const state = isMissing ? "no such file or directory" : (problem ?? "input/output error");
    return { problem: problem ?? "it cannot be read", state, isMissing };
  }
}

const FILE_PROBLEMS: Partial<Record<CliErrorCode, string>> = {
  CLI_FILE_MISSING: "no such file",
  CLI_FILE_DENIED: "permission denied",
  CLI_FILE_TOO_BIG: "the file is too long",
  CLI_IS_DIRECTORY: "it is a directory",
};

interface FailedCommand {
  readonly problem: string;
  /** In the words of the original. */
  readonly status: string;
}

/** The command's stdout, or why there is none. Never shows what it printed. */
async function runCommand(
  io: Io,
  command: string,
  env: Readonly<Record<string, string>>,
): Promise<Buffer | FailedCommand> {
  const [program, ...args] = splitCommand(command);
  if (program === undefined) return { problem: "the command is empty", status: "exec: no command" };
  // Most calls start no program, and the module takes its time.
  const { spawn } = await import("node:child_process");
  return await new Promise((done) => {
    const notStarted = (reason: string) => {
      done({
        problem: `${program} cannot be started: ${reason}`,
        status: `exec: ${JSON.stringify(program)}: ${reason}`,
      });
    };
    const child = spawned(() =>
      spawn(program, args, {
        cwd: io.cwd,
        env: { ...io.env, ...env },
        stdio: ["inherit", "pipe", "inherit"],
        timeout: COMMAND_TIMEOUT_MS,
        signal: io.signal,
      }),
    );
    if (child instanceof Error) return notStarted(child.code);
    const parts: Buffer[] = [];
    let bytes = 0;
    child.stdout.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes > MAX_OUTPUT_BYTES) child.kill();
      else parts.push(part);
    });
    child.on("error", (error) => notStarted(errno(error) ?? "unknown"));
    child.on("close", (code, signal) => {
      if (code === 0 && bytes <= MAX_OUTPUT_BYTES) done(Buffer.concat(parts));
      else {
        const status = signal === null ? `exit status ${code}` : `signal: ${signal}`;
        done({ problem: `${program} ended with ${signal ?? `exit status ${code}`}`, status });
      }
    });
  });
}
