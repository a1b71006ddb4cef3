import type { Change } from "../../src/apply/index.ts";
import { changeLines } from "../../src/apply/index.ts";
import { KubeError } from "../../src/kube/index.ts";
import type { BuiltObject } from "../../src/kustomize/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { textAt } from "../../src/objects/index.ts";
import type { Artifact } from "../../src/sources/index.ts";
import type { TreeLimits } from "../../src/tree/index.ts";
import { GIT_REPOSITORIES, KUSTOMIZATIONS } from "../api/index.ts";
import type { KindController, PassContext } from "../controller.ts";
import { formatDuration, jittered } from "../duration.ts";
import { errorLines } from "../error-lines.ts";
import { addFinalizer } from "../finalizer.ts";
import { artifactOf } from "../gitrepository/spec.ts";
import type { EventNote, Pass } from "../pass.ts";
import { conditionsOf, findCondition } from "../status/conditions.ts";
import { readyProfile } from "../status/profile.ts";
import { unsupportedField } from "../unsupported-fields.ts";
import { type Applied, applyAndPrune } from "./apply.ts";
import { type ArtifactReader, type Built, buildObjects, loadTree } from "./build.ts";
import { checkDecryptionAccount, holdsClearText, type WorkloadOptions } from "./decryption.ts";
import type { DecryptionMachine } from "./decryption-keys.ts";
import { dependencyCircle, unmetDependency } from "./dependencies.ts";
import { finalize } from "./finalize.ts";
import { failed, Halt, stalled, waiting } from "./halt.ts";
import { checkHealth, healthTargets } from "./health.ts";
import { withResult } from "./history.ts";
import { clientFor } from "./identity.ts";
import {
  dependencyKeys,
  inventoryOf,
  type KustomizationSpec,
  kustomizationSpec,
  type Reference,
  sourceReference,
} from "./spec.ts";
import { kustomizationSupport, supportWith } from "./support.ts";

export interface KustomizationOptions {
  readonly readArtifact: ArtifactReader;
  readonly concurrency: number;
  readonly applyConcurrency: number;
  readonly requeueDependencyMs: number;
  readonly jitterPercent: number;
  readonly defaultServiceAccount?: string | undefined;
  readonly noCrossNamespaceRefs: boolean;
  /** Answers for sources that are no GitRepositories; absent: an object that names one is not touched. */
  readonly otherSources?: OtherSources | undefined;
  /** Flux does not check the MAC of SOPS files; we do unless told not to. */
  readonly checkMac: boolean;
  readonly machine: DecryptionMachine;
  readonly commonAgeSecret?: { readonly namespace: string; readonly name: string } | undefined;
  readonly workloads?: WorkloadOptions | undefined;
  /** Kinds other than Secret that decrypted values may reach; `*` for all. */
  readonly clearTextKinds: readonly string[];
  readonly overrideManagers: readonly string[];
  readonly stageKinds: readonly string[];
  readonly limits?: Partial<TreeLimits> | undefined;
  readonly labelSelector?: string | undefined;
}

/** Artifacts of sources that no controller of ours looks after. */
export interface OtherSources {
  readonly kinds: readonly string[];
  /** That of one source, or why there is none, in words. */
  artifactOf(kind: string, source: Reference): Promise<Artifact | string>;
}

const BY_SOURCE = "source";
const BY_DEPENDENCY = "dependency";

/** Kustomization: builds what a source holds, decrypts, applies, prunes, and waits for health. */
export function kustomizationController(options: KustomizationOptions): KindController {
  return {
    name: "kustomization",
    resource: KUSTOMIZATIONS,
    eventSource: "kustomize-controller",
    concurrency: options.concurrency,
    profile: readyProfile,
    perObjectDuration: true,
    ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
    indexers: {
      [BY_SOURCE]: (object) => [keyOf(sourceReference(object))],
      [BY_DEPENDENCY]: dependencyKeys,
    },
    watches: [
      {
        resource: GIT_REPOSITORIES,
        affected: (change, own) => {
          if (change.type === "deleted") return [];
          const artifact = artifactOf(change.object);
          if (artifact === undefined) return [];
          // Stored again, or served elsewhere: whoever failed to fetch it wants to know as much as of a new revision.
          const before = change.type === "updated" ? artifactOf(change.before) : undefined;
          const moved = before !== undefined && (before.url !== artifact.url || before.digest !== artifact.digest);
          return own
            .by(BY_SOURCE, change.key)
            .filter((object) => moved || textAt(object, "status", "lastAttemptedRevision") !== artifact.revision)
            .map(({ metadata }) => keyOf({ namespace: metadata.namespace ?? "", name: metadata.name ?? "" }));
        },
      },
      {
        // Whoever waits for another of these goes on as soon as that one is ready.
        resource: KUSTOMIZATIONS,
        affected: (change, own) => {
          if (change.type !== "updated" || !becameReady(change.before, change.object)) return [];
          const dependents = own.by(BY_DEPENDENCY, change.key);
          return dependents.map(({ metadata }) =>
            keyOf({ namespace: metadata.namespace ?? "", name: metadata.name ?? "" }),
          );
        },
      },
    ],
    reconcile: (object, context) => new KustomizationPass(object, context, options).run(),
  };
}

function becameReady(before: KubeObject, after: KubeObject): boolean {
  const state = (object: KubeObject) =>
    `${findCondition(conditionsOf(object), "Ready")?.status} ${textAt(object, "status", "lastAppliedRevision")}`;
  return findCondition(conditionsOf(after), "Ready")?.status === "True" && state(before) !== state(after);
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

/** One pass: stages in order, the first that cannot go on ends it. */
class KustomizationPass {
  readonly #object: KubeObject;
  readonly #context: PassContext;
  readonly #options: KustomizationOptions;
  readonly #spec: KustomizationSpec;
  readonly #startedAtMs: number;
  /** What has become known so far and belongs into the status however the pass ends. */
  readonly #status: Record<string, unknown> = {};
  readonly #events: EventNote[] = [];
  #revision: string | undefined;
  #digest: string | undefined;
  #clearHealthy = false;

  constructor(object: KubeObject, context: PassContext, options: KustomizationOptions) {
    this.#object = object;
    this.#context = context;
    this.#options = options;
    this.#spec = kustomizationSpec(object);
    this.#startedAtMs = context.clock.now();
  }

  async run(): Promise<Pass> {
    const { client, clock, signal } = this.#context;
    const spec = this.#spec;
    const budget = timeLimit(spec.timeoutMs, this.#context);
    try {
      if (this.#object.metadata.deletionTimestamp !== undefined) {
        const account = spec.serviceAccountName ?? this.#options.defaultServiceAccount;
        return await finalize(this.#object, spec, { client, clock, signal, account });
      }
      await addFinalizer(client, KUSTOMIZATIONS, this.#object);
      if (spec.suspend) {
        return { outcome: { kind: "done", reason: "Suspended", message: "" }, keepStatus: true, events: [] };
      }
      return await this.#reconcile(budget.signal);
    } catch (error) {
      const halt = error instanceof Halt ? error : unforeseen(error, spec);
      if (signal.aborted) return { outcome: halt.outcome, keepStatus: true, events: [] };
      return this.#end(halt);
    } finally {
      budget.cancel();
    }
  }

  async #reconcile(signal: AbortSignal): Promise<Pass> {
    const { client, clock } = this.#context;
    const spec = this.#spec;
    const others = this.#options.otherSources;
    const support = others === undefined ? kustomizationSupport : supportWith(["GitRepository", ...others.kinds]);
    const unsupported = unsupportedField(this.#object, support);
    if (unsupported !== undefined) {
      throw stalled("UnsupportedField", `${unsupported} is not supported yet: nothing was applied`);
    }
    checkDecryptionAccount(spec, this.#options);
    const namespace = this.#object.metadata.namespace ?? "";
    const account = spec.serviceAccountName ?? this.#options.defaultServiceAccount;
    const applier = clientFor(client, { namespace, name: account });
    const artifact = await this.#sourceArtifact();
    await this.#checkDependencies(artifact.revision);

    await this.#progress("Fetching manifests for");
    const { readArtifact, limits, requeueDependencyMs: requeueMs } = this.#options;
    const loaded = await loadTree(artifact, spec, { readArtifact, limits, requeueMs, signal });
    this.#status["lastAttemptedRevision"] = artifact.revision;
    await this.#progress("Building manifests for");
    const { checkMac, machine, commonAgeSecret, workloads, clearTextKinds } = this.#options;
    const ports = { client, signal, checkMac, machine, commonAgeSecret, workloads };
    const built = await buildObjects(loaded, spec, { namespace, ports, clearTextKinds });
    await this.#progress("Detecting drift for");
    const objects = built.objects.map(({ object }) => object);
    const applied = await applyAndPrune(this.#applyRequest(objects, built), {
      client: applier,
      clock,
      signal,
      concurrency: this.#options.applyConcurrency,
      overrideManagers: this.#options.overrideManagers,
      stageKinds: this.#options.stageKinds,
    });
    this.#noteApplied(applied);
    if (applied.kind === "failed") throw failed(applied.reason, applied.message, spec.retryIntervalMs);
    return this.#checkHealth({ built: built.objects, changes: applied.changes, applier, signal });
  }

  async #sourceArtifact(): Promise<Artifact> {
    const { client, signal } = this.#context;
    const { source, retryIntervalMs } = this.#spec;
    const kind = textAt(this.#object["spec"], "sourceRef", "kind") || "GitRepository";
    const named = `${kind}/${keyOf(source)}`;
    if (this.#options.noCrossNamespaceRefs && source.namespace !== this.#object.metadata.namespace) {
      throw stalled("AccessDenied", `can't access '${named}', cross-namespace references have been blocked`);
    }
    const other = kind === "GitRepository" ? undefined : await this.#options.otherSources?.artifactOf(kind, source);
    if (typeof other === "string") throw stalled("ArtifactFailed", `Source '${named}': ${other}`);
    const object = other === undefined ? await client.get<KubeObject>(GIT_REPOSITORIES, source, signal) : undefined;
    if (object === undefined && other === undefined) {
      throw failed("ArtifactFailed", `Source '${named}' not found`, retryIntervalMs);
    }
    const artifact = other ?? (object === undefined ? undefined : artifactOf(object));
    if (artifact === undefined) {
      const afterMs = this.#options.requeueDependencyMs;
      throw waiting("ArtifactFailed", `Source artifact not found, retrying in ${formatDuration(afterMs)}`, afterMs);
    }
    this.#revision = artifact.revision;
    this.#digest = artifact.digest;
    return artifact;
  }

  async #checkDependencies(revision: string): Promise<void> {
    const { client, signal, objects, key } = this.#context;
    const { dependsOn } = this.#spec;
    const afterMs = this.#options.requeueDependencyMs;
    const circle = dependencyCircle(key, dependsOn, objects);
    const problem =
      circle === undefined
        ? await unmetDependency(this.#object, dependsOn, { client, revision, signal })
        : `dependencies go in a circle: ${circle.slice(0, 20).join(" -> ")}`;
    if (problem === undefined) return;
    const message = `Dependencies do not meet ready condition, retrying in ${formatDuration(afterMs)}`;
    this.#events.push({ type: "Normal", reason: "DependencyNotReady", message });
    throw waiting("DependencyNotReady", problem, afterMs);
  }

  #applyRequest(objects: readonly KubeObject[], built: Built) {
    const { namespace = "", name = "" } = this.#object.metadata;
    return {
      owner: { namespace, name },
      objects,
      before: inventoryOf(this.#object),
      force: this.#spec.force,
      prune: this.#spec.prune,
      hidesErrors: holdsClearText(built.view),
    };
  }

  #noteApplied({ changes, inventory }: Applied): void {
    this.#status["inventory"] = { entries: inventory };
    const lines = changeLines(changes);
    if (lines !== "") this.#event({ type: "Normal", reason: "Progressing", message: lines });
  }

  async #checkHealth(applied: {
    readonly built: readonly BuiltObject[];
    readonly changes: readonly Change[];
    readonly applier: PassContext["client"];
    readonly signal: AbortSignal;
  }): Promise<Pass> {
    const { clock } = this.#context;
    const spec = this.#spec;
    const checks = spec.wait || spec.healthChecks.length > 0;
    if (!checks) {
      this.#clearHealthy = true;
      return this.#succeed([]);
    }
    await this.#progress("Running health checks for");
    const targets = healthTargets(spec, applied.built, applied.changes);
    const timeoutMs = Math.max(0, spec.timeoutMs - (clock.now() - this.#startedAtMs));
    const { healthy, message } = await checkHealth(targets, {
      client: applied.applier,
      clock,
      timeoutMs,
      signal: applied.signal,
    });
    const reason = healthy ? "Succeeded" : "HealthCheckFailed";
    const condition = { type: "Healthy", status: healthy ? "True" : "False", reason, message } as const;
    if (!healthy) {
      throw new Halt({ kind: "failed", reason, message, retryAfterMs: spec.retryIntervalMs }, [condition]);
    }
    const was = findCondition(conditionsOf(this.#object), "Healthy");
    const isNews = was?.status !== "True" || changeLines(applied.changes) !== "";
    if (isNews) this.#event({ type: "Normal", reason: "Progressing", message });
    return this.#succeed([{ ...condition, message: isNews ? message : (was?.message ?? message) }]);
  }

  #succeed(conditions: Pass["conditions"] & object): Pass {
    const { clock } = this.#context;
    const revision = this.#revision ?? "";
    const requeueAfterMs = jittered(this.#spec.intervalMs, this.#options.jitterPercent, clock.random());
    const took = formatDuration(clock.now() - this.#startedAtMs);
    this.#status["lastAppliedRevision"] = revision;
    this.#event(
      {
        type: "Normal",
        reason: "ReconciliationSucceeded",
        message: `Reconciliation finished in ${took}, next run in ${formatDuration(this.#spec.intervalMs)}`,
      },
      { "kustomize.toolkit.fluxcd.io/commit_status": "update" },
    );
    const outcome = {
      kind: "done",
      reason: "ReconciliationSucceeded",
      message: `Applied revision: ${revision}`,
      requeueAfterMs,
    } as const;
    return this.#result(outcome, conditions);
  }

  #end({ outcome, conditions }: Halt): Pass {
    if (outcome.kind === "failed" || outcome.kind === "stalled") {
      this.#event({ type: "Warning", reason: outcome.reason, message: outcome.message });
    }
    return this.#result(outcome, conditions);
  }

  #result(outcome: Pass["outcome"], conditions: readonly NonNullable<Pass["conditions"]>[number][]): Pass {
    const nowMs = this.#context.clock.now();
    const counted = this.#digest !== undefined && (outcome.kind === "done" || outcome.kind === "failed");
    if (counted) {
      this.#status["history"] = withResult(this.#object, {
        digest: this.#digest ?? "",
        revision: this.#revision ?? "",
        status: outcome.reason,
        durationMs: nowMs - this.#startedAtMs,
        nowMs,
      });
    }
    return {
      outcome,
      status: this.#status,
      conditions,
      ...(this.#clearHealthy ? { removedConditions: ["Healthy"] } : {}),
      events: this.#events,
    };
  }

  #event(note: EventNote, annotations: Readonly<Record<string, string>> = {}): void {
    const revision = this.#revision === undefined ? {} : { "kustomize.toolkit.fluxcd.io/revision": this.#revision };
    this.#events.push({ ...note, annotations: { ...revision, ...annotations } });
  }

  #progress(what: string): Promise<void> {
    const timeout = formatDuration(this.#spec.timeoutMs);
    return this.#context.progress(`${what} revision ${this.#revision} with a timeout of ${timeout}`);
  }
}

/** An API that cannot be asked is asked again soon; anything else at the object's own pace. */
function unforeseen(error: unknown, { retryIntervalMs }: KustomizationSpec): Halt {
  const outcome = { kind: "failed", reason: "ReconciliationFailed", message: errorLines(error) } as const;
  return new Halt(error instanceof KubeError ? outcome : { ...outcome, retryAfterMs: retryIntervalMs });
}

/** Aborts when the time of a pass is up, or when the program stops. */
function timeLimit(timeoutMs: number, { clock, signal }: PassContext): { signal: AbortSignal; cancel: () => void } {
  const controller = new AbortController();
  const cancel = clock.after(timeoutMs, () => controller.abort());
  return { signal: AbortSignal.any([signal, controller.signal]), cancel };
}
