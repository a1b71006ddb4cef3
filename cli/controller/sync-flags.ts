import { type SourceSettings, defaultSourceSettings as source } from "../../controller/gitrepository/settings.ts";
import {
  type KustomizationSettings,
  defaultKustomizationSettings as kustomization,
} from "../../controller/kustomization/settings.ts";
import type { FlagTable } from "../definition.ts";
import { CliError } from "../errors.ts";
import { type FlagValues, flag } from "../flag.ts";

const group = "Sync";

/** The flags of the source and kustomization controllers, named as Flux's where Flux has them. */
export const syncFlags = {
  storagePath: flag.text({ group, default: "/data", placeholder: "FOLDER", help: "Where artifacts are stored" }),
  storageAddr: flag.text({
    group,
    default: "127.0.0.1:9090",
    placeholder: "ADDR",
    help: "Address that artifacts are served on, to everybody who reaches it",
  }),
  storageAdvAddr: flag.text({
    group,
    placeholder: "HOST",
    help: "Host, and port unless 80, by which others reach it; default the same",
  }),
  artifactRetentionTtl: flag.duration({ group, default: "60s", placeholder: "SPAN", help: "Keep old artifacts for" }),
  artifactRetentionRecords: flag.number({
    group,
    default: source.artifactRetentionRecords,
    min: 1,
    placeholder: "N",
    help: "Artifacts kept of each source",
  }),
  intervalJitterPercentage: flag.number({
    group,
    default: source.intervalJitterPercent,
    max: 99,
    placeholder: "N",
    help: "Spread intervals by up to so many percent",
  }),
  concurrentSources: flag.number({
    group,
    default: source.concurrency,
    min: 1,
    placeholder: "N",
    help: "Sources fetched at once",
  }),
  concurrent: flag.number({
    group,
    default: kustomization.concurrency,
    min: 1,
    placeholder: "N",
    help: "Kustomizations at once",
  }),
  concurrentSsa: flag.number({
    group,
    default: kustomization.applyConcurrency,
    min: 1,
    placeholder: "N",
    help: "Objects of one Kustomization applied at once",
  }),
  requeueDependency: flag.duration({
    group,
    default: "30s",
    placeholder: "SPAN",
    help: "Look again at what is not ready after",
  }),
  httpRetry: flag.number({
    group,
    default: kustomization.httpRetries,
    placeholder: "N",
    help: "Tries again to download an artifact",
  }),
  defaultServiceAccount: flag.text({
    group,
    placeholder: "NAME",
    help: "Apply with this account of the object's namespace when it names none; default our own rights",
  }),
  noCrossNamespaceRefs: flag.toggle({ group, help: "Refuse sources of other namespaces" }),
  ignoreSopsMac: flag.toggle({ group, help: "Take SOPS files whose MAC is wrong, as Flux does" }),
  sopsAgeSecret: flag.text({
    group,
    placeholder: "NAME",
    help: "Secret here whose *.agekey entries decrypt for objects that name no Secret",
  }),
  sopsVaultAddress: flag.texts({
    group,
    placeholder: "URL",
    help: "Vault server that tokens of decryption Secrets may go to; repeatable",
  }),
  sopsAmbientCredentials: flag.toggle({ group, help: "Decrypt with the cloud credentials of this pod too" }),
  sopsVaultConfigmap: flag.text({
    group,
    placeholder: "NAME",
    help: "ConfigMap here with the Vault servers that accounts of objects log in to",
  }),
  defaultDecryptionServiceAccount: flag.text({
    group,
    placeholder: "NAME",
    help: "Account of the object's namespace in whose name key services are asked when it names none",
  }),
  featureGates: flag.texts({
    group,
    placeholder: "NAME=BOOL",
    help: "ObjectLevelWorkloadIdentity=true: ask key services in the name of accounts; repeatable",
  }),
  allowClearTextIn: flag.texts({
    group,
    placeholder: "KIND",
    help: "Let decrypted values into objects of this kind too; * for all, repeatable",
  }),
  overrideManager: flag.texts({
    group,
    placeholder: "NAME",
    help: "Take fields over from this field manager; repeatable",
  }),
  customApplyStageKinds: flag.texts({
    group,
    placeholder: "KIND",
    help: "Apply this kind before the rest; repeatable",
  }),
} satisfies FlagTable;

type Given = FlagValues<typeof syncFlags>;

export function sourceSettings(given: Given): SourceSettings {
  return {
    storagePath: given.storagePath,
    storageAddress: given.storageAddr,
    storageAdvertisedAddress: given.storageAdvAddr,
    artifactRetentionMs: given.artifactRetentionTtl,
    artifactRetentionRecords: given.artifactRetentionRecords,
    concurrency: given.concurrentSources,
    intervalJitterPercent: given.intervalJitterPercentage,
  };
}

export function kustomizationSettings(given: Given, env: KustomizationSettings["env"]): KustomizationSettings {
  return {
    concurrency: given.concurrent,
    applyConcurrency: given.concurrentSsa,
    requeueDependencyMs: given.requeueDependency,
    httpRetries: given.httpRetry,
    intervalJitterPercent: given.intervalJitterPercentage,
    defaultServiceAccount: given.defaultServiceAccount === "" ? undefined : given.defaultServiceAccount,
    noCrossNamespaceRefs: given.noCrossNamespaceRefs,
    ignoreMac: given.ignoreSopsMac,
    sopsAgeSecret: given.sopsAgeSecret === "" ? undefined : given.sopsAgeSecret,
    sopsVaultAddresses: given.sopsVaultAddress,
    sopsAmbientCredentials: given.sopsAmbientCredentials,
    ...workloadSettings(given),
    env,
    allowClearTextIn: given.allowClearTextIn,
    overrideManagers: given.overrideManager,
    customApplyStageKinds: given.customApplyStageKinds,
  };
}

const WORKLOAD_GATE = "ObjectLevelWorkloadIdentity";

/** @throws {CliError} `CLI_BAD_FLAG` for gates that are none, and flags that mean nothing without theirs. */
function workloadSettings(
  given: Given,
): Pick<
  KustomizationSettings,
  "objectLevelWorkloadIdentity" | "defaultDecryptionServiceAccount" | "sopsVaultConfigMap"
> {
  let isOpen = false;
  for (const gate of given.featureGates.flatMap((text) => text.split(","))) {
    const [name, value] = gate.split("=");
    const isKnown = name === WORKLOAD_GATE && (value === "true" || value === "false");
    if (!isKnown) throw badGate(gate);
    isOpen = value === "true";
  }
  const account = given.defaultDecryptionServiceAccount || undefined;
  const configMap = given.sopsVaultConfigmap || undefined;
  const idle = account === undefined ? "sops-vault-configmap" : "default-decryption-service-account";
  if (!isOpen && (account !== undefined || configMap !== undefined)) {
    throw new CliError("CLI_BAD_FLAG", `Cannot use --${idle}: the feature gate ${WORKLOAD_GATE} is closed`, {
      hints: [`open it: --feature-gates ${WORKLOAD_GATE}=true`],
    });
  }
  return {
    objectLevelWorkloadIdentity: isOpen,
    defaultDecryptionServiceAccount: account,
    sopsVaultConfigMap: configMap,
  };
}

function badGate(gate: string): CliError {
  return new CliError("CLI_BAD_FLAG", `Cannot use ${JSON.stringify(gate)} for --feature-gates: there is no such gate`, {
    hints: [`there is one: --feature-gates ${WORKLOAD_GATE}=true`],
  });
}
