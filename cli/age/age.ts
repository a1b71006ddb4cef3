import { decrypt, encrypt, type Identity, passphraseRecipient, type Recipient } from "../../src/age/index.ts";
import type { CommandRunner } from "../command.ts";
import { type GoFlag, type GoFlags, parseGoFlags } from "../go-flag.ts";
import type { Io } from "../io.ts";
import { write } from "../output.ts";
import { runBatch } from "./batch/batch.ts";
import { isBatch, planBatch } from "./batch/plan.ts";
import { Failure, reporting, warn } from "./failure.ts";
import { askingIdentity, fileIdentities, namedPlugin, refusePassphraseFile } from "./identities.ts";
import { type Input, openInput, untilInterrupted } from "./input-adapter.ts";
import { fileOutput, type Output, stdoutOutput } from "./output-adapter.ts";
import { newPassphrase } from "./passphrase.ts";
import { pump } from "./pump.ts";
import { gatherRecipients } from "./recipients.ts";
import { runAhead } from "./run-ahead-adapter.ts";
import { isSameFile } from "./same-file-adapter.ts";
import { type StdinUse, stdinUse } from "./stdin-use.ts";
import { readPassphrase } from "./terminal-adapter.ts";
import { USAGE } from "./usage.ts";

/** The release of age whose flags, texts and exit codes these commands follow. */
export const AGE_VERSION = "v1.3.2";

const FLAGS: readonly GoFlag[] = [
  { names: ["encrypt", "e"], kind: "bool" },
  { names: ["decrypt", "d"], kind: "bool" },
  { names: ["output", "o"], kind: "text" },
  { names: ["armor", "a"], kind: "bool" },
  { names: ["passphrase", "p"], kind: "bool" },
  { names: ["recipient", "r"], kind: "list" },
  { names: ["recipients-file", "R"], kind: "list" },
  { names: ["identity", "i"], kind: "list" },
  { names: ["j"], kind: "list" },
  { names: ["force"], kind: "bool" },
  { names: ["format"], kind: "text" },
  { names: ["version"], kind: "bool" },
];

/** `sealkit age`: encrypts and decrypts files as the age tool does. */
export const ageCommand: CommandRunner = {
  run: (args, io) => reporting("age", io, () => runAge(args, io)),
  complete: () => FLAGS.flatMap(({ names }) => names.map((name) => (name.length === 1 ? `-${name}` : `--${name}`))),
};

async function runAge(words: readonly string[], io: Io): Promise<number> {
  if (words.length === 0) {
    await write(io.stderr, USAGE);
    return 1;
  }
  const flags = parseGoFlags(FLAGS, words);
  if ("problem" in flags) {
    await write(io.stderr, flags.problem === "help" ? USAGE : `${flags.message}\n${USAGE}${flags.hint ?? ""}`);
    return flags.problem === "help" ? 0 : 2;
  }
  if (flags.has("version")) {
    await write(io.stdout, `${AGE_VERSION}\n`);
    return 0;
  }
  const output = flags.texts("output").at(-1);
  if (output !== undefined && (await isBatch(io.cwd, flags.args, output))) return await runMany(io, flags, output);
  checkArguments(flags);
  for (const own of ["force", "format"].filter((name) => flags.has(name))) {
    throw new Failure(`--${own} is for many files: -o has to name a folder`, "-o FOLDER/ FILE...");
  }
  return await runOne(io, flags);
}

/** Many files into one folder, which the original cannot do. */
async function runMany(io: Io, flags: GoFlags, output: string): Promise<number> {
  const format = flags.texts("format").at(-1);
  if (format !== undefined && format !== "json") throw new Failure(`unknown --format "${format}"`, "--format json");
  const decrypting = flags.has("decrypt");
  if (decrypting) checkDecryptFlags(flags);
  else checkEncryptFlags(flags);
  const plan = await planBatch(io.cwd, flags.args, { output, decrypting });
  const stdin = stdinUse();
  return await runBatch(io, plan, {
    output,
    ...(decrypting ? await decryptKeys(io, flags, stdin) : { recipients: await encryptRecipients(io, flags, stdin) }),
    armor: flags.has("armor"),
    force: flags.has("force"),
    json: format === "json",
  });
}

/** One file, as the original does it. */
async function runOne(io: Io, flags: GoFlags): Promise<number> {
  const decrypting = flags.has("decrypt");
  if (decrypting) checkDecryptFlags(flags);
  else checkEncryptFlags(flags);
  const stdin = stdinUse();
  const input = await openInput(
    io,
    flags.args[0],
    (reason) => `failed to open input file "${flags.args[0]}": ${reason}`,
  );
  if (input.isStdin) stdin.claim();
  let output: Output | undefined;
  try {
    output = await chooseOutput(io, flags, input);
    const source = untilInterrupted(input.pieces, io.signal);
    const { memory } = output;
    const ahead = runAhead(decrypting ? "open" : "seal", input, output, io.signal);
    const pieces = decrypting
      ? decrypt(source, (await decryptKeys(io, flags, stdin)).identities, { memory, ahead })
      : encrypt(source, await encryptRecipients(io, flags, stdin), { armor: flags.has("armor"), memory, ahead });
    await pump(pieces, output, decrypting ? "" : "failed to write header: ");
    await output.finish();
    return 0;
  } catch (error) {
    await output?.abandon();
    throw error;
  } finally {
    await input.close();
  }
}

function checkArguments({ args, before }: GoFlags): void {
  if (args.length <= 1) return;
  const [input = "", ...rest] = args;
  const message = `too many INPUT arguments: ${args.map((word) => JSON.stringify(word)).join(" ")}`;
  if (!rest.some((word) => word.length > 1 && word.startsWith("-"))) {
    throw new Failure(message, "only a single input file may be specified at a time");
  }
  const command = ["age", ...before, ...rest, input].join(" ");
  throw new Failure(message, "the input file must be specified after all flags", "did you mean:", `    ${command}`);
}

function checkDecryptFlags(flags: GoFlags): void {
  const useIdentity = "did you mean to use -i/--identity to specify a private key?";
  if (flags.has("encrypt")) throw new Failure("-e/--encrypt can't be used with -d/--decrypt");
  if (flags.has("armor")) {
    const hint = "note that armored files are detected automatically, try again without -a/--armor";
    throw new Failure("-a/--armor can't be used with -d/--decrypt", hint);
  }
  if (flags.has("passphrase")) {
    const hint = "note that password protected files are detected automatically";
    throw new Failure("-p/--passphrase can't be used with -d/--decrypt", hint);
  }
  if (flags.has("recipient")) throw new Failure("-r/--recipient can't be used with -d/--decrypt", useIdentity);
  if (flags.has("recipients-file")) {
    throw new Failure("-R/--recipients-file can't be used with -d/--decrypt", useIdentity);
  }
}

function checkEncryptFlags(flags: GoFlags): void {
  const identities = flags.has("identity") || flags.has("j");
  if (identities && !flags.has("encrypt")) {
    throw new Failure(
      "-i/--identity and -j can't be used in encryption mode unless symmetric encryption is explicitly selected with " +
        "-e/--encrypt",
      "did you forget to specify -d/--decrypt?",
    );
  }
  const named = flags.has("recipient") || flags.has("recipients-file") || identities;
  if (!named && !flags.has("passphrase")) {
    const hint = "did you forget to specify -r/--recipient, -R/--recipients-file or -p/--passphrase?";
    throw new Failure("missing recipients", hint);
  }
  if (!flags.has("passphrase")) return;
  const clashes = [
    ["recipient", "-r/--recipient"],
    ["recipients-file", "-R/--recipients-file"],
    ["identity", "-i/--identity and -j"],
    ["j", "-i/--identity and -j"],
  ] as const;
  for (const [name, text] of clashes) {
    if (flags.has(name)) throw new Failure(`-p/--passphrase can't be combined with ${text}`);
  }
}

async function chooseOutput(io: Io, flags: GoFlags, input: Input): Promise<Output> {
  const path = flags.texts("output").at(-1);
  if (path === undefined || path === "" || path === "-") {
    const toTerminal = io.stdout.isTTY === true && path !== "-";
    if (toTerminal && !flags.has("decrypt") && !flags.has("armor")) {
      const hints = ["did you mean to use -a/--armor?", 'force anyway with "-o -"'];
      throw new Failure("refusing to output binary to the terminal", ...hints);
    }
    return stdoutOutput(io);
  }
  const inputs = [
    ...flags.texts("recipients-file"),
    ...flags.texts("identity"),
    ...(input.isStdin ? [] : [input.name]),
  ];
  for (const used of inputs) {
    if (used !== "-" && (await isSameFile(io, used, path))) {
      throw new Failure(`input and output file are the same: "${path}"`);
    }
  }
  return fileOutput(io, path);
}

async function encryptRecipients(io: Io, flags: GoFlags, stdin: StdinUse): Promise<Recipient[]> {
  if (flags.has("passphrase")) return [passphraseRecipient(await newPassphrase(io))];
  const [words, files] = [flags.texts("recipient"), flags.texts("recipients-file")];
  return await gatherRecipients(io, { words, files, identities: flags.inOrder("identity", "j") }, stdin);
}

interface DecryptKeys {
  readonly identities: readonly Identity[];
  /** Undefined where not all identities come from files that are read and nothing else. */
  readonly keyFiles: readonly Uint8Array[] | undefined;
}

async function decryptKeys(io: Io, flags: GoFlags, stdin: StdinUse): Promise<DecryptKeys> {
  const named = flags.inOrder("identity", "j");
  if (named.length === 0) return { identities: [passphraseOnly(io)], keyFiles: undefined };
  const keyFiles = new Set<Uint8Array | undefined>();
  const files: string[] = [];
  const identities: Identity[] = [];
  for (const [flag, text] of named) {
    if (flag === "j") {
      identities.push(namedPlugin(io, text));
      keyFiles.add(undefined);
      continue;
    }
    if (files.includes(text)) await warn("age", io, `duplicate identity file "${text}"`);
    files.push(text);
    for (const { identity, keyFile } of await fileIdentities(io, text, stdin)) {
      identities.push(identity);
      keyFiles.add(keyFile);
    }
  }
  const readable = [...keyFiles].filter((bytes) => bytes !== undefined);
  return {
    // A plugin may know the passphrase; without one there is no need to ask for that of a key file first.
    identities: flags.has("j") ? [...identities, refusePassphraseFile] : [refusePassphraseFile, ...identities],
    keyFiles: readable.length === keyFiles.size ? readable : undefined,
  };
}

/** Asks once, however many files there are. */
function passphraseOnly(io: Io): Identity {
  let answer: Promise<string> | undefined;
  const ask = async () => {
    try {
      answer ??= readPassphrase(io, "Enter passphrase:");
      return await answer;
    } catch (error) {
      throw error instanceof Failure ? new Failure(`could not read passphrase: ${error.message}`) : error;
    }
  };
  return askingIdentity(
    ask,
    () =>
      new Failure(
        "the file is not passphrase-encrypted, identities are required",
        "specify identities with -i/--identity or -j to decrypt this file",
      ),
  );
}
