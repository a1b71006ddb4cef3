import type { RefSpec } from "../../src/git/index.ts";
import { fieldAt, isRecord, type KubeObject, textAt } from "../../src/objects/index.ts";
import type { Artifact } from "../../src/sources/index.ts";
import { parseDuration } from "../duration.ts";

/** A GitRepository's `spec`, with defaults. */
export interface GitRepositorySpec {
  readonly url: string;
  readonly ref: RefSpec;
  readonly secretName: string | undefined;
  readonly ignore: string | undefined;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly suspend: boolean;
}

const DEFAULT_TIMEOUT_MS = 60_000;
/** For an interval that cannot be read; the CRD lets none through. */
const FALLBACK_INTERVAL_MS = 60_000;
const MIN_INTERVAL_MS = 1000;

export function gitRepositorySpec(object: KubeObject): GitRepositorySpec {
  const spec = object["spec"];
  const ref = (name: string) => textAt(spec, "ref", name);
  return {
    url: textAt(spec, "url") ?? "",
    ref: { branch: ref("branch"), tag: ref("tag"), semver: ref("semver"), name: ref("name"), commit: ref("commit") },
    secretName: textAt(spec, "secretRef", "name"),
    ignore: textAt(spec, "ignore"),
    intervalMs: Math.max(parseDuration(textAt(spec, "interval")) ?? FALLBACK_INTERVAL_MS, MIN_INTERVAL_MS),
    timeoutMs: parseDuration(textAt(spec, "timeout")) ?? DEFAULT_TIMEOUT_MS,
    suspend: fieldAt(spec, "suspend") === true,
  };
}

/** The artifact in the status of a source; undefined when there is none, or what is there is none. */
export function artifactOf(object: KubeObject): Artifact | undefined {
  const found = fieldAt(object, "status", "artifact");
  if (!isRecord(found)) return undefined;
  const [path, url, revision, digest, lastUpdateTime] = ["path", "url", "revision", "digest", "lastUpdateTime"].map(
    (name) => textAt(found, name) ?? "",
  );
  if (!path || !url || !revision || !digest) return undefined;
  const size = found["size"];
  return {
    path,
    url,
    revision,
    digest,
    lastUpdateTime: lastUpdateTime ?? "",
    size: typeof size === "number" ? size : 0,
  };
}
