export type { StreamedBlob } from "./blob-stream-adapter.ts";
export { type Checkout, checkOut, remoteRevision } from "./checkout.ts";
export { credentialsFromSecret, type GitCredentials } from "./credentials.ts";
export { GitError, type GitErrorCode } from "./errors.ts";
export { type HookOptions, type HookRepository, openForHook } from "./hook-adapter.ts";
export { type GitBranch, type LocalOptions, type LocalRepository, openLocalRepository } from "./local-adapter.ts";
export type { GitCommit, GitFile } from "./objects.ts";
export type { ChangedFile, Introduction } from "./raw-diff.ts";
export { hashOfRevision, type RefSpec, wantedRef } from "./refs.ts";
export {
  DEFAULT_GIT_LIMITS,
  type GitConnection,
  type GitLimits,
  type Repository,
  removeLeftovers,
  withRepository,
} from "./repository-adapter.ts";
export { type GitUrl, parseGitUrl } from "./url.ts";
