import { availableParallelism } from "node:os";
import { posix, resolve } from "node:path";
import { type LocalRepository, openLocalRepository } from "../../src/git/index.ts";
import {
  countNeed,
  countNeedIn,
  type ItemOpeners,
  itemOpeners,
  type Need,
  type NeedAt,
  type SealingKeyInfo,
} from "../../src/keys/index.ts";
import type { KubeClient } from "../../src/kube/index.ts";
import { branchFiles, filesAtHand, historyFiles, type RepositoryFiles } from "../../src/repository/index.ts";
import { CliError } from "../errors.ts";
import type { Io } from "../io.ts";
import { note, warn } from "../output.ts";
import { withProgress } from "../progress.ts";
import { LeftOut, tellSubmodules, tellUnread, type UnreadFile } from "./unread.ts";

/** What needs which key, in the places that a command looks at. */
export interface Needs {
  readonly cluster: Need | undefined;
  readonly folders: readonly FolderNeeds[];
  /** What of the folders nobody could read, and so may need any key; each file once. */
  readonly unread: readonly UnreadFile[];
}

/** What of a repository needs which key. What was not looked at is undefined. */
export interface FolderNeeds {
  readonly place: string;
  /** Of the files on disk; of a bare repository, which has none, of all branches. */
  readonly disk: Need;
  readonly branches: Need | undefined;
  readonly history: Need | undefined;
  readonly isGit: boolean;
  readonly isBare: boolean;
  /** Branches that the files on disk were checked out from, by their short names. */
  readonly checkedOut: ReadonlySet<string>;
}

export interface NeedsOptions {
  readonly folders: readonly string[];
  /** `where there are`: a folder that is in no repository has only its files. */
  readonly branches: "where there are" | boolean;
  readonly history?: boolean | undefined;
  /** Undefined leaves the cluster out. */
  readonly client: KubeClient | undefined;
  readonly openers: ItemOpeners;
  /** Whether it is said what could not be looked at; default true. */
  readonly isTold?: boolean | undefined;
  /** Whether the caller refuses to go on for what could not be read, and says it then. */
  readonly isUnreadRefused?: boolean | undefined;
}

/** As many private-key operations at once as there are processors. */
export function openersOf(keys: readonly SealingKeyInfo[]): ItemOpeners {
  return itemOpeners(keys, availableParallelism());
}

/**
 * Opens everything in cluster and repositories to see which key it needs.
 *
 * @throws {CliError} `CLI_BAD_INPUT` when branches or history of a folder are asked for that is in no Git repository;
 *   {RepositoryError}; {GitError}; {KubeError}
 */
export async function findNeeds(
  io: Io,
  keys: readonly SealingKeyInfo[],
  { folders, branches, history = false, client, openers, isTold = true, isUnreadRefused = false }: NeedsOptions,
): Promise<Needs> {
  const cluster =
    client === undefined
      ? undefined
      : await withProgress(io, "Opening SealedSecrets", (onStep) => countNeed(client, keys, { openers, onStep }));
  const found: FolderNeeds[] = [];
  const left = new LeftOut();
  const need = async (what: string, files: RepositoryFiles) => {
    const result = await withProgress(io, `Opening ${what}`, (onStep) => countNeedIn(files, keys, { openers, onStep }));
    const { unread, submodules } = left.add(what, files, result);
    if (isTold && !isUnreadRefused) await tellUnread(io, unread);
    if (isTold) await tellSubmodules(io, submodules);
    return result;
  };
  // The lists of a large repository are long: one is let go before the next is made.
  const onDisk = async (place: string) => {
    const { disk, repository, full } = await filesOf(io, place);
    if (repository === undefined && (branches === true || history)) throw notGit(place);
    return { disk: await need(place, disk), repository, full };
  };
  for (const place of folders) {
    const { disk, repository, full } = await onDisk(place);
    const wantsBranches = branches !== false && repository !== undefined && !repository.bare;
    found.push({
      place,
      disk,
      branches: wantsBranches
        ? await need(`the branches of ${place}`, await branchesOf(io, full, repository))
        : undefined,
      history:
        history && repository !== undefined
          ? await need(`the history of ${place}`, await historyOf(io, place, full, repository))
          : undefined,
      isGit: repository !== undefined,
      isBare: repository?.bare === true,
      checkedOut: await checkedOut(repository),
    });
  }
  return { cluster, folders: found, unread: left.unread };
}

interface FolderFiles {
  readonly disk: RepositoryFiles;
  readonly repository: LocalRepository | undefined;
  readonly full: string;
}

async function filesOf(io: Io, folder: string): Promise<FolderFiles> {
  const options = { env: io.env, signal: io.signal };
  const full = resolve(io.cwd, folder);
  const disk = await filesAtHand(full, options);
  return { disk, repository: await openLocalRepository(full, options), full };
}

/** The files of a repository as it is on disk, or in all its branches too. @throws as `findNeeds` */
export async function filesWithBranches(
  io: Io,
  folder: string,
  allBranches: boolean,
): Promise<readonly RepositoryFiles[]> {
  const { disk, repository, full } = await filesOf(io, folder);
  if (!allBranches) return [disk];
  if (repository === undefined) throw notGit(folder);
  return repository.bare ? [disk] : [disk, await branchesOf(io, full, repository)];
}

async function checkedOut(repository: LocalRepository | undefined): Promise<ReadonlySet<string>> {
  if (repository === undefined || repository.bare) return new Set();
  const head = await repository.head();
  const branches = (await repository.branches()).filter(({ commit }) => commit === head);
  return new Set(branches.map(({ name }) => name.replace(/^refs\/(heads|remotes)\//, "")));
}

async function branchesOf(io: Io, full: string, { prefix }: LocalRepository): Promise<RepositoryFiles> {
  return fromFolder(await branchFiles(full, { env: io.env, signal: io.signal }), prefix);
}

async function historyOf(io: Io, place: string, full: string, { prefix }: LocalRepository): Promise<RepositoryFiles> {
  const files = await historyFiles(full, { env: io.env, signal: io.signal });
  if (files.isShallow) {
    await warn(io, `the history of ${place} is not all here: git fetch --unshallow, and run the command again`);
  }
  return fromFolder(files, prefix);
}

/** Git names what is committed from the top; people name a folder. */
function fromFolder(files: RepositoryFiles, prefix: string): RepositoryFiles {
  if (prefix === "") return files;
  return {
    count: files.count,
    skipped: files.skipped,
    async *files() {
      for await (const file of files.files()) yield { ...file, path: posix.relative(prefix, file.path) };
    },
  };
}

/** What the places need, for a list of exposed values: of a repository the files come before branches and history. */
export function needsByPlace({ cluster, folders }: Needs): readonly NeedAt[] {
  return [
    ...(cluster === undefined ? [] : [{ place: "cluster", need: cluster }]),
    ...folders.flatMap(({ place, disk, branches, history }) =>
      [disk, branches, history].flatMap((need) => (need === undefined ? [] : [{ place, need }])),
    ),
  ];
}

/** Says which states of repositories were not looked at, so that nobody takes silence for an answer. */
export async function tellNotLookedAt(io: Io, { folders }: Needs): Promise<void> {
  if (folders.length === 0) await note(io, "Repositories were not looked at: name them with --repo");
  const onDiskOnly = folders.filter(({ isGit, isBare, branches }) => isGit && !isBare && branches === undefined);
  if (onDiskOnly.length > 0) {
    const places = onDiskOnly.map(({ place }) => place).join(", ");
    await note(
      io,
      `Branches of ${places} were not looked at, only the files on disk: --all-branches looks at them too`,
    );
  }
}

function notGit(folder: string): CliError {
  return new CliError("CLI_BAD_INPUT", `Cannot look at the branches of "${folder}": it is in no Git repository`, {
    hints: ["leave --all-branches and --history out, or name a folder of a repository with --repo"],
  });
}
