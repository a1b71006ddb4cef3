import { open, unlink } from "node:fs/promises";
import { resolve } from "node:path";
import { Failure, goFileText } from "../age/failure.ts";
import type { Io } from "../io.ts";
import { write } from "../output.ts";

/** Where keys or recipients go. */
export interface Sink {
  readonly toTerminal: boolean;
  write(text: string): Promise<void>;
  close(): Promise<void>;
  /** Takes a file away again that did not come to be. */
  abandon(): Promise<void>;
}

/** A file that was not there before, readable by its owner only; or standard output. */
export async function openSink(io: Io, path: string | undefined): Promise<Sink> {
  if (path === undefined || path === "") {
    const nothing = async () => undefined;
    const toTerminal = io.stdout.isTTY === true;
    return { toTerminal, write: (text) => write(io.stdout, text), close: nothing, abandon: nothing };
  }
  const target = resolve(io.cwd, path);
  const handle = await open(target, "wx", 0o600).catch((cause) => {
    throw new Failure(`failed to open output file "${path}": ${goFileText("open", path, cause)}`);
  });
  return {
    toTerminal: false,
    async write(text) {
      try {
        await handle.writeFile(text);
        await handle.sync();
      } catch (cause) {
        throw new Failure(goFileText("write", path, cause));
      }
    },
    close: () => handle.close(),
    async abandon() {
      await handle.close().catch(() => undefined);
      await unlink(target).catch(() => undefined);
    },
  };
}
