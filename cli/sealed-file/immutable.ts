import type { SealedSecretView } from "../../src/secrets/index.ts";
import type { Io } from "../io.ts";
import { warn } from "../output.ts";

/** Says that a cluster will not take the change over by itself. */
export async function warnOfImmutable({ template }: SealedSecretView, io: Io): Promise<void> {
  if (template.immutable !== true) return;
  await warn(io, "the Secret is immutable: a cluster that has it takes new values only after it was deleted");
}
