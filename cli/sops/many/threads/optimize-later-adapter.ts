import { setFlagsFromString } from "node:v8";

/** Bytes of bytecode that a function runs until V8 thinks of optimizing it; its own number is about a quarter. */
const BUDGET = 600_000;

/**
 * Makes V8 optimize less eagerly. It does that in threads of its own, and while the cores have files to work on, that takes
 * a quarter of the processor time of five hundred of them and gives little back.
 */
export function optimizeLater(): void {
  setFlagsFromString(`--interrupt-budget=${BUDGET}`);
}
