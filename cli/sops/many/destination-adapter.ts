import { dirname, relative, resolve } from "node:path";
import type { FoundFile, Replacement } from "../../../src/files/index.ts";
import { nodeFiles } from "../../../src/files/node-files-adapter.ts";
import { type FoundPlace, findPlace } from "../../../src/files/place-adapter.ts";
import { isIgnoredFolder } from "../../files-below/walk-adapter.ts";
import type { Io } from "../../io.ts";
import { type ReplacedFiles, replacedFiles } from "../../many-files/replaced-files-adapter.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import type { SopsFlags } from "../call/flags.ts";
import type { Targets } from "./targets-adapter.ts";
import type { ManyCommand } from "./work.ts";

/** Permission bits of a new file that holds clear text. */
const SECRET_MODE = 0o600;

/** Where results go: into the files themselves, or into another folder. */
export interface Destination extends ReplacedFiles {
  /** `paths` are those of the sources. */
  begin(label: string, paths: readonly string[]): Promise<Replacement>;
  stage(replacement: Replacement, path: string, content: Uint8Array, seen: FoundFile): Promise<void>;
}

/**
 * The destination that the flags name.
 *
 * @throws {SopsFailure} for clear text in a work tree of git that git does not ignore, unless `--in-work-tree` says so.
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
  const target = await findPlace(folder);
  if (target.isWorkTree && !(await isIgnoredFolder(target.base, relative(target.base, folder)))) {
    refuseClearText(flags, target);
  }
  const translate = (path: string) => relative(target.base, resolve(folder, relative(root, `${place.base}/${path}`)));
  return destination(target, translate, false);
}

function destination(place: FoundPlace, translate: (path: string) => string, isInPlace: boolean): Destination {
  const replaced = replacedFiles(place);
  const folders = new Map<string, Promise<void>>();
  return {
    ...replaced,
    begin: (label, paths) => replaced.begin(label, paths.map(translate)),
    async stage(replacement, path, content, seen) {
      const target = translate(path);
      if (isInPlace) return await replacement.stage(target, content, { seen });
      const folder = dirname(`${place.base}/${target}`);
      const made = folders.get(folder) ?? nodeFiles.makeFolder(folder);
      folders.set(folder, made);
      await made;
      await replacement.stage(target, content, { mode: SECRET_MODE });
    },
  };
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
