import { type Strategy, tableOf } from "../registry/resource-type.ts";
import {
  autoscalerStrategy,
  claimStrategy,
  countedStrategy,
  csiDriverStrategy,
  disruptionBudgetStrategy,
  endpointSliceStrategy,
  endpointsStrategy,
  ingressStrategy,
  leaseStrategy,
  limitRangeStrategy,
  mutatingWebhookStrategy,
  networkPolicyStrategy,
  priorityClassStrategy,
  quotaStrategy,
  storageClassStrategy,
  validatingWebhookStrategy,
  volumeStrategy,
} from "./cluster-kinds.ts";
import { configMapStrategy } from "./configmap.ts";
import { definitionStrategy } from "./custom-resource-definition.ts";
import { eventStrategy, modernEventStrategy } from "./event.ts";
import { namespaceStrategy } from "./namespace.ts";
import { bindingStrategy, roleStrategy } from "./rbac.ts";
import { secretStrategy } from "./secret.ts";
import { serviceStrategy } from "./service.ts";
import {
  cronJobStrategy,
  daemonSetStrategy,
  deploymentStrategy,
  jobStrategy,
  podStrategy,
  podTemplateStrategy,
  replicaSetStrategy,
  replicationControllerStrategy,
  statefulSetStrategy,
} from "./workloads.ts";

const RBAC = "rbac.authorization.k8s.io";
const ADMISSION = "admissionregistration.k8s.io";

const STRATEGIES: ReadonlyMap<string, Strategy> = new Map([
  [tableOf("", "secrets"), secretStrategy],
  [tableOf("", "configmaps"), configMapStrategy],
  [tableOf("", "namespaces"), namespaceStrategy],
  [tableOf("", "pods"), podStrategy],
  [tableOf("", "services"), serviceStrategy],
  [tableOf("", "replicationcontrollers"), replicationControllerStrategy],
  [tableOf("", "endpoints"), endpointsStrategy],
  [tableOf("", "events"), eventStrategy],
  [tableOf("", "persistentvolumeclaims"), claimStrategy],
  [tableOf("", "persistentvolumes"), volumeStrategy],
  [tableOf("", "limitranges"), limitRangeStrategy],
  [tableOf("", "resourcequotas"), quotaStrategy],
  [tableOf("apps", "deployments"), deploymentStrategy],
  [tableOf("apps", "replicasets"), replicaSetStrategy],
  [tableOf("apps", "statefulsets"), statefulSetStrategy],
  [tableOf("apps", "daemonsets"), daemonSetStrategy],
  [tableOf("batch", "jobs"), jobStrategy],
  [tableOf("batch", "cronjobs"), cronJobStrategy],
  [tableOf("coordination.k8s.io", "leases"), leaseStrategy],
  [tableOf("events.k8s.io", "events"), modernEventStrategy],
  [tableOf("discovery.k8s.io", "endpointslices"), endpointSliceStrategy],
  [tableOf("", "podtemplates"), podTemplateStrategy],
  [tableOf("autoscaling", "horizontalpodautoscalers"), autoscalerStrategy],
  [tableOf("policy", "poddisruptionbudgets"), disruptionBudgetStrategy],
  [tableOf("networking.k8s.io", "ingresses"), ingressStrategy],
  [tableOf("networking.k8s.io", "ingressclasses"), countedStrategy],
  [tableOf("networking.k8s.io", "networkpolicies"), networkPolicyStrategy],
  [tableOf("storage.k8s.io", "storageclasses"), storageClassStrategy],
  [tableOf("storage.k8s.io", "csidrivers"), csiDriverStrategy],
  [tableOf("scheduling.k8s.io", "priorityclasses"), priorityClassStrategy],
  [tableOf(RBAC, "roles"), roleStrategy],
  [tableOf(RBAC, "clusterroles"), roleStrategy],
  [tableOf(RBAC, "rolebindings"), bindingStrategy],
  [tableOf(RBAC, "clusterrolebindings"), bindingStrategy],
  [tableOf(ADMISSION, "validatingwebhookconfigurations"), validatingWebhookStrategy],
  [tableOf(ADMISSION, "mutatingwebhookconfigurations"), mutatingWebhookStrategy],
  [tableOf(ADMISSION, "validatingadmissionpolicies"), countedStrategy],
  [tableOf(ADMISSION, "validatingadmissionpolicybindings"), countedStrategy],
  [tableOf("apiextensions.k8s.io", "customresourcedefinitions"), definitionStrategy],
]);

const NOTHING_SPECIAL: Strategy = {};

/** What is particular to a built-in resource. */
export function strategyFor(group: string, plural: string): Strategy {
  return STRATEGIES.get(tableOf(group, plural)) ?? NOTHING_SPECIAL;
}
