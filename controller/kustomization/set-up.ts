import { type Artifact, fetchArtifact } from "../../src/sources/index.ts";
import type { Family } from "../start.ts";
import type { ArtifactReader } from "./build.ts";
import type { WorkloadOptions } from "./decryption.ts";
import { decryptionMachine } from "./decryption-machine.ts";
import { kustomizationController, type OtherSources } from "./reconciler.ts";
import { defaultKustomizationSettings, type KustomizationSettings } from "./settings.ts";

/**
 * The Kustomization controller. `readArtifact` is where artifacts come from, when not over HTTP; `otherSources` answers for
 * what is no GitRepository.
 */
export function kustomizationFamily(
  given: Partial<KustomizationSettings> = {},
  readArtifact?: ArtifactReader,
  otherSources?: OtherSources,
): Family {
  const settings = { ...defaultKustomizationSettings, ...given };
  const machine = decryptionMachine({
    env: settings.env,
    vaultAddresses: settings.sopsVaultAddresses,
    allowAmbient: settings.sopsAmbientCredentials,
    services: settings.sopsKeyServices,
  });
  const controllerIn = (namespace: string) =>
    kustomizationController({
      readArtifact:
        readArtifact ??
        ((artifact: Artifact, options) => fetchArtifact(artifact, { ...options, retries: settings.httpRetries })),
      otherSources,
      concurrency: settings.concurrency,
      applyConcurrency: settings.applyConcurrency,
      requeueDependencyMs: settings.requeueDependencyMs,
      jitterPercent: settings.intervalJitterPercent,
      defaultServiceAccount: settings.defaultServiceAccount,
      noCrossNamespaceRefs: settings.noCrossNamespaceRefs,
      checkMac: !settings.ignoreMac,
      machine,
      commonAgeSecret: settings.sopsAgeSecret === undefined ? undefined : { namespace, name: settings.sopsAgeSecret },
      workloads: workloadsOf(settings, namespace),
      clearTextKinds: settings.allowClearTextIn,
      overrideManagers: settings.overrideManagers,
      stageKinds: settings.customApplyStageKinds,
      limits: settings.limits,
      labelSelector: settings.labelSelector,
    });
  return {
    name: "kustomization",
    setUp: async ({ namespace }) => ({ controllers: [controllerIn(namespace)], ready: Promise.resolve() }),
  };
}

function workloadsOf(settings: KustomizationSettings, namespace: string): WorkloadOptions | undefined {
  if (!settings.objectLevelWorkloadIdentity) return undefined;
  const name = settings.sopsVaultConfigMap;
  return {
    defaultAccount: settings.defaultDecryptionServiceAccount,
    vaultConfigMap: name === undefined ? undefined : { namespace, name },
  };
}
