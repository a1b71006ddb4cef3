import {
  credentialsFromSecret,
  type GitCredentials,
  type GitUrl,
  parseGitUrl,
  wantedRef,
} from "../../src/git/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import type { Artifact, ArtifactStorage } from "../../src/sources/index.ts";
import type { LeftOutLink, TreeLimits } from "../../src/tree/index.ts";
import { GIT_REPOSITORIES } from "../api/index.ts";
import type { KindController, PassContext } from "../controller.ts";
import { jittered } from "../duration.ts";
import { addFinalizer, removeFinalizer } from "../finalizer.ts";
import type { EventNote, Pass } from "../pass.ts";
import { readSecretData } from "../secret-data.ts";
import { readyProfile, statusOf } from "../status/profile.ts";
import { unsupportedField } from "../unsupported-fields.ts";
import { failedPass, failure } from "./failure.ts";
import { type Fetched, fetchArtifactOf } from "./fetch.ts";
import { artifactOf, type GitRepositorySpec, gitRepositorySpec } from "./spec.ts";
import { gitRepositorySupport } from "./support.ts";

export interface GitRepositoryOptions {
  readonly storage: ArtifactStorage;
  readonly concurrency?: number;
  readonly jitterPercent?: number;
  readonly tempFolder?: string | undefined;
  readonly limits?: Partial<TreeLimits> | undefined;
  readonly labelSelector?: string | undefined;
}

const CONCURRENCY = 2;
const JITTER_PERCENT = 5;
/** Negative conditions that a good pass takes away. */
const CLEARED = ["FetchFailed", "StorageOperationFailed", "ArtifactOutdated", "IncludeUnavailable"];
const MAX_LINKS_NAMED = 10;

/** GitRepository: fetches a revision when there is a new one and stores it as an artifact for others. */
export function gitRepositoryController(options: GitRepositoryOptions): KindController {
  return {
    name: "gitrepository",
    resource: GIT_REPOSITORIES,
    eventSource: "source-controller",
    concurrency: options.concurrency ?? CONCURRENCY,
    profile: readyProfile,
    perObjectDuration: true,
    ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
    reconcile: (object, context) => reconcile(object, context, options),
  };
}

async function reconcile(object: KubeObject, context: PassContext, options: GitRepositoryOptions): Promise<Pass> {
  const { client } = context;
  const owner = ownerOf(object);
  if (object.metadata.deletionTimestamp !== undefined) {
    await options.storage.removeAll(owner);
    await removeFinalizer(client, GIT_REPOSITORIES, object);
    return silent("Deleted");
  }
  await addFinalizer(client, GIT_REPOSITORIES, object);
  const spec = gitRepositorySpec(object);
  if (spec.suspend) return silent("Suspended");
  const unsupported = unsupportedField(object, gitRepositorySupport);
  if (unsupported !== undefined) {
    const message = `${unsupported} is not supported yet: nothing was fetched`;
    return { outcome: { kind: "stalled", reason: "UnsupportedField", message } };
  }
  try {
    const url = parseGitUrl(spec.url);
    wantedRef(spec.ref);
    const credentials = await credentialsOf(spec, url, { object, context });
    if ("outcome" in credentials) return credentials;
    return await synchronise({ object, spec, url, credentials }, context, options);
  } catch (error) {
    if (context.signal.aborted) return { ...failedPass(error, spec.url), keepStatus: true, events: [] };
    return failedPass(error, spec.url);
  }
}

interface Request {
  readonly object: KubeObject;
  readonly spec: GitRepositorySpec;
  readonly url: GitUrl;
  readonly credentials: GitCredentials;
}

async function synchronise(
  { object, spec, url, credentials }: Request,
  context: PassContext,
  options: GitRepositoryOptions,
): Promise<Pass> {
  const { storage } = options;
  const events: EventNote[] = [];
  const stored = await storedArtifact(object, storage, events);
  const sameSettings = (statusOf(object)["observedIgnore"] ?? undefined) === spec.ignore;
  await context.progress("reconciliation in progress");
  const fetched = await fetchArtifactOf({
    url,
    credentials,
    ref: spec.ref,
    ignore: spec.ignore,
    known: sameSettings ? stored?.revision : undefined,
    timeoutMs: spec.timeoutMs,
    signal: context.signal,
    tempFolder: options.tempFolder,
    limits: options.limits,
  });
  if (fetched.kind === "unchanged" && stored !== undefined) {
    const message = `no changes since last reconciliation: observed revision '${stored.revision}'`;
    events.push({ type: "Normal", reason: "GitOperationSucceeded", message });
    return finished(stored, { spec, events, context, options });
  }
  if (fetched.kind === "unchanged") throw new Error("a revision is known although nothing is stored");
  if (stored?.revision !== fetched.revision) {
    await context.progress(`building artifact: new upstream revision '${fetched.revision}'`);
  }
  const artifact = await store(fetched, { object, stored, storage, events });
  const collected = await storage.collectGarbage(ownerOf(object), artifact.path);
  if (collected > 0) {
    events.push({
      type: "Normal",
      reason: "GarbageCollectionSucceeded",
      message: `garbage collected ${collected} artifacts`,
    });
  }
  return finished(artifact, { spec, events, context, options });
}

/** What the status says is stored, if it still is. */
async function storedArtifact(
  object: KubeObject,
  storage: ArtifactStorage,
  events: EventNote[],
): Promise<Artifact | undefined> {
  const artifact = artifactOf(object);
  if (artifact === undefined) return undefined;
  const state = await storage.verify(artifact);
  if (state === "damaged") {
    const message = `failed to verify integrity of artifact: the digest of '${artifact.path}' differs; it is made again`;
    events.push({ type: "Warning", reason: "ArtifactVerificationFailed", message });
  }
  return state === "intact" ? { ...artifact, url: storage.url(artifact.path) } : undefined;
}

async function store(
  fetched: Extract<Fetched, { kind: "new" }>,
  {
    object,
    stored,
    storage,
    events,
  }: {
    readonly object: KubeObject;
    readonly stored: Artifact | undefined;
    readonly storage: ArtifactStorage;
    readonly events: EventNote[];
  },
): Promise<Artifact> {
  const { revision, commit, packed } = fetched;
  if (stored?.revision === revision && stored.digest === packed.digest) return stored;
  const artifact = await storage.store(ownerOf(object), { file: `${commit.hash}.tar.gz`, revision, packed });
  const annotations = {
    "source.toolkit.fluxcd.io/revision": revision,
    "source.toolkit.fluxcd.io/digest": artifact.digest,
  };
  const message = `stored artifact for commit '${printable(commit.subject)}'`;
  events.push({ type: "Normal", reason: "NewArtifact", message, annotations });
  if (fetched.leftOut.length > 0) events.push(linksLeftOut(fetched.leftOut));
  return artifact;
}

function finished(
  artifact: Artifact,
  {
    spec,
    events,
    context,
    options,
  }: {
    readonly spec: GitRepositorySpec;
    readonly events: readonly EventNote[];
    readonly context: PassContext;
    readonly options: GitRepositoryOptions;
  },
): Pass {
  const message = `stored artifact for revision '${artifact.revision}'`;
  const requeueAfterMs = jittered(spec.intervalMs, options.jitterPercent ?? JITTER_PERCENT, context.clock.random());
  return {
    outcome: { kind: "done", reason: "Succeeded", message, requeueAfterMs },
    status: { artifact, observedIgnore: spec.ignore },
    conditions: [{ type: "ArtifactInStorage", status: "True", reason: "Succeeded", message }],
    removedConditions: CLEARED,
    events,
  };
}

async function credentialsOf(
  spec: GitRepositorySpec,
  url: GitUrl,
  { object, context }: { readonly object: KubeObject; readonly context: PassContext },
): Promise<GitCredentials | Pass> {
  if (spec.secretName === undefined) {
    if (url.scheme !== "ssh") return {};
    const message = "ssh needs a Secret with identity and known_hosts: set spec.secretRef";
    return failure("FetchFailed", "AuthenticationFailed", message, true);
  }
  const key = { namespace: object.metadata.namespace ?? "", name: spec.secretName };
  const data = await readSecretData(context.client, key, context.signal);
  if (data !== undefined) return credentialsFromSecret(spec.secretName, data, url);
  const message = `failed to get secret '${key.namespace}/${key.name}': secrets "${key.name}" not found`;
  return failure("FetchFailed", "AuthenticationFailed", message);
}

function linksLeftOut(links: readonly LeftOutLink[]): EventNote {
  const named = links.slice(0, MAX_LINKS_NAMED).map(({ path, reason }) => `${printable(path)} (${reason})`);
  const more = links.length > named.length ? ` and ${links.length - named.length} more` : "";
  return {
    type: "Warning",
    reason: "LinksLeftOut",
    message: `symbolic links are not in the artifact: ${named.join(", ")}${more}`,
  };
}

/** A text from a repository: one line, not long, no control characters. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, " ").slice(0, 200);
}

function ownerOf(object: KubeObject) {
  const { namespace = "", name = "" } = object.metadata;
  return { kind: "GitRepository", namespace, name };
}

function silent(reason: string): Pass {
  return { outcome: { kind: "done", reason, message: "" }, keepStatus: true, events: [] };
}
