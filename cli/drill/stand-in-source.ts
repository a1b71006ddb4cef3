import { GIT_REPOSITORIES } from "../../controller/api/index.ts";
import { rfc3339 } from "../../controller/conditions.ts";
import type { KindController } from "../../controller/controller.ts";
import { gitRepositorySpec } from "../../controller/gitrepository/spec.ts";
import type { Pass } from "../../controller/pass.ts";
import type { Family } from "../../controller/start.ts";
import { readyProfile } from "../../controller/status-profile.ts";
import { type KubeObject, objectId, subjectOf } from "../../src/objects/index.ts";
import { type Artifact, packArtifact } from "../../src/sources/index.ts";
import { isSameRepository, type RepositorySource, type SourceTree } from "./repository.ts";

/** URL of the drill's own source; nobody asks it. */
export const DRILL_URL = "https://drill.invalid/repository";

/** Where Flux puts the source that a cluster was set up from. */
const BY_CONVENTION = "flux-system/flux-system";

/** Answers for every GitRepository of a rehearsal, from memory: nothing is fetched from anywhere. */
export interface StandInSource {
  readonly family: Family;
  /** Gives the artifacts that it told of. */
  readonly readArtifact: (artifact: Artifact) => Promise<Uint8Array>;
  /** Other repositories that were asked for, as `GitRepository/namespace/name`. */
  readonly foreign: ReadonlySet<string>;
  /** How many files are in the artifact, and what it lacks. */
  readonly content: () => { readonly files: number; readonly leftOut: SourceTree["leftOut"] };
}

/** Stands in for the sources of a cluster: what names this repository gets it as it is here, others are left alone. */
export function standInSource(source: RepositorySource): StandInSource {
  const packed = new Map<string, { readonly artifact: Artifact; readonly bytes: Uint8Array }>();
  const foreign = new Set<string>();
  let content: { readonly files: number; readonly leftOut: SourceTree["leftOut"] } = { files: 0, leftOut: [] };
  const artifactFor = async (ignore: string | undefined, now: number) => {
    const known = packed.get(ignore ?? "");
    if (known !== undefined) return known.artifact;
    const made = await source.tree(ignore);
    content = { files: made.tree.paths().length, leftOut: made.leftOut };
    const { bytes, digest } = await packArtifact(made.tree);
    const path = `drill/${digest.slice("sha256:".length)}.tar.gz`;
    const revision = `drill@${source.commit === undefined ? digest : `sha1:${source.commit}`}`;
    const lastUpdateTime = rfc3339(now);
    const artifact = { path, url: `${DRILL_URL}/${path}`, revision, digest, lastUpdateTime, size: bytes.length };
    packed.set(ignore ?? "", { artifact, bytes });
    return artifact;
  };
  const isOurs = (object: KubeObject, url: string) => {
    const { namespace = "", name = "" } = object.metadata;
    if (url === DRILL_URL || source.remotes.some((remote) => isSameRepository(remote, url))) return true;
    return `${namespace}/${name}` === BY_CONVENTION;
  };
  const controller: KindController = {
    name: "gitrepository",
    resource: GIT_REPOSITORIES,
    eventSource: "source-controller",
    concurrency: 1,
    profile: readyProfile,
    async reconcile(object, { clock }): Promise<Pass> {
      const { url, ignore } = gitRepositorySpec(object);
      if (!isOurs(object, url)) {
        foreign.add(subjectOf(objectId(object)));
        const message = "another repository: a drill syncs the one that is named";
        return { outcome: { kind: "stalled", reason: "NotRehearsed", message }, events: [] };
      }
      const artifact = await artifactFor(ignore, clock.now());
      const message = `stored artifact for revision '${artifact.revision}'`;
      return { outcome: { kind: "done", reason: "Succeeded", message }, status: { artifact }, events: [] };
    },
  };
  return {
    family: { name: "source", setUp: async () => ({ controllers: [controller], ready: Promise.resolve() }) },
    readArtifact: async ({ digest }) => {
      const found = [...packed.values()].find(({ artifact }) => artifact.digest === digest);
      if (found === undefined) throw new TypeError(`"artifact" expected one that was told of, got ${digest}`);
      return found.bytes;
    },
    foreign,
    content: () => content,
  };
}
