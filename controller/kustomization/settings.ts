import type { KeyServices } from "../../src/sops/index.ts";
import type { TreeLimits } from "../../src/tree/index.ts";

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
  /** Secret of the controllers' own namespace whose age identities serve objects that name no Secret. */
  readonly sopsAgeSecret?: string | undefined;
  readonly sopsVaultAddresses: readonly string[];
  /** Whether files may be decrypted with the cloud credentials of this pod. */
  readonly sopsAmbientCredentials: boolean;
  /** Whether key services may be asked in the name of ServiceAccounts. */
  readonly objectLevelWorkloadIdentity: boolean;
  /** The account in whose name they are asked for objects that name none. */
  readonly defaultDecryptionServiceAccount?: string | undefined;
  /** ConfigMap of the controllers' own namespace with the Vault servers that such accounts may log in to. */
  readonly sopsVaultConfigMap?: string | undefined;
  /** Key services that are asked where a decryption Secret has no credentials of its own; absent: none. */
  readonly sopsKeyServices?: KeyServices | undefined;
  /** The environment of the process, for proxies and, where they are allowed, credentials. */
  readonly env: Readonly<Record<string, string | undefined>>;
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
  sopsVaultAddresses: [],
  sopsAmbientCredentials: false,
  objectLevelWorkloadIdentity: false,
  env: {},
  allowClearTextIn: [],
  overrideManagers: [],
  customApplyStageKinds: [],
};
