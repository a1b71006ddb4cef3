import { GitError } from "./errors.ts";
import type { GitCommit } from "./objects.ts";
import { type Choice, choices, type RefSpec, type RemoteRefs, revisionOf, type Wanted, wantedRef } from "./refs.ts";
import type { Repository } from "./repository-adapter.ts";

/** A commit that was fetched and the revision string that names it. */
export interface Checkout {
  readonly commit: GitCommit;
  readonly revision: string;
}

/**
 * The revision that a fetch would give now, without fetching; undefined when only a fetch can tell.
 *
 * @throws {GitError} also when the reference is not there.
 */
export async function remoteRevision(repository: Repository, spec: RefSpec | undefined): Promise<string | undefined> {
  const wanted = wantedRef(spec);
  if (wanted.kind === "commit") return revisionOf(wanted.branch, wanted.hash);
  const found = await look(repository, wanted);
  const [only] = found;
  return found.length === 1 && only !== undefined ? revisionOf(only.label, only.commit) : undefined;
}

/**
 * Fetches the revision that `spec` asks for.
 *
 * @throws {GitError} `GIT_EMPTY_REPOSITORY`, `GIT_REF_NOT_FOUND`, `GIT_NO_SEMVER_MATCH`, and those of the connection.
 */
export async function checkOut(repository: Repository, spec: RefSpec | undefined): Promise<Checkout> {
  const wanted = wantedRef(spec);
  if (wanted.kind === "commit") return checkOutCommit(repository, wanted);
  let best: Checkout | undefined;
  for (const choice of await look(repository, wanted)) {
    const commit = await repository.fetch(choice.ref, { objectFormat: formatOf(choice.commit) });
    if (best === undefined || commit.committedAt > best.commit.committedAt) {
      best = { commit, revision: revisionOf(choice.label, commit.hash) };
    }
  }
  if (best === undefined) throw notFound(wanted);
  return best;
}

/** Equal tags of a semver range that are looked at; more are a mistake or an attack. */
const MAX_TIES = 16;

async function look(repository: Repository, wanted: Exclude<Wanted, { kind: "commit" }>): Promise<readonly Choice[]> {
  const refs = await repository.listRefs(wanted.kind === "ref" ? [wanted.ref] : []);
  const found = choices(wanted, refs).slice(0, MAX_TIES);
  if (found.length > 0) return found;
  const all: RemoteRefs = wanted.kind === "ref" ? await repository.listRefs() : refs;
  throw all.size === 0 ? empty() : notFound(wanted);
}

async function checkOutCommit(repository: Repository, wanted: Extract<Wanted, { kind: "commit" }>): Promise<Checkout> {
  const objectFormat = formatOf(wanted.hash);
  const revision = revisionOf(wanted.branch, wanted.hash);
  if (wanted.branch !== undefined) {
    const branch = `refs/heads/${wanted.branch}`;
    const [tip] = await look(repository, { kind: "ref", ref: branch, label: wanted.branch });
    if (tip?.commit === wanted.hash) {
      await repository.fetch(branch, { objectFormat });
    } else {
      await repository.fetch(branch, { objectFormat, history: true });
    }
    if (!(await repository.isInHistory(wanted.hash))) throw notFound(wanted);
    return { commit: await repository.commit(wanted.hash), revision };
  }
  const fetched = await repository.fetch(wanted.hash, { objectFormat });
  if (fetched.hash !== wanted.hash) throw notFound(wanted);
  return { commit: fetched, revision };
}

function formatOf(hash: string): "sha1" | "sha256" {
  return hash.length === 64 ? "sha256" : "sha1";
}

function empty(): GitError {
  return new GitError("GIT_EMPTY_REPOSITORY", "Cannot read the repository: it is empty", {
    hints: ["push a first commit: git push -u origin HEAD"],
  });
}

function notFound(wanted: Wanted): GitError {
  switch (wanted.kind) {
    case "semver":
      return new GitError("GIT_NO_SEMVER_MATCH", `no match found for semver: ${wanted.range}`, {
        hints: ["tags count only with three numbers (v1.2.3); prereleases only when the range names one (>=1.0.0-0)"],
      });
    case "commit":
      return new GitError(
        "GIT_REF_NOT_FOUND",
        `Cannot find commit ${wanted.hash}${wanted.branch === undefined ? "" : ` on branch "${wanted.branch}"`}`,
      );
    case "ref":
      return new GitError("GIT_REF_NOT_FOUND", `Cannot find "${wanted.ref}" in the repository`, {
        hints: wanted.label === "master" ? ['without spec.ref the branch is "master": set spec.ref.branch'] : [],
      });
  }
}
