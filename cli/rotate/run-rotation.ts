import { findPlace } from "../../src/files/place-adapter.ts";
import { findEncrypted, type SkippedFile, workTreeFiles } from "../../src/repository/index.ts";
import { CliError } from "../errors.ts";
import type { Io } from "../io.ts";
import { type BranchCommit, beginBranchCommit } from "../many-files/branch-commit-adapter.ts";
import { type CommitPlace, type CommitWishes, commitFiles, prepareCommit, pushBranch } from "../many-files/commit.ts";
import { endEarlierRun } from "../many-files/earlier-run.ts";
import { readTarget } from "../many-files/read-adapter.ts";
import { replacedFiles } from "../many-files/replaced-files-adapter.ts";
import { note } from "../output.ts";
import { withProgress } from "../progress.ts";
import { repositoryThreads } from "../repository-threads/threads-adapter.ts";
import { type DoneFiles, openDoneFiles } from "./done-files-adapter.ts";
import { type FileOutcome, failed, isOwn, Rotation, type RotationWork } from "./rotation.ts";

/** Names that one error lists. */
const SHOWN = 10;

export interface RotationOptions extends Omit<RotationWork, "isCommitted"> {
  /** The folder as it was typed. */
  readonly shown: string;
  readonly undo: boolean;
  /** How the changed files are to be committed; undefined: not at all. */
  readonly commit: CommitWishes | undefined;
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
  const threads = repositoryThreads(options.means.material, {
    rotate: { certificate: target.certificate, addHints: options.hints },
  });
  const isCommitted = options.commit !== undefined;
  const run = new Rotation(io, { ...options, isCommitted }, { place, replaced, done, onBranch, threads });
  try {
    await withProgress(io, "Rotating", (onStep) => run.all(repository, onStep));
  } catch (error) {
    onBranch?.abandon();
    throw error;
  } finally {
    await threads.close();
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
