import { resolve } from "node:path";
import { decryptBytes, encryptBytes, type Identity, type Recipient } from "../../../src/age/index.ts";
import { Failure } from "../failure.ts";
import type { Item } from "./plan.ts";
import { readSmall, type Staged, stage } from "./small-files-adapter.ts";

/** How the files of a batch are worked on. */
export interface FileWork {
  /** Exactly one of the two is there. */
  readonly recipients?: readonly Recipient[] | undefined;
  readonly identities?: readonly Identity[] | undefined;
  readonly armor: boolean;
  /** Replace results that are there already. */
  readonly force: boolean;
}

/** Up to this size a file is held in memory; larger ones are streamed. */
const SMALL_BYTES = 1024 * 1024;

/** What is known of the places of results, and where they stand until they are there. */
export interface Places {
  /** Whether a file is there already. One that says no too often costs work, and no file. */
  isTaken(target: string): boolean;
  /** The path that a result has until it is in its place. */
  beside(target: string): string;
}

/**
 * Works on a file in memory and writes the result beside its place. Undefined when it is too large for that, and nothing
 * was done.
 *
 * @throws {Failure} or {AgeError}, and nothing is left.
 */
export async function stageSmall(
  cwd: string,
  { input, output }: Item,
  { recipients, identities, armor, force }: FileWork,
  places: Places,
): Promise<Staged | undefined> {
  const target = resolve(cwd, output);
  if (!force && places.isTaken(target)) throw new Failure(`${output}: file exists`);
  const content = readSmall(resolve(cwd, input), input, SMALL_BYTES);
  if (content === undefined) return undefined;
  if (identities === undefined) {
    const file = await encryptBytes(content, recipients ?? [], { armor });
    return stage(target, output, file, { mode: 0o666, replace: force, beside: places.beside(target) });
  }
  const clear = (await decryptBytes(content, identities)).reveal();
  try {
    return stage(target, output, clear, { mode: 0o600, replace: force, beside: places.beside(target) });
  } finally {
    clear.fill(0);
  }
}
