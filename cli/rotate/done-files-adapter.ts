import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { nodeFiles } from "../../src/files/node-files-adapter.ts";

/**
 * SOPS files that a run has done which then could not do all: nothing in such a file says how old its data key is, so the
 * next run would do it once more. Holds paths and digests of ciphertext.
 */
export interface DoneFiles {
  /** Whether the file was done, and is as it was left. */
  has(path: string, content: Uint8Array): boolean;
  add(contents: readonly MadeContent[]): Promise<void>;
  /** Everything is done: the next run begins anew. */
  forget(): Promise<void>;
}

/** New content of a file. */
export interface MadeContent {
  /** Relative to the base of the place. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly isSops: boolean;
}

const NAME = "rotated";
const TITLE = "sealkit rotated v1 ";
/** What is older belongs to no run that is still to be ended. */
const MAX_AGE_MS = 24 * 60 * 60 * 1000;
const LINE = /^([0-9a-f]{64}) (".*")$/;

/** Opens the list in the folder of journals; one that cannot be read is an empty one. `now`: milliseconds since the epoch. */
export async function openDoneFiles(state: string, now: number): Promise<DoneFiles> {
  const path = join(state, NAME);
  const known = parse(await readFile(path, "utf8").catch(() => ""), now);
  let isStarted = known.size > 0;
  return {
    has: (file, content) => known.has(file) && known.get(file) === digest(content),
    async add(contents) {
      if (contents.length === 0) return;
      if (!isStarted) {
        await nodeFiles.makeFolder(state);
        await nodeFiles.remove(path);
        await nodeFiles.append(path, `${TITLE}${now}\n`);
        isStarted = true;
      }
      const lines = contents.map(({ path: file, content }) => `${digest(content)} ${JSON.stringify(file)}\n`);
      await nodeFiles.append(path, lines.join(""));
    },
    forget: () => rm(path, { force: true }),
  };
}

function parse(text: string, now: number): ReadonlyMap<string, string> {
  const [title = "", ...lines] = text.split("\n");
  const started = title.startsWith(TITLE) ? Number(title.slice(TITLE.length)) : Number.NaN;
  if (!(now - started < MAX_AGE_MS)) return new Map();
  return new Map(
    lines.flatMap((line): [string, string][] => {
      const [, hash = "", quoted = ""] = LINE.exec(line) ?? [];
      const path = pathOf(quoted);
      return path === undefined ? [] : [[path, hash]];
    }),
  );
}

function pathOf(quoted: string): string | undefined {
  try {
    const path: unknown = JSON.parse(quoted);
    return typeof path === "string" ? path : undefined;
  } catch {
    return undefined;
  }
}

function digest(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
