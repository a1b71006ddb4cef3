import type { Io } from "../../io.ts";

const LINE_FEED = 10;

/**
 * Waits until somebody presses Enter. False when standard input is over instead. What comes behind the line stays for the
 * next one, and standard input is let go: an editor may have it then.
 *
 * @throws the signal's reason when the command is interrupted.
 */
export async function waitForEnter({ stdin, signal }: Pick<Io, "stdin" | "signal">): Promise<boolean> {
  signal.throwIfAborted();
  if (!stdin.readable) return false;
  let letGo = () => {};
  try {
    return await new Promise<boolean>((resolve, reject) => {
      const onData = (chunk: Buffer | string) => {
        const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
        const end = bytes.indexOf(LINE_FEED);
        if (end < 0) return;
        stdin.pause();
        if (end + 1 < bytes.length) stdin.unshift(bytes.subarray(end + 1));
        resolve(true);
      };
      const onEnd = () => resolve(false);
      const onAbort = () => reject(signal.reason);
      letGo = () => {
        stdin.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onEnd);
        signal.removeEventListener("abort", onAbort);
      };
      stdin.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onEnd);
      signal.addEventListener("abort", onAbort, { once: true });
      stdin.resume();
    });
  } finally {
    letGo();
    stdin.pause();
  }
}
