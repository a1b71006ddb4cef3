import { loadSprigFunctions } from "../../../src/template/functions/sprig.ts";
import type { FunctionTable } from "../../../src/template/index.ts";

/** All functions of Sprig that templates get. */
export function sprigFunctions(): Promise<FunctionTable> {
  return loadSprigFunctions(["genCA"]);
}

/** The clock and the random numbers of this machine. */
export const MACHINE = {
  nowNanoseconds: () => BigInt(Date.now()) * 1_000_000n,
  randomBytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)),
};
