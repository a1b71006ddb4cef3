import { relative } from "node:path";
import { inOneLine, ToolkitError } from "../../src/errors.ts";
import { type FoundFile, isBeside, type Replacement } from "../../src/files/index.ts";
import type { FoundPlace } from "../../src/files/place-adapter.ts";
import { type NotRotated, type RotatedFile, rotateFile, type SopsRule } from "../../src/keys/index.ts";
import { inParallel } from "../../src/parallel.ts";
import {
  ahead,
  FILES_AHEAD,
  findEncrypted,
  mayHoldEncrypted,
  type RepositoryFile,
  type RepositoryFiles,
} from "../../src/repository/index.ts";
import { ThreadsError } from "../../src/threads/index.ts";
import type { Io } from "../io.ts";
import { KubesealError } from "../kubeseal/errors.ts";
import type { BranchCommit } from "../many-files/branch-commit-adapter.ts";
import { replaceTogether } from "../many-files/earlier-run.ts";
import { readTarget } from "../many-files/read-adapter.ts";
import type { ReplacedFiles } from "../many-files/replaced-files-adapter.ts";
import type { LoadedMeans } from "../opening/load-means.ts";
import { RepositoryRules } from "../opening/repository-rules-adapter.ts";
import type { RepositoryThreads, RotateOne } from "../repository-threads/threads-adapter.ts";
import type { DoneFiles } from "./done-files-adapter.ts";
import type { RotationTarget } from "./target.ts";

/** Files that are replaced together. */
const BATCH_FILES = 256;
const BATCH_BYTES = 32 * 1024 * 1024;
/** New contents that are written beside their files at the same time. */
const PARALLEL = 16;
/** SealedSecrets that a controller is asked to seal anew at the same time. */
const ASKED_AT_ONCE = 16;

/** What became of one file; paths relative to the repository's folder. */
export interface FileOutcome extends Pick<RotatedFile, "path" | "kind" | "items" | "current" | "added" | "removed"> {
  /** `current`: there was nothing to do; `done before`: an earlier run that did not do everything has done it. */
  readonly state: "rotated" | "current" | "done before" | "failed";
  readonly problems: readonly NotRotated[];
}

export interface RotationWork {
  /** Absolute. */
  readonly folder: string;
  readonly means: LoadedMeans;
  readonly target: RotationTarget;
  readonly hints: boolean;
  readonly again: boolean;
  readonly dryRun: boolean;
  /** Whether what changes is committed. */
  readonly isCommitted: boolean;
}

export interface RotationPlaces {
  readonly place: FoundPlace;
  readonly replaced: ReplacedFiles;
  readonly done: DoneFiles;
  /** Takes the new contents in place of the files. */
  readonly onBranch: BranchCommit | undefined;
  readonly threads: RepositoryThreads;
}

/** What a file is to become. */
interface Change {
  /** Path relative to the base of the place. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly before: Uint8Array;
  /** The file as it was when it was read. */
  readonly seen: FoundFile;
  readonly isSops: boolean;
}

interface Made {
  readonly outcome: FileOutcome;
  readonly change: Change | undefined;
}

/** The rotation of the files of one repository: while some are put in their places, the next are made. */
export class Rotation {
  readonly outcomes: FileOutcome[] = [];
  readonly #io: Io;
  readonly #work: RotationWork;
  readonly #places: RotationPlaces;
  readonly #base: string;
  readonly #changed = new Set<string>();
  readonly #earlier = new Set<string>();
  readonly #rules: RepositoryRules;
  readonly #rotate: RotateOne;

  constructor(io: Io, work: RotationWork, places: RotationPlaces) {
    const { place, threads } = places;
    this.#io = io;
    this.#work = work;
    this.#places = places;
    this.#base = place.base === "" ? "/" : place.base;
    this.#rules = new RepositoryRules(io, place.isWorkTree ? place.base : work.folder);
    const here: RotateOne = (file) => this.#rotateHere(file);
    this.#rotate = work.target.isHere ? threads.rotating(here, () => io.now()) : here;
  }

  /** @throws {FilesError}; {RepositoryError}; {GitError}; the signal's reason. Batches that were done stay done. */
  async all(repository: RepositoryFiles, onStep: (done: number, all: number) => void): Promise<void> {
    let seen = 0;
    const step = () => onStep(++seen, repository.count);
    const limits = this.#work.target.isHere ? FILES_AHEAD : { ...FILES_AHEAD, width: ASKED_AT_ONCE };
    let replacing: Promise<void> = Promise.resolve();
    let batch: Made[] = [];
    let bytes = 0;
    try {
      for await (const made of ahead(this.#candidates(repository, step), limits, (file) => this.#make(file))) {
        this.#io.signal.throwIfAborted();
        step();
        if (made === undefined) continue;
        batch.push(made);
        bytes += made.change?.content.length ?? 0;
        if (batch.length < BATCH_FILES && bytes < BATCH_BYTES) continue;
        await replacing;
        replacing = this.#replace(batch);
        // Heard later, before the next batch.
        replacing.catch(() => undefined);
        batch = [];
        bytes = 0;
      }
    } finally {
      await replacing;
    }
    if (batch.length > 0) await this.#replace(batch);
  }

  /** What a commit takes: what changed now, and what an earlier run changed and did not commit. */
  toCommit(dirty: ReadonlySet<string>): readonly string[] {
    const earlier = [...this.#earlier].filter((path) => dirty.has(path) && !this.#changed.has(path));
    return [...this.#changed, ...earlier].sort();
  }

  async *#candidates(repository: RepositoryFiles, passOver: () => void): AsyncGenerator<RepositoryFile> {
    for await (const file of repository.files()) {
      this.#io.signal.throwIfAborted();
      if (!isOwn(file.path) && mayHoldEncrypted(file)) yield file;
      else passOver();
    }
  }

  /** Undefined when nothing in the file is encrypted. */
  async #make(file: RepositoryFile): Promise<Made | undefined> {
    const { path } = file;
    const absolute = this.#absolute(path);
    const inPlace = relative(this.#base, absolute);
    const { done } = this.#places;
    try {
      this.#io.signal.throwIfAborted();
      const { bytes, seen } = readTarget(path, absolute);
      const fresh = { ...file, bytes };
      const isDone = done.has(inPlace, bytes);
      if (isDone) this.#earlier.add(inPlace);
      if (isDone && !this.#work.again && findEncrypted(fresh)?.sops !== undefined) {
        return unchanged({ ...UNCHANGED, path, kind: "SOPS file", state: "done before" });
      }
      const rotated = await this.#rotate(fresh, () => this.#ruleForThread(fresh));
      if (rotated === undefined) {
        return findEncrypted(file) === undefined ? undefined : unchanged(failed(path, "it was changed while this ran"));
      }
      const { content, problems, ...rest } = rotated;
      const state = problems.length > 0 ? "failed" : content === undefined ? "current" : "rotated";
      const outcome: FileOutcome = { ...rest, problems, state };
      if (content === undefined) return unchanged(outcome);
      const isSops = rotated.kind === "SOPS file";
      return { outcome, change: { path: inPlace, content, before: bytes, seen, isSops } };
    } catch (cause) {
      return unchanged(failedBy(cause, path));
    }
  }

  async #rotateHere(file: RepositoryFile): Promise<RotatedFile | undefined> {
    const { means, target, hints } = this.#work;
    const found = findEncrypted(file);
    if (found === undefined) return undefined;
    return await rotateFile(found, {
      ...(target.reseal === undefined ? {} : { reseal: target.reseal }),
      addHints: hints,
      sops: means.sops,
      ruleFor: () => this.#rules.ruleFor(this.#absolute(file.path)),
      now: this.#io.now(),
    });
  }

  /** The rule of what seems to be a SOPS file, where it takes no more than age; else the file is for this thread. */
  async #ruleForThread({ path, bytes }: RepositoryFile): Promise<SopsRule | undefined> {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (!text.includes("ENC[AES256_GCM")) return undefined;
    try {
      const rule = await this.#rules.ruleFor(this.#absolute(path));
      return rule.groups?.flat().every(({ type }) => type === "age") === false ? undefined : rule;
    } catch (cause) {
      if (cause instanceof ToolkitError) return undefined;
      throw cause;
    }
  }

  /** One batch: all its files that open are replaced together, the others stay as they are. */
  async #replace(batch: readonly Made[]): Promise<void> {
    const { replaced, onBranch, done } = this.#places;
    const { dryRun, isCommitted } = this.#work;
    const paths = batch.flatMap(({ change }) => (change === undefined ? [] : [change.path]));
    const isInPlace = !dryRun && onBranch === undefined && paths.length > 0;
    const replacement = isInPlace ? await replaced.begin("rotate", paths) : undefined;
    const changes: Change[] = [];
    const outcomes = await replaceTogether(this.#io, replacement, async () => {
      const result: FileOutcome[] = [];
      await inParallel(batch, PARALLEL, async (made) => {
        this.#io.signal.throwIfAborted();
        result.push(await this.#stage(made, replacement, changes));
      });
      // Before they are in their places: what is listed and does not come about does no harm.
      if (isInPlace) await done.add(changes.filter(({ isSops }) => isSops || isCommitted));
      return { result, isRefused: false };
    });
    for (const { path } of changes) this.#changed.add(path);
    this.outcomes.push(...outcomes.sort((a, b) => (a.path < b.path ? -1 : 1)));
  }

  async #stage(
    { outcome, change }: Made,
    replacement: Replacement | undefined,
    changes: Change[],
  ): Promise<FileOutcome> {
    if (change === undefined) return outcome;
    const { path, content, before, seen } = change;
    try {
      await replacement?.stage(path, content, { seen });
      await this.#places.onBranch?.add(path, content, before);
    } catch (cause) {
      return failedBy(cause, outcome.path);
    }
    changes.push(change);
    return outcome;
  }

  #absolute(path: string): string {
    return `${this.#work.folder}/${path}`;
  }
}

/** What a run of ours leaves beside files, and its journal where there is no git. */
export function isOwn(path: string): boolean {
  return isBeside(path.slice(path.lastIndexOf("/") + 1)) || path.startsWith(".sealkit/");
}

const UNCHANGED = { kind: "SealedSecrets", items: 0, current: 0, added: [], removed: [], problems: [] } as const;

export function failed(path: string, why: string): FileOutcome {
  const problem: NotRotated = { line: undefined, object: undefined, why };
  return { ...UNCHANGED, path, state: "failed", problems: [problem] };
}

/** What stands in the way of one file. What would stand in the way of all is thrown on. */
function failedBy(cause: unknown, path: string): FileOutcome {
  if (!(cause instanceof ToolkitError) || cause instanceof KubesealError || cause instanceof ThreadsError) throw cause;
  const isNamedBadly = path.includes("\ufffd");
  return failed(path, isNamedBadly ? "its name is no UTF-8: rename it" : inOneLine(cause));
}

function unchanged(outcome: FileOutcome): Made {
  return { outcome, change: undefined };
}
