import { type Artifact, fetchArtifact } from "../../src/sources/index.ts";
import type { TreeLimits } from "../../src/tree/index.ts";
import type { Family } from "../start.ts";
import { kustomizationController } from "./reconciler.ts";

/** What the Kustomization controller can be told; names follow Flux's flags. Spans in milliseconds. */
export interface KustomizationSettings {
  readonly concurrency: number;
  readonly applyConcurrency: number;
  readonly requeueDependencyMs: number;
  readonly httpRetries: number;
  readonly intervalJitterPercent: number;
  /** ServiceAccount for objects that name none; absent: the controller's own rights. */
  readonly defaultServiceAccount?: string | undefined;
  readonly noCrossNamespaceRefs: boolean;
  /** Takes SOPS files whose MAC is wrong or missing, as Flux does. */
  readonly ignoreMac: boolean;
  readonly allowClearTextIn: readonly string[];
  readonly overrideManagers: readonly string[];
  readonly customApplyStageKinds: readonly string[];
  readonly limits?: Partial<TreeLimits> | undefined;
  readonly labelSelector?: string | undefined;
}

export const defaultKustomizationSettings: KustomizationSettings = {
  concurrency: 4,
  applyConcurrency: 4,
  requeueDependencyMs: 30_000,
  httpRetries: 9,
  intervalJitterPercent: 5,
  noCrossNamespaceRefs: false,
  ignoreMac: false,
  allowClearTextIn: [],
  overrideManagers: [],
  customApplyStageKinds: [],
};

/** The Kustomization controller. */
export function kustomizationFamily(given: Partial<KustomizationSettings> = {}): Family {
  const settings = { ...defaultKustomizationSettings, ...given };
  const controller = kustomizationController({
    readArtifact: (artifact: Artifact, options) =>
      fetchArtifact(artifact, { ...options, retries: settings.httpRetries }),
    concurrency: settings.concurrency,
    applyConcurrency: settings.applyConcurrency,
    requeueDependencyMs: settings.requeueDependencyMs,
    jitterPercent: settings.intervalJitterPercent,
    defaultServiceAccount: settings.defaultServiceAccount,
    noCrossNamespaceRefs: settings.noCrossNamespaceRefs,
    checkMac: !settings.ignoreMac,
    clearTextKinds: settings.allowClearTextIn,
    overrideManagers: settings.overrideManagers,
    stageKinds: settings.customApplyStageKinds,
    limits: settings.limits,
    labelSelector: settings.labelSelector,
  });
  return {
    name: "kustomization",
    setUp: async () => ({ controllers: [controller], ready: Promise.resolve() }),
  };
}
