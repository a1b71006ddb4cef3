export { type Artifact, digestOf, type PackedArtifact, packArtifact } from "./artifact.ts";
export { type FetchOptions, fetchArtifact } from "./artifact-fetch-adapter.ts";
export { type ArtifactServer, serveArtifacts } from "./artifact-server-adapter.ts";
export { SourceError, type SourceErrorCode } from "./errors.ts";
export { type GitTree, gitTree } from "./git-tree.ts";
export { compileGlob, type Glob, matchesGlob } from "./glob.ts";
export { IGNORE_FILE, type IgnoreSources, ignoreRules } from "./ignore.ts";
export { type ArtifactOwner, ArtifactStorage, type StorageOptions } from "./storage-adapter.ts";
