import { keyOf } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import type { Labels, Metrics } from "../metrics.ts";
import type { FailureReason } from "./act.ts";

const PREFIX = "sealed_secrets_controller_";
const INSTANCE = "ss_app_kubernetes_io_instance";

/** The metrics of SealedSecrets, by the names that dashboards and alerts know. */
export interface SealedSecretMetrics {
  attempted(): void;
  failed(reason: FailureReason | "status", namespace: string): void;
  /** 1 when the last pass went well, -1 when it did not. */
  condition(object: KubeObject, synced: boolean): void;
  gone(object: KubeObject): void;
}

export function sealedSecretMetrics(
  metrics: Metrics,
  options: { readonly revision: string; readonly omitObjects: boolean },
): SealedSecretMetrics {
  const requests = metrics.counter({
    name: `${PREFIX}unseal_requests_total`,
    help: "Total number of sealed secret unseal requests",
  });
  const errors = metrics.counter({
    name: `${PREFIX}unseal_errors_total`,
    help: "Total number of sealed secret unseal errors by reason",
    labels: ["reason", "namespace"],
  });
  const condition = metrics.gauge({
    name: `${PREFIX}condition_info`,
    help: "Current SealedSecret condition status. Values are -1 (false), 0 (unknown or absent), 1 (true)",
    labels: ["namespace", "name", "condition", INSTANCE],
  });
  metrics
    .gauge({ name: `${PREFIX}build_info`, help: "Build information.", labels: ["revision"] })
    .set({ revision: options.revision }, 0);
  // A series is taken away under the labels it was set with: those of the object may have changed since.
  const series = new Map<string, Labels>();
  const remove = (object: KubeObject) => {
    const key = keyOf(object);
    const labels = series.get(key);
    if (labels !== undefined) condition.remove(labels);
    series.delete(key);
  };
  return {
    attempted: () => requests.inc(),
    failed: (reason, namespace) => errors.inc({ reason, namespace }),
    condition: (object, synced) => {
      if (options.omitObjects) return;
      const labels = conditionLabels(object);
      if (series.get(keyOf(object))?.[INSTANCE] !== labels[INSTANCE]) remove(object);
      condition.set(labels, synced ? 1 : -1);
      series.set(keyOf(object), labels);
    },
    gone: remove,
  };
}

function conditionLabels({ metadata }: KubeObject): Labels {
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name ?? "",
    condition: "Synced",
    [INSTANCE]: metadata.labels?.["app.kubernetes.io/instance"] ?? "",
  };
}
