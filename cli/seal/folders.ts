import { join, sep } from "node:path";
import type { ToolkitError } from "../../src/errors.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { makeFolders, readFile, replaceFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { count } from "../keys/backup.ts";
import { note, warn, write } from "../output.ts";
import { withProgress } from "../progress.ts";
import { errorText } from "../run.ts";
import { type FolderSealOptions, sealFile } from "./seal-file.ts";
import { type SourceFile, sourceFiles } from "./sources.ts";

/** Files in work at once: enough to hide the disk, too few to fill memory. */
const AT_ONCE = 16;

/** Of thousands of alike errors nobody reads more. */
const SHOWN = 20;

export interface FolderRun {
  /** Undefined: only say what would be done. */
  readonly seal: FolderSealOptions | undefined;
  /** Folder for the results, with the same paths in it; undefined: each file is replaced. */
  readonly out: string | undefined;
  /** What the values are sealed for, for the summary. */
  readonly fingerprint: string;
}

interface Tally {
  files: number;
  secrets: number;
  sealedBefore: number;
  sops: number;
  templates: string[];
  doubts: string[];
  failures: ToolkitError[];
}

/** Seals all Secrets of folders. Each file is replaced in one step; one that fails does not stop the others. */
export async function sealFolders(words: readonly string[], run: FolderRun, io: Io): Promise<number> {
  const { files, links } = await sourceFiles(words, io);
  const tally: Tally = { files: 0, secrets: 0, sealedBefore: 0, sops: 0, templates: [], doubts: [], failures: [] };
  const plans = new Map<string, readonly string[]>();
  await withProgress(io, run.seal === undefined ? "Looking" : "Sealing", async (onStep) => {
    const queue = files.entries();
    let done = 0;
    const worker = async () => {
      for (const [, file] of queue) {
        if (io.signal.aborted) return;
        const names = await sealOne(file, run, tally, io);
        if (names !== undefined) plans.set(file.path, names);
        onStep(++done, files.length);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  });
  io.signal.throwIfAborted();
  if (run.seal === undefined) {
    const lines = files.flatMap(({ path }) => (plans.get(path) ?? []).map((name) => `would seal ${name} (${path})\n`));
    await write(io.stdout, lines.join(""));
  }
  for (const path of tally.templates.sort()) await warn(io, `"${path}" is passed over: it is a template, no manifest`);
  if (links.length > 0) await note(io, `${count(links.length, "symbolic link")} not followed`);
  for (const doubt of tally.doubts.slice(0, SHOWN)) await warn(io, doubt);
  if (tally.doubts.length > SHOWN) await warn(io, `… and ${tally.doubts.length - SHOWN} more such warnings`);
  for (const failure of tally.failures.slice(0, SHOWN)) await write(io.stderr, errorText(failure, io));
  if (tally.failures.length > SHOWN) await note(io, `… and ${tally.failures.length - SHOWN} more`);
  await note(io, summary(tally, run));
  return tally.failures.length > 0 ? EXIT.failed : EXIT.ok;
}

/** Seals one file; a file that cannot be read or written is told with the others that fail. */
async function sealOne(file: SourceFile, run: FolderRun, tally: Tally, io: Io): Promise<readonly string[] | undefined> {
  try {
    return await sealInto(file, run, tally, io);
  } catch (cause) {
    if (!(cause instanceof CliError)) throw cause;
    tally.failures.push(cause);
    return undefined;
  }
}

async function sealInto(
  { path, inside }: SourceFile,
  { seal, out }: FolderRun,
  tally: Tally,
  io: Io,
): Promise<readonly string[] | undefined> {
  const outcome = await sealFile(await readFile(io, path), path, seal);
  if (outcome.kind === "failed") tally.failures.push(outcome.error);
  else if (outcome.kind === "template") tally.templates.push(path);
  else {
    tally.sealedBefore += outcome.counts.sealedBefore;
    tally.sops += outcome.counts.sops;
  }
  if (outcome.kind !== "sealed") return undefined;
  tally.doubts.push(...outcome.doubts);
  if (seal !== undefined) {
    const target = out === undefined ? path : join(out, inside);
    if (out !== undefined && inside.includes(sep)) await makeFolders(io, join(target, ".."));
    else if (out !== undefined) await makeFolders(io, out);
    await replaceFile(io, target, outcome.text);
  }
  tally.files++;
  tally.secrets += outcome.names.length;
  return outcome.names;
}

function summary({ files, secrets, sealedBefore, sops, failures }: Tally, { seal, fingerprint }: FolderRun): string {
  const verb = seal === undefined ? "Would seal" : "Sealed";
  const parts = [
    `${verb} ${count(secrets, "Secret")} in ${count(files, "file")}${secrets === 0 ? "" : ` for ${fingerprint}`}`,
  ];
  if (sealedBefore > 0) parts.push(`${sealedBefore} sealed already`);
  if (sops > 0) parts.push(`${sops} encrypted with SOPS`);
  if (failures.length > 0) parts.push(`${count(failures.length, "file")} failed`);
  return parts.join("; ");
}
