import { getEventListeners } from "node:events";
import { dispatch } from "./dispatch.ts";
import { EXIT } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { keepRunning } from "./keep-running.ts";
import { isGone } from "./output.ts";
import { report } from "./run.ts";

const interrupt = new AbortController();

/** The real outside. Streams are made when first asked for: opening them costs start-up time. */
const io: Io = {
  env: process.env,
  cwd: process.cwd(),
  argv0: process.env["SEALKIT_ARGV0"] ?? process.argv[1] ?? "sealkit",
  get stdin() {
    return process.stdin;
  },
  get stdout() {
    return watched(process.stdout);
  },
  get stderr() {
    return watched(process.stderr);
  },
  signal: interrupt.signal,
  now: () => Date.now(),
};

/**
 * Ends the program when the reader of this stream went away. SIGPIPE is not asked for: it would also come when some other
 * pipe or socket breaks, such as that to a git that ended early.
 */
function watched<Stream extends NodeJS.WriteStream>(stream: Stream): Stream {
  if (stream.listenerCount("error") === 0) {
    // Of any other trouble (a full disk) whoever wrote tells.
    stream.on("error", (error) => {
      if (isGone(error)) process.exit(EXIT.brokenPipe);
    });
  }
  return stream;
}

/** A command that listens to the signal ends in its own time; the second signal, or one nobody listens to, ends it now. */
function onSignal(): void {
  const heard = getEventListeners(interrupt.signal, "abort").length > 0;
  if (!heard || interrupt.signal.aborted) process.exit(EXIT.interrupted);
  interrupt.abort();
}

async function main(): Promise<void> {
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error: unknown) => void report(error, io).then((code) => process.exit(code)));
  }
  process.exit(await keepRunning(dispatch(process.argv.slice(2), io)));
}

void main();
