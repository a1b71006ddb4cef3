import { stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { type FoundFile, folderOf, type StageOptions } from "../../../src/files/index.ts";
import { nodeFiles } from "../../../src/files/node-files-adapter.ts";
import { type FoundPlace, findPlace } from "../../../src/files/place-adapter.ts";
import { isIgnoredFolder } from "../../files-below/walk-adapter.ts";
import type { Io } from "../../io.ts";
import { type ReplacedFiles, replacedFiles } from "../../many-files/replaced-files-adapter.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import type { SopsFlags } from "../call/flags.ts";
import { movedBelow } from "./paths.ts";
import type { Targets } from "./targets-adapter.ts";
import type { ManyCommand } from "./work.ts";

/** Permission bits of a new file that holds clear text. */
const SECRET_MODE = 0o600;

/** Where results go: into the files themselves, or into another folder. */
export interface Destination extends ReplacedFiles {
  /** The folder that all results are below. */
  readonly base: string;
  /** Whether they replace the files themselves; otherwise they are new, in folders that may not be there. */
  readonly isInPlace: boolean;
  /** Where the results of these files go, below the base. */
  targetsOf(paths: readonly string[]): readonly string[];
}

/** What `stageInto` needs of a destination. Plain data. */
export interface StageTargets {
  readonly base: string;
  readonly isInPlace: boolean;
  /** By the numbers of the files. */
  readonly targets: readonly string[];
}

/** Puts the result of a file, by its number, beside the place where it goes. @throws {FilesError} */
export type Stage = (at: number, content: Uint8Array, seen: FoundFile) => Promise<void>;

/** Stages results by `put`, each with what its place needs: a folder, a mode, or the file that was seen there. */
export function stageInto(
  { base, isInPlace, targets }: StageTargets,
  put: (
    file: { readonly at: number; readonly path: string },
    content: Uint8Array,
    options: StageOptions,
  ) => Promise<void>,
): Stage {
  const folders = new Map<string, Promise<void>>();
  return async (at, content, seen) => {
    const path = targets[at] ?? "";
    if (isInPlace) return await put({ at, path }, content, { seen });
    const folder = folderOf(`${base}/${path}`);
    const made = folders.get(folder) ?? nodeFiles.makeFolder(folder);
    folders.set(folder, made);
    await made;
    await put({ at, path }, content, { mode: SECRET_MODE });
  };
}

/**
 * The destination that the flags name.
 *
 * @throws {SopsFailure} for clear text in a work tree of git that git does not ignore, unless `--in-work-tree` says so; for
 *   what is no folder.
 */
export async function destinationOf(
  io: Io,
  flags: SopsFlags,
  { place, root }: Targets,
  command: ManyCommand,
): Promise<Destination> {
  const named = flags.text("output-dir");
  if (named === "") {
    const isClear = command.name === "decrypt" && flags.has("in-place") && !flags.has("undo");
    if (isClear && place.isWorkTree) refuseClearText(flags, place);
    return destination(place, (path) => path, true);
  }
  const folder = resolve(io.cwd, named);
  if ((await stat(folder).catch(() => undefined))?.isDirectory() === false) {
    const state = "it is no folder";
    throw new SopsFailure(SOPS_EXIT.cannotWrite, `error: Cannot write below ${JSON.stringify(named)}: ${state}`);
  }
  const target = await findPlace(folder);
  if (target.isWorkTree && !(await isIgnoredFolder(target.base, relative(target.base, folder)))) {
    refuseClearText(flags, target);
  }
  return destination(target, movedBelow(below(place, root), below(target, folder)), false);
}

/** The path of a folder, relative to the base of the place that it is in. */
function below({ base }: FoundPlace, folder: string): string {
  return relative(base === "" ? "/" : base, folder);
}

function destination(place: FoundPlace, translate: (path: string) => string, isInPlace: boolean): Destination {
  return { ...replacedFiles(place), base: place.base, isInPlace, targetsOf: (paths) => paths.map(translate) };
}

function refuseClearText(flags: SopsFlags, { base }: FoundPlace): void {
  if (flags.has("in-work-tree")) return;
  throw new SopsFailure(
    SOPS_EXIT.conflictingParameters,
    [
      `error: Cannot write clear text into ${JSON.stringify(base)}: it is a work tree of git, where it could be committed`,
      "hint: write it elsewhere: --output-dir FOLDER, or into a folder that .gitignore names",
      "hint: if it is meant: --in-work-tree",
    ].join("\n"),
  );
}
