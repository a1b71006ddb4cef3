import { relative } from "node:path";
import { ToolkitError } from "../../src/errors.ts";
import { inParallel, isBeside, type Replacement } from "../../src/files/index.ts";
import { type FoundPlace, findPlace } from "../../src/files/place-adapter.ts";
import { type NotRotated, type RotatedFile, rotateFile } from "../../src/keys/index.ts";
import {
  type EncryptedFile,
  findEncrypted,
  type RepositoryFiles,
  type SkippedFile,
  workTreeFiles,
} from "../../src/repository/index.ts";
import { CliError } from "../errors.ts";
import type { Io } from "../io.ts";
import { KubesealError } from "../kubeseal/errors.ts";
import { type BranchCommit, beginBranchCommit } from "../many-files/branch-commit-adapter.ts";
import { type CommitPlace, type CommitWishes, commitFiles, prepareCommit, pushBranch } from "../many-files/commit.ts";
import { endEarlierRun, replaceTogether } from "../many-files/earlier-run.ts";
import { readTarget } from "../many-files/read-adapter.ts";
import { type ReplacedFiles, replacedFiles } from "../many-files/replaced-files-adapter.ts";
import type { LoadedMeans } from "../opening/load-means.ts";
import { RepositoryRules } from "../opening/repository-rules-adapter.ts";
import { note } from "../output.ts";
import { withProgress } from "../progress.ts";
import { type DoneFiles, type MadeContent, openDoneFiles } from "./done-files-adapter.ts";
import type { RotationTarget } from "./target.ts";

/** Files that are replaced together, and read at one time at most. */
const BATCH_FILES = 256;
const BATCH_BYTES = 64 * 1024 * 1024;
/** Files that are worked on at the same time: enough to keep all private keys busy. */
const PARALLEL = 16;
/** Names that one error lists. */
const SHOWN = 10;

export interface RotationOptions {
  /** Absolute. */
  readonly folder: string;
  /** The folder as it was typed. */
  readonly shown: string;
  readonly means: LoadedMeans;
  readonly target: RotationTarget;
  readonly hints: boolean;
  readonly again: boolean;
  readonly dryRun: boolean;
  readonly undo: boolean;
  /** How the changed files are to be committed; undefined: not at all. */
  readonly commit: CommitWishes | undefined;
}

/** What became of one file; paths relative to the repository's folder. */
export interface FileOutcome extends Pick<RotatedFile, "path" | "kind" | "items" | "current" | "added" | "removed"> {
  /** `current`: there was nothing to do; `done before`: an earlier run that did not do everything has done it. */
  readonly state: "rotated" | "current" | "done before" | "failed";
  readonly problems: readonly NotRotated[];
}

export interface RotationResult {
  readonly repository: string;
  readonly fingerprint: string | undefined;
  readonly from: string | undefined;
  /** Whether the new contents are in their places; else nothing was to be written. */
  readonly written: boolean;
  readonly files: readonly FileOutcome[];
  readonly skipped: readonly SkippedFile[];
  readonly spentMs: number;
  /** The commit that was made, and the branch it is on. */
  readonly commit: { readonly hash: string; readonly branch: string | undefined } | undefined;
}

/** A file that is to be rotated. */
interface Candidate {
  readonly found: EncryptedFile;
  readonly absolute: string;
  /** Relative to the base of the place. */
  readonly inPlace: string;
}

/**
 * Rotates a repository batch by batch; each batch is replaced together. Undefined when a run that was broken off was to be
 * undone, and nothing else.
 *
 * @throws {FilesError}; {RepositoryError}; {GitError}; the signal's reason: batches that were done stay done.
 */
export async function runRotation(io: Io, options: RotationOptions): Promise<RotationResult | undefined> {
  const { folder, target, dryRun, undo } = options;
  const started = io.now();
  const repository = await workTreeFiles(folder, { env: io.env, signal: io.signal });
  const place = await findPlace(folder);
  const replaced = replacedFiles(place);
  if (await endEarlierRun(io, replaced, { isDryRun: dryRun, undo })) return undefined;
  const done = await openDoneFiles(place.state, io.now());
  const committing = options.commit === undefined ? undefined : await prepareCommit(io, place, options.commit);
  if (committing !== undefined) await refuseUncommitted(folder, committing, done);
  const branch = dryRun ? undefined : options.commit?.branch;
  const onBranch =
    committing === undefined || branch === undefined ? undefined : await beginBranchCommit(io, committing, branch);
  const run = new Rotation(io, options, { place, replaced, done, onBranch });
  try {
    await rotateAll(io, options, { repository, place, run });
  } catch (error) {
    onBranch?.abandon();
    throw error;
  }
  const outcomes = [...run.outcomes, ...repository.skipped.filter(isUnread).map(({ path, why }) => failed(path, why))];
  const commit =
    committing === undefined || dryRun ? undefined : await makeCommit(io, options, { committing, onBranch, run });
  if (!dryRun && outcomes.every(({ state }) => state !== "failed")) await done.forget();
  return {
    repository: options.shown,
    fingerprint: target.reseal?.fingerprint,
    from: target.from,
    written: !dryRun,
    files: outcomes,
    skipped: repository.skipped,
    spentMs: io.now() - started,
    commit,
  };
}

interface AllFiles {
  readonly repository: RepositoryFiles;
  readonly place: FoundPlace;
  readonly run: Rotation;
}

async function rotateAll(io: Io, { folder }: RotationOptions, { repository, place, run }: AllFiles): Promise<void> {
  await withProgress(io, "Rotating", async (onStep) => {
    let seen = 0;
    let batch: Candidate[] = [];
    let bytes = 0;
    for await (const file of repository.files()) {
      io.signal.throwIfAborted();
      onStep(++seen, repository.count);
      if (isOwn(file.path)) continue;
      const found = findEncrypted(file);
      if (found === undefined) continue;
      const absolute = `${folder}/${file.path}`;
      batch.push({ found, absolute, inPlace: relative(place.base === "" ? "/" : place.base, absolute) });
      bytes += file.bytes.length;
      if (batch.length < BATCH_FILES && bytes < BATCH_BYTES) continue;
      await run.rotate(batch);
      batch = [];
      bytes = 0;
    }
    if (batch.length > 0) await run.rotate(batch);
  });
}

/**
 * Refuses encrypted files that differ from what is committed, before anything is changed: a commit would take those
 * differences along. What an earlier run of ours has changed and not committed yet is no obstacle.
 */
async function refuseUncommitted(folder: string, { top, dirty }: CommitPlace, done: DoneFiles): Promise<void> {
  const found: string[] = [];
  for (const path of dirty) {
    const absolute = `${top}/${path}`;
    if (!absolute.startsWith(`${folder}/`) || isOwn(path)) continue;
    try {
      const { bytes } = readTarget(path, absolute);
      if (done.has(path, bytes) || findEncrypted({ path, bytes, branches: [] }) === undefined) continue;
    } catch (cause) {
      // What is gone, a folder or too large is not rotated either.
      if (cause instanceof CliError) continue;
      throw cause;
    }
    found.push(path);
  }
  if (found.length === 0) return;
  const which = found.length === 1 ? "an encrypted file differs" : `${found.length} encrypted files differ`;
  throw new CliError("CLI_UNCOMMITTED", `Cannot commit what is rotated: ${which} from what is committed`, {
    details: [...found.slice(0, SHOWN), ...(found.length > SHOWN ? [`and ${found.length - SHOWN} more`] : [])],
    hints: ["commit or stash them first, or rotate without --commit"],
  });
}

interface Committing {
  readonly committing: CommitPlace;
  readonly onBranch: BranchCommit | undefined;
  readonly run: Rotation;
}

async function makeCommit(
  io: Io,
  { commit, shown }: RotationOptions,
  { committing, onBranch, run }: Committing,
): Promise<RotationResult["commit"]> {
  const { message = "", branch = committing.checkedOut, push } = commit ?? {};
  const paths = run.toCommit(committing.dirty);
  const hash =
    onBranch !== undefined
      ? await onBranch.finish(message)
      : paths.length === 0
        ? undefined
        : await commitFiles(io, committing, paths, message);
  if (hash === undefined) {
    await note(io, `There is nothing to commit in ${shown}.`);
    return undefined;
  }
  if (push !== undefined && branch !== undefined) await pushBranch(io, committing, push, branch);
  return { hash, branch };
}

/** Links lead to files that are looked at anyway, or out of the repository; submodules are repositories of their own. */
function isUnread({ why }: SkippedFile): boolean {
  return why === "too large" || why === "no permission";
}

/** What a run of ours leaves beside files, and its journal where there is no git. */
function isOwn(path: string): boolean {
  return isBeside(path.slice(path.lastIndexOf("/") + 1)) || path.startsWith(".sealkit/");
}

interface RotationPlaces {
  readonly place: FoundPlace;
  readonly replaced: ReplacedFiles;
  readonly done: DoneFiles;
  /** Takes the new contents in place of the files. */
  readonly onBranch: BranchCommit | undefined;
}

class Rotation {
  readonly outcomes: FileOutcome[] = [];
  readonly #io: Io;
  readonly #options: RotationOptions;
  readonly #replaced: ReplacedFiles;
  readonly #done: DoneFiles;
  readonly #onBranch: BranchCommit | undefined;
  readonly #changed = new Set<string>();
  readonly #earlier = new Set<string>();
  readonly #rules: RepositoryRules;

  constructor(io: Io, options: RotationOptions, { place, replaced, done, onBranch }: RotationPlaces) {
    this.#io = io;
    this.#options = options;
    this.#replaced = replaced;
    this.#done = done;
    this.#onBranch = onBranch;
    this.#rules = new RepositoryRules(io, place.isWorkTree ? place.base : options.folder);
  }

  /** One batch: all its files that open are replaced together, the others stay as they are. */
  async rotate(batch: readonly Candidate[]): Promise<void> {
    const paths = batch.map(({ inPlace }) => inPlace);
    const { dryRun, commit } = this.#options;
    const isInPlace = !dryRun && this.#onBranch === undefined;
    const replacement = isInPlace ? await this.#replaced.begin("rotate", paths) : undefined;
    const contents: MadeContent[] = [];
    const made = await replaceTogether(this.#io, replacement, async () => {
      const result: FileOutcome[] = [];
      await inParallel(batch, PARALLEL, async (candidate) => {
        this.#io.signal.throwIfAborted();
        result.push(await this.#one(candidate, replacement, contents));
      });
      // Before they are in their places: what is listed and does not come about does no harm.
      const listed = contents.filter(({ isSops }) => isSops || commit !== undefined);
      if (isInPlace) await this.#done.add(listed);
      return { result, isRefused: false };
    });
    for (const { path } of contents) this.#changed.add(path);
    this.outcomes.push(...made.sort((a, b) => (a.path < b.path ? -1 : 1)));
  }

  /** What a commit takes: what changed now, and what an earlier run changed and did not commit. */
  toCommit(dirty: ReadonlySet<string>): readonly string[] {
    const earlier = [...this.#earlier].filter((path) => dirty.has(path) && !this.#changed.has(path));
    return [...this.#changed, ...earlier].sort();
  }

  async #one(
    { found, absolute, inPlace }: Candidate,
    replacement: Replacement | undefined,
    contents: MadeContent[],
  ): Promise<FileOutcome> {
    const { path } = found.file;
    const { means, target, hints, again } = this.#options;
    try {
      const { bytes, seen } = readTarget(path, absolute);
      const fresh = Buffer.compare(bytes, found.file.bytes) === 0 ? found : findEncrypted({ ...found.file, bytes });
      if (fresh === undefined) return failed(path, "it was changed while this ran");
      const isDone = this.#done.has(inPlace, bytes);
      if (isDone) this.#earlier.add(inPlace);
      if (!again && fresh.sops !== undefined && isDone) {
        return { ...UNCHANGED, path, kind: "SOPS file", state: "done before" };
      }
      const rotated = await rotateFile(fresh, {
        ...(target.reseal === undefined ? {} : { reseal: target.reseal }),
        addHints: hints,
        sops: means.sops,
        ruleFor: () => this.#rules.ruleFor(absolute),
        now: this.#io.now(),
      });
      const { content, problems, ...rest } = rotated;
      if (content !== undefined) {
        await replacement?.stage(inPlace, content, { seen });
        await this.#onBranch?.add(inPlace, content, bytes);
        contents.push({ path: inPlace, content, isSops: rotated.kind === "SOPS file" });
      }
      const state = problems.length > 0 ? "failed" : content === undefined ? "current" : "rotated";
      return { ...rest, problems, state };
    } catch (cause) {
      if (!(cause instanceof ToolkitError) || cause instanceof KubesealError) throw cause;
      const isNamedBadly = path.includes("\ufffd");
      return failed(
        path,
        isNamedBadly ? "its name is no UTF-8: rename it" : [cause.message, ...cause.details].join("; "),
      );
    }
  }
}

const UNCHANGED = { kind: "SealedSecrets", items: 0, current: 0, added: [], removed: [], problems: [] } as const;

function failed(path: string, why: string): FileOutcome {
  const problem: NotRotated = { line: undefined, object: undefined, why };
  return { ...UNCHANGED, path, state: "failed", problems: [problem] };
}
