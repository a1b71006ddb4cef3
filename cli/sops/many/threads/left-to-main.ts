import type { Io } from "../../../io.ts";
import type { Doubts } from "../../call/log.ts";

/** Something that only the main thread does: asking, warning, calling a service. The file is given back to it. */
class LeftToMain extends Error {
  override readonly name = "LeftToMain";
}

function leave(): never {
  throw new LeftToMain("the main thread does this");
}

/** In the place of everything that asks somebody. */
export async function leaveAsync(): Promise<never> {
  leave();
}

export const LEAVING_DOUBTS: Doubts = { raise: leaveAsync };

/** The outside as a thread knows it: a folder, some variables and a clock. */
export function threadIo(cwd: string, env: Readonly<Record<string, string>>): Io {
  return {
    env,
    cwd,
    argv0: "sealkit",
    get stdin() {
      return leave();
    },
    get stdout() {
      return leave();
    },
    get stderr() {
      return leave();
    },
    signal: new AbortController().signal,
    now: () => Date.now(),
  };
}
