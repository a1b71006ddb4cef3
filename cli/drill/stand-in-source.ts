import { GIT_REPOSITORIES } from "../../controller/api/index.ts";
import type { KindController } from "../../controller/controller.ts";
import { gitRepositorySpec } from "../../controller/gitrepository/spec.ts";
import type { OtherSources } from "../../controller/kustomization/reconciler.ts";
import type { Pass } from "../../controller/pass.ts";
import type { Family } from "../../controller/start.ts";
import { rfc3339 } from "../../controller/status/conditions.ts";
import { readyProfile } from "../../controller/status/profile.ts";
import { systemClock } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { type Artifact, packArtifact } from "../../src/sources/index.ts";
import { subTree } from "../../src/tree/index.ts";
import { isSameRepository, type RepositorySource } from "./repository.ts";

/** URL of the drill's own source; nobody asks it. */
export const DRILL_URL = "https://drill.invalid/repository";

/** Where Flux puts the source that a cluster was set up from. */
const BY_CONVENTION = "flux-system/flux-system";

/** Answers for every GitRepository of a rehearsal, from memory: nothing is fetched from anywhere. */
export interface StandInSource {
  readonly family: Family;
  /** Gives the artifacts that it told of. */
  readonly readArtifact: (artifact: Artifact) => Promise<Uint8Array>;
  /** Answers for sources that are no GitRepositories, from the folders that were named for them. */
  readonly otherSources: OtherSources;
  /** Those of the named folders that something synced from, as `KIND/NAMESPACE/NAME`. */
  readonly askedFor: ReadonlySet<string>;
}

/** Kinds of sources that a folder can stand in for by name: where they come from cannot be told from a repository. */
export const OTHER_SOURCES = ["OCIRepository", "Bucket", "ExternalArtifact"] as const;

/**
 * Stands in for the sources of a cluster: what names one of these repositories gets it as it is here. The first is what
 * the cluster was set up from.
 */
export function standInSource(
  sources: readonly RepositorySource[],
  folders: ReadonlyMap<string, RepositorySource> = new Map(),
): StandInSource {
  const packed = new Map<string, Uint8Array>();
  const askedFor = new Set<string>();
  const artifactOf = async (
    source: RepositorySource,
    ignore: string | undefined,
    { now, below = "" }: { readonly now: number; readonly below?: string },
  ): Promise<Artifact> => {
    const { tree } = await source.tree(ignore);
    const { bytes, digest } = await packArtifact(below === "" ? tree : subTree(tree, below));
    packed.set(digest, bytes);
    const path = `drill/${digest.slice("sha256:".length)}.tar.gz`;
    const algorithm = source.commit?.length === 64 ? "sha256" : "sha1";
    const revision = `drill@${source.commit === undefined ? digest : `${algorithm}:${source.commit}`}`;
    return { path, url: `${DRILL_URL}/${path}`, revision, digest, lastUpdateTime: rfc3339(now), size: bytes.length };
  };
  const controller: KindController = {
    name: "gitrepository",
    resource: GIT_REPOSITORIES,
    eventSource: "source-controller",
    concurrency: 1,
    profile: readyProfile,
    async reconcile(object, { clock }): Promise<Pass> {
      const { url, ignore } = gitRepositorySpec(object);
      const source = sourceFor(object, url, sources);
      if (source === undefined) {
        const message = "it is another repository: name a folder that has it with --repo, too";
        return { outcome: { kind: "stalled", reason: "NotRehearsed", message }, events: [] };
      }
      const artifact = await artifactOf(source, ignore, { now: clock.now() });
      const message = `stored artifact for revision '${artifact.revision}'`;
      return { outcome: { kind: "done", reason: "Succeeded", message }, status: { artifact }, events: [] };
    },
  };
  return {
    family: { name: "source", setUp: async () => ({ controllers: [controller], ready: Promise.resolve() }) },
    otherSources: {
      kinds: OTHER_SOURCES,
      async artifactOf(kind, { namespace, name }) {
        const place = `${kind}/${namespace}/${name}`;
        const source = folders.get(place);
        if (source === undefined) return `no folder stands in for it: name one with --source-folder ${place}=FOLDER`;
        askedFor.add(place);
        return await artifactOf(source, undefined, { now: systemClock.now(), below: source.below });
      },
    },
    askedFor,
    readArtifact: async ({ digest }) => {
      const bytes = packed.get(digest);
      if (bytes === undefined) throw new TypeError(`"artifact" expected one that was told of, got ${digest}`);
      return bytes;
    },
  };
}

function sourceFor(
  { metadata }: KubeObject,
  url: string,
  sources: readonly RepositorySource[],
): RepositorySource | undefined {
  const named = sources.find(({ remotes }) => remotes.some((remote) => isSameRepository(remote, url)));
  if (named !== undefined) return named;
  const isFirst = url === DRILL_URL || `${metadata.namespace ?? ""}/${metadata.name ?? ""}` === BY_CONVENTION;
  return isFirst ? sources[0] : undefined;
}
