import { Failure } from "./failure.ts";
import type { Output } from "./output-adapter.ts";

/**
 * Writes what comes, each piece while the next one is made. `firstPrefix` stands before a failure to write the first one.
 */
export async function pump(pieces: AsyncIterable<Uint8Array>, output: Output, firstPrefix = ""): Promise<void> {
  let prefix = firstPrefix;
  let writing: Promise<void> = Promise.resolve();
  try {
    for await (const piece of pieces) {
      await writing;
      writing = output.write(piece).catch((error) => {
        throw error instanceof Failure ? new Failure(`${prefix}${error.message}`) : error;
      });
      // Seen by whoever waits for it next.
      writing.catch(() => undefined);
      if (prefix !== "") await writing;
      prefix = "";
    }
    await writing;
  } finally {
    await writing.catch(() => undefined);
  }
}
