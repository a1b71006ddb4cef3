import {
  checkOut,
  type GitCommit,
  type GitCredentials,
  type GitUrl,
  type RefSpec,
  remoteRevision,
  withRepository,
} from "../../src/git/index.ts";
import { gitTree, type PackedArtifact, packArtifact } from "../../src/sources/index.ts";
import type { LeftOutLink, TreeLimits } from "../../src/tree/index.ts";

export interface FetchRequest {
  readonly url: GitUrl;
  readonly credentials: GitCredentials;
  readonly ref: RefSpec;
  readonly ignore: string | undefined;
  /** The revision that is in storage and was made of the same settings; undefined to fetch in any case. */
  readonly known: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly tempFolder?: string | undefined;
  readonly limits?: Partial<TreeLimits> | undefined;
}

export type Fetched =
  | { readonly kind: "unchanged" }
  | {
      readonly kind: "new";
      readonly revision: string;
      readonly commit: GitCommit;
      readonly packed: PackedArtifact;
      readonly leftOut: readonly LeftOutLink[];
    };

/** Fetches a revision and packs it, unless the remote still has the one that is known. */
export async function fetchArtifactOf(request: FetchRequest): Promise<Fetched> {
  const { url, credentials, timeoutMs, signal, tempFolder } = request;
  return withRepository({ url, credentials, timeoutMs, signal, tempFolder }, async (repository) => {
    if (request.known !== undefined) {
      const now = await remoteRevision(repository, request.ref);
      if (now === request.known) return { kind: "unchanged" };
    }
    const { commit, revision } = await checkOut(repository, request.ref);
    const { tree, leftOut } = await gitTree(repository, commit.hash, {
      ignore: request.ignore,
      ...(request.limits === undefined ? {} : { limits: request.limits }),
    });
    return { kind: "new", revision, commit, packed: await packArtifact(tree), leftOut };
  });
}
