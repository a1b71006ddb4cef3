import { randomBytes } from "node:crypto";
import { relative } from "node:path";
import {
  beginReplacing,
  endUnfinished,
  findUnfinished,
  type Recovered,
  type Replacement,
  type ReplacePlace,
  type Unfinished,
} from "../../src/files/index.ts";
import { nodeFiles } from "../../src/files/node-files-adapter.ts";
import { thisWorker } from "../../src/files/worker-adapter.ts";

/** A place whose files are replaced together, by this process. */
export interface ReplacedFiles {
  unfinished(): Promise<Unfinished | undefined>;
  endUnfinished(wanted: "finish" | "undo"): Promise<Recovered | undefined>;
  /** What a full path is called here: relative to the base of the place. */
  pathOf(full: string): string;
  /** `paths` are such names. */
  begin(label: string, paths: readonly string[]): Promise<Replacement>;
}

export function replacedFiles(place: ReplacePlace): ReplacedFiles {
  const worker = thisWorker();
  return {
    pathOf: (full) => relative(place.base === "" ? "/" : place.base, full),
    unfinished: () => findUnfinished(nodeFiles, place),
    endUnfinished: (wanted) => endUnfinished(nodeFiles, worker, place, wanted),
    begin: (label, paths) =>
      beginReplacing(nodeFiles, worker, place, { run: randomBytes(6).toString("hex"), label, paths }),
  };
}
