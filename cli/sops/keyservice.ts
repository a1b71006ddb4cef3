import { dirname, resolve } from "node:path";
import { shellWord } from "../../src/bytes/shell-word.ts";
import { answerWith, type ServiceAddress, serviceAddressText } from "../../src/kms/index.ts";
import { type CallServer, serveCalls } from "../../src/kms/remote/server-adapter.ts";
import { errno, isDirectory } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { onOneLine, write } from "../output.ts";
import { SOPS_EXIT, SopsFailure } from "./call/failure.ts";
import type { SopsFlags } from "./call/flags.ts";
import { doubts } from "./call/log.ts";
import { logLine } from "./call/log-line.ts";
import { Answers } from "./call/prompt.ts";
import { commandKeyring } from "./keys/keyring.ts";

const DEFAULT_NETWORK = "tcp";
const DEFAULT_ADDRESS = "127.0.0.1:5000";

/** `sealkit sops keyservice`: lets others encrypt and decrypt data keys with the keys of this machine, until a signal. */
export async function runKeyService(io: Io, flags: SopsFlags): Promise<number> {
  // From here on a signal is for us to end by, so that no socket stays behind.
  const stopped = aborted(io.signal);
  const service = await addressOf(io, flags);
  const keyring = await commandKeyring(io, flags, doubts(io, flags.has("strict")), true);
  const log = (level: "info" | "warning", message: string) =>
    write(io.stderr, logLine(io, level, message, "KEYSERVICE"));
  const asking = flags.has("prompt") ? new Questions(io) : undefined;
  const answer = answerWith({
    keyring,
    approve: asking && ((question) => asking.ask(question)),
    onCall: (method, key, problem) => {
      if (flags.has("verbose")) void log("info", `${method} with ${key}: ${problem ?? "done"}`);
    },
  });
  const server = await listen(io, service, answer);
  try {
    if (flags.has("verbose")) await log("info", `Listening on ${serviceAddressText(server.service)}`);
    if (isOpenToOthers(server.service)) {
      await log("warning", `whoever can reach ${server.service.address} can decrypt with the keys of this machine`);
    }
    await stopped;
    if (flags.has("verbose")) await log("info", "Caught a signal: shutting down.");
  } finally {
    await server.close();
  }
  return 0;
}

async function addressOf(io: Io, flags: SopsFlags): Promise<ServiceAddress> {
  const network = flags.text("network") || DEFAULT_NETWORK;
  const address = flags.text("address") || DEFAULT_ADDRESS;
  if (network !== "tcp" && network !== "unix")
    throw await cannotListen(io, `listen ${network}: unknown network ${network}`);
  if (network === "tcp" && !/^(\[[^\]]*\]|[^:]*):\d+$/.test(address)) {
    throw await cannotListen(io, `listen tcp: address ${address}: missing port in address`);
  }
  return { network, address: network === "unix" ? resolve(io.cwd, address) : address };
}

async function listen(io: Io, service: ServiceAddress, answer: ReturnType<typeof answerWith>): Promise<CallServer> {
  try {
    return await serveCalls(service, answer);
  } catch (error) {
    const code = (await isWithoutFolder(io, service)) ? "ENOENT" : (errno(error) ?? "unknown");
    const state = LISTEN_STATES[code] ?? code;
    throw await cannotListen(
      io,
      `listen ${service.network} ${service.address}: bind: ${state}`,
      hintFor(service, error),
    );
  }
}

/** Node says of a socket in a folder that is not there that permission is denied. */
async function isWithoutFolder(io: Io, { network, address }: ServiceAddress): Promise<boolean> {
  return network === "unix" && !(await isDirectory(io, dirname(address)));
}

const LISTEN_STATES: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "cannot assign requested address",
  EINVAL: "invalid argument",
  ENOENT: "no such file or directory",
};

function hintFor({ network, address }: ServiceAddress, error: unknown): string {
  if (network !== "unix" || errno(error) !== "EADDRINUSE") return "";
  return `\nhint: when no key service is running, remove what a former one left: rm ${shellWord(address)}`;
}

async function cannotListen(io: Io, state: string, hint = ""): Promise<SopsFailure> {
  await write(io.stderr, logLine(io, "error", `Error running keyservice: ${state}`));
  return new SopsFailure(SOPS_EXIT.generic, `${logLine(io, "fatal", state).trimEnd()}${hint}`);
}

function isOpenToOthers({ network, address }: ServiceAddress): boolean {
  return network === "tcp" && !/^(localhost|127(\.\d+){3}|\[::1\]):/.test(address);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((done) => signal.addEventListener("abort", () => done(), { once: true }));
}

/** Tries before an answer that is neither counts as a no. */
const MAX_TRIES = 10;

/** Asks a person, one question at a time. No answer is a no. */
class Questions {
  readonly #io: Io;
  readonly #answers: Answers;
  #last: Promise<unknown> = Promise.resolve();

  constructor(io: Io) {
    this.#io = io;
    this.#answers = new Answers(io);
  }

  async ask(question: string): Promise<boolean> {
    const mine = this.#last.then(() => this.#askNow(question));
    this.#last = mine.catch(() => undefined);
    return await mine;
  }

  async #askNow(question: string): Promise<boolean> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      // Names of keys are the caller's.
      await write(this.#io.stdout, `\n${onOneLine(question)}. Respond to request? (y/n): `);
      const answer = (await this.#answers.line())?.trim();
      if (answer === undefined || answer === "n") return false;
      if (answer === "y") return true;
    }
    return false;
  }
}
