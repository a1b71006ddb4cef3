import { fieldAt, type KubeObject, listAt, splitApiVersion, textAt } from "../../objects/index.ts";

/** A Secret or ConfigMap that an object cannot do without. */
export interface Input {
  readonly kind: "Secret" | "ConfigMap";
  readonly namespace: string;
  readonly name: string;
  /** The entry that has to be in it; undefined for any. */
  readonly item: string | undefined;
}

/** Ending of the API groups of Flux. */
export const FLUX_GROUPS = ".toolkit.fluxcd.io";

/** Fields of Flux's objects that name a Secret. */
const FLUX_SECRETS = ["secretRef", "certSecretRef", "proxySecretRef"] as const;

/**
 * What an object needs of Secrets, and a HelmRelease of ConfigMaps: pods for their environment, volumes and images, objects
 * of Flux for values and logins. What is marked as optional is none of it; each is named once.
 */
export function inputsOf(object: KubeObject): readonly Input[] {
  const { group } = splitApiVersion(object.apiVersion);
  const found = group.endsWith(FLUX_GROUPS) ? fluxInputs(object) : podInputs(podSpecOf(object));
  const namespace = object.metadata.namespace ?? "";
  const inputs = new Map<string, Input>();
  for (const { kind = "Secret", name, item } of found) {
    if (name === undefined || name === "") continue;
    inputs.set(JSON.stringify([kind, name, item]), { kind, namespace, name, item });
  }
  return [...inputs.values()];
}

interface Named {
  readonly kind?: "Secret" | "ConfigMap";
  readonly name: string | undefined;
  readonly item?: string | undefined;
}

/** Source: Flux, API of HelmRelease (`valuesFrom`, whose entry is `values.yaml` unless said otherwise), of sources and of notifications. */
function fluxInputs({ spec }: KubeObject): readonly Named[] {
  const values = listAt(spec, "valuesFrom").flatMap((from): Named[] => {
    const kind = textAt(from, "kind");
    if (fieldAt(from, "optional") === true || (kind !== "Secret" && kind !== "ConfigMap")) return [];
    return [{ kind, name: textAt(from, "name"), item: textAt(from, "valuesKey") ?? "values.yaml" }];
  });
  const logins = [
    ...FLUX_SECRETS.map((field) => textAt(spec, field, "name")),
    textAt(spec, "verify", "secretRef", "name"),
    textAt(spec, "kubeConfig", "secretRef", "name"),
  ];
  return [...values, ...logins.map((name) => ({ name }))];
}

function podSpecOf({ kind, spec }: KubeObject): unknown {
  if (kind === "Pod") return spec;
  if (kind === "CronJob") return fieldAt(spec, "jobTemplate", "spec", "template", "spec");
  return fieldAt(spec, "template", "spec");
}

/** Source: Kubernetes, API of pods: `env`, `envFrom`, `volumes`, `imagePullSecrets`. */
function podInputs(pod: unknown): readonly Named[] {
  const containers = ["containers", "initContainers"].flatMap((field) => listAt(pod, field));
  const variables = containers.flatMap((container) => listAt(container, "env"));
  const volumes = listAt(pod, "volumes");
  const references: readonly (readonly [unknown, string])[] = [
    ...variables.map((one) => [fieldAt(one, "valueFrom", "secretKeyRef"), "name"] as const),
    ...containers.flatMap((one) => listAt(one, "envFrom")).map((one) => [fieldAt(one, "secretRef"), "name"] as const),
    ...volumes.map((volume) => [fieldAt(volume, "secret"), "secretName"] as const),
    ...volumes
      .flatMap((volume) => listAt(volume, "projected", "sources"))
      .map((source) => [fieldAt(source, "secret"), "name"] as const),
    ...listAt(pod, "imagePullSecrets").map((one) => [one, "name"] as const),
  ];
  return references
    .filter(([reference]) => fieldAt(reference, "optional") !== true)
    .map(([reference, field]) => ({ name: textAt(reference, field), item: textAt(reference, "key") }));
}
