import { join } from "node:path";
import { Failure } from "../failure.ts";
import { type Found, isFolder, walk } from "./walk-adapter.ts";

/** One file of a batch: where it comes from, and where its result goes. Paths as a person reads them. */
export interface Item {
  readonly input: string;
  readonly output: string;
}

/** What a batch was asked for that cannot be done, file by file. */
export interface Refusal {
  readonly input: string;
  readonly reason: string;
}

export interface Plan {
  readonly items: readonly Item[];
  readonly refused: readonly Refusal[];
  /** Files in folders that were passed over: what is encrypted already, or is not. */
  readonly passedOver: number;
}

const ENDING = ".age";

/** Whether a command line means a batch: results go to a folder, and not just the one file of the original. */
export async function isBatch(cwd: string, inputs: readonly string[], output: string | undefined): Promise<boolean> {
  if (output === undefined || inputs.length === 0) return false;
  if (inputs.some((input) => input === "-" || (input.length > 1 && input.startsWith("-")))) return false;
  if (output.endsWith("/")) return true;
  if (!(await isFolder(cwd, output))) return false;
  return inputs.length > 1 || (await isFolder(cwd, inputs[0] ?? ""));
}

/**
 * Names the result of every input: `.age` is added by encrypting and taken away by decrypting. A folder stands for the
 * files below it, which keep their places; among them those are passed over that are encrypted already (or are not).
 */
export async function planBatch(
  cwd: string,
  inputs: readonly string[],
  { output, decrypting }: { readonly output: string; readonly decrypting: boolean },
): Promise<Plan> {
  const items: Item[] = [];
  const refused: Refusal[] = [];
  const taken = new Set<string>();
  let passedOver = 0;
  for (const input of inputs) {
    let found: readonly Found[] | undefined;
    try {
      found = await walk(cwd, input, output);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      refused.push({ input, reason: error.message });
      continue;
    }
    const inFolder = found.length !== 1 || found[0]?.path !== input;
    for (const { path, below } of found) {
      const isEncrypted = path.endsWith(ENDING);
      if (inFolder && isEncrypted !== decrypting) passedOver++;
      else if (decrypting && !isEncrypted) refused.push({ input: path, reason: "its name does not end in .age" });
      else {
        const target = join(output, decrypting ? below.slice(0, -ENDING.length) : below + ENDING);
        if (taken.has(target)) refused.push({ input: path, reason: `${target} is the result of another file` });
        else items.push({ input: path, output: target });
        taken.add(target);
      }
    }
  }
  return { items, refused, passedOver };
}
