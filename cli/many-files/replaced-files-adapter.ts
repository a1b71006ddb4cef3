import { randomBytes } from "node:crypto";
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
  /** `paths` are relative to the base of the place. */
  begin(label: string, paths: readonly string[]): Promise<Replacement>;
}

export function replacedFiles(place: ReplacePlace): ReplacedFiles {
  const worker = thisWorker();
  return {
    unfinished: () => findUnfinished(nodeFiles, place),
    endUnfinished: (wanted) => endUnfinished(nodeFiles, worker, place, wanted),
    begin: (label, paths) =>
      beginReplacing(nodeFiles, worker, place, { run: randomBytes(6).toString("hex"), label, paths }),
  };
}
