import { openLocalRepository } from "../git/index.ts";
import { branchFiles } from "./branches-adapter.ts";
import type { RepositoryFiles } from "./repository-file.ts";
import { checkFolder, type WorkTreeOptions, workTreeFiles } from "./work-tree-adapter.ts";

/**
 * The files below a folder as they are on disk; of a bare repository, which has none, those of all its branches.
 *
 * @throws {RepositoryError} `REPOSITORY_UNREADABLE`, `REPOSITORY_TOO_LARGE`; {GitError}
 */
export async function filesAtHand(folder: string, options: WorkTreeOptions): Promise<RepositoryFiles> {
  await checkFolder(folder);
  const repository = await openLocalRepository(folder, options);
  return await (repository?.bare === true ? branchFiles : workTreeFiles)(folder, options);
}
