import {
  AgeError,
  generateHybridIdentity,
  generateX25519Identity,
  parseIdentitiesFile,
  parseIdentity,
  recipientOf,
} from "../../src/age/index.ts";
import { AGE_VERSION } from "../age/age.ts";
import { Failure, reporting } from "../age/failure.ts";
import { openInput, readAll } from "../age/input-adapter.ts";
import type { CommandRunner } from "../command.ts";
import { type GoFlag, parseGoFlags } from "../go-flag.ts";
import type { Io } from "../io.ts";
import { write } from "../output.ts";
import { openSink, type Sink } from "./sink-adapter.ts";
import { USAGE } from "./usage.ts";

const FLAGS: readonly GoFlag[] = [
  { names: ["pq"], kind: "bool" },
  { names: ["output", "o"], kind: "text" },
  { names: ["y"], kind: "bool" },
  { names: ["version"], kind: "bool" },
];

const MAX_BYTES = 16 * 1024 * 1024;

/** `sealkit age-keygen`: makes secret keys and prints their recipients, as the original does. */
export const ageKeygenCommand: CommandRunner = {
  run: (args, io) => reporting("age-keygen", io, () => runKeygen(args, io)),
  complete: () => FLAGS.flatMap(({ names }) => names.map((name) => (name.length === 1 ? `-${name}` : `--${name}`))),
};

async function runKeygen(words: readonly string[], io: Io): Promise<number> {
  const flags = parseGoFlags(FLAGS, words);
  if ("problem" in flags) {
    await write(io.stderr, flags.problem === "help" ? USAGE : `${flags.message}\n${USAGE}${flags.hint ?? ""}`);
    return flags.problem === "help" ? 0 : 2;
  }
  if (flags.args.length > (flags.has("y") ? 1 : 0)) throw new Failure("too many arguments");
  if (flags.has("version")) {
    await write(io.stdout, `${AGE_VERSION}\n`);
    return 0;
  }
  if (flags.has("pq") && flags.has("y")) throw new Failure("-pq cannot be used with -y");
  const sink = await openSink(io, flags.texts("output").at(-1));
  try {
    const recipient = await (flags.has("y") ? convert(io, flags.args[0], sink) : generate(io, sink, flags.has("pq")));
    await sink.close();
    // Only now: nobody should use the recipient of a key that was never saved.
    if (recipient !== undefined && !sink.toTerminal) await write(io.stderr, `Public key: ${recipient}\n`);
    return 0;
  } catch (error) {
    await sink.abandon();
    throw error;
  }
}

async function generate(io: Io, sink: Sink, postQuantum: boolean): Promise<string> {
  const identity = postQuantum ? generateHybridIdentity() : generateX25519Identity();
  const recipient = await recipientOf(parseIdentity(identity));
  await sink.write(`# created: ${localTime(new Date(io.now()))}\n# public key: ${recipient}\n${identity}\n`);
  return recipient;
}

async function convert(io: Io, path: string | undefined, sink: Sink): Promise<undefined> {
  const input = await openInput(io, path, (reason) => `failed to open input file "${path}": ${reason}`);
  const bytes = await readAll(input, MAX_BYTES);
  if (bytes === undefined) throw new Failure("failed to parse input: too long");
  try {
    const text = new TextDecoder().decode(bytes);
    // age-keygen knows no keys of SSH.
    const begin = text.trimStart().startsWith("-----BEGIN") ? text.search(/\S/) : -1;
    if (begin >= 0)
      throw new Failure(`failed to parse input: error at line ${lineAt(text, begin)}: unknown identity type`);
    for (const identity of parseIdentitiesFile(text)) await sink.write(`${await recipientOf(identity)}\n`);
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    throw new Failure(`failed to parse input: ${wordOf(error)}`, ...hintsOf(error));
  }
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

function hintsOf({ code }: AgeError): readonly string[] {
  if (code !== "AGE_IDENTITY_UNSUPPORTED") return [];
  return ["only the plugin knows the recipient of its identity; with age -e -i it can be encrypted to as it is"];
}

/** age-keygen knows no recipients and no plugins in key files, so to it they are one more unknown type. */
function wordOf({ code, original, details }: AgeError): string {
  const line = details.at(-1)?.replace("line ", "");
  if (code === "AGE_IDENTITY_UNSUPPORTED") return `error at line ${line}: unknown identity type`;
  return original.replace("apparent recipient found in identities file", "unknown identity type");
}

/** RFC 3339 with seconds, in the local time zone. */
function localTime(time: Date): string {
  const offset = -time.getTimezoneOffset();
  const local = new Date(time.getTime() + offset * 60_000).toISOString().slice(0, 19);
  if (offset === 0) return `${local}Z`;
  const pad = (number: number) => String(number).padStart(2, "0");
  const size = Math.abs(offset);
  return `${local}${offset < 0 ? "-" : "+"}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}
