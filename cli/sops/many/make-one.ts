import type { FoundFile } from "../../../src/files/index.ts";
import { formatOfName, formatOfWord } from "../../../src/sops/index.ts";
import { readTarget } from "../../many-files/read-adapter.ts";
import type { SopsCall } from "../call/call.ts";
import type { Source } from "../call/files-adapter.ts";
import type { SopsFlags } from "../call/flags.ts";
import type { Outcome } from "./report.ts";
import type { Made, ManyCommand } from "./work.ts";

/** One of the files of a call: as a person in the current folder would type it, and where it is. */
export interface Target {
  readonly file: string;
  readonly absolute: string;
}

export interface MakeOptions {
  /** Puts what was made where the command wants it. */
  readonly stage: (content: Uint8Array, seen: FoundFile) => Promise<void>;
  /** A larger file is refused; default: what the format allows. */
  readonly maxBytes?: number | undefined;
}

/** Makes the new content of one file. @throws {SopsFailure | ToolkitError} */
export async function makeOne(
  call: SopsCall,
  command: ManyCommand,
  { file, absolute }: Target,
  { stage, maxBytes }: MakeOptions,
): Promise<Outcome> {
  const { bytes, seen } = readTarget(file, absolute, maxBytes);
  const made: Made = await command.make(forFile(call, file), sourceOf(call.flags, file, bytes));
  if (made.kind === "skipped") return { file, state: "skipped", why: made.why };
  await stage(made.content, seen);
  return { file, state: "done", changes: made.changes };
}

export function sourceOf(flags: SopsFlags, file: string, bytes: Uint8Array): Source {
  const inputFormat = formatOfWord(flags.text("input-type")) ?? formatOfName(file);
  const outputFormat = formatOfWord(flags.text("output-type")) ?? formatOfName(file);
  return { bytes, path: file, name: file, inputFormat, outputFormat };
}

/** Doubts that say which file they are about. */
function forFile(call: SopsCall, file: string): SopsCall {
  return { ...call, doubts: { raise: (message) => call.doubts.raise(`${file}: ${message}`) } };
}
