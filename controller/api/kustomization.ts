import type { ApiResource } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { AGE, apiResource, customResourceDefinition, READY, type ResourceDefinition } from "./crd.ts";
import {
  conditions,
  duration,
  flag,
  int64,
  list,
  localReference,
  object,
  type Schema,
  text,
  textMap,
  texts,
  time,
} from "./schema.ts";

const selector = (description: string): Schema =>
  object(description, {
    group: text("API group."),
    version: text("API version."),
    kind: text("Kind, as an anchored regular expression."),
    namespace: text("Namespace, as an anchored regular expression."),
    name: text("Name, as an anchored regular expression."),
    labelSelector: text("Labels, as `kubectl get -l` takes them."),
    annotationSelector: text("Annotations, in the form of a label selector."),
  });

const spec: Schema = object(
  "What to apply, from where, and how.",
  {
    interval: duration("How often to apply again."),
    retryInterval: duration("How soon to try again after a failure; default the interval."),
    timeout: duration("How long one apply with its health checks may take; default the interval less 30 seconds."),
    path: text("Folder within the artifact; default its root."),
    prune: flag("Whether objects that are no longer in the source are deleted."),
    deletionPolicy: text("What becomes of the objects when this one is deleted.", {
      enum: ["MirrorPrune", "Delete", "WaitForTermination", "Orphan"],
    }),
    sourceRef: object(
      "The source of the manifests.",
      {
        apiVersion: text("API version of the source."),
        kind: text("Kind of the source.", { enum: ["OCIRepository", "GitRepository", "Bucket", "ExternalArtifact"] }),
        name: text("Name of the source."),
        namespace: text("Namespace of the source; default that of this object."),
      },
      { required: ["kind", "name"] },
    ),
    suspend: flag("Whether applying pauses."),
    targetNamespace: text("Namespace that all objects are put into.", { minLength: 1, maxLength: 63 }),
    namePrefix: text("Put before the names of all objects.", { minLength: 1, maxLength: 200 }),
    nameSuffix: text("Put after the names of all objects.", { minLength: 1, maxLength: 200 }),
    commonMetadata: object("Metadata that all objects get.", {
      labels: textMap("Labels."),
      annotations: textMap("Annotations."),
    }),
    patches: list(
      "Changes to the objects.",
      object(
        "One change.",
        { patch: text("A strategic merge or JSON patch, in YAML."), target: selector("The objects that it is for.") },
        { required: ["patch"] },
      ),
    ),
    images: list(
      "Changes to images.",
      object(
        "One image.",
        {
          name: text("Name of the image as it is in the manifests."),
          newName: text("Name that takes its place."),
          newTag: text("Tag that takes its place."),
          digest: text("Digest that takes the place of the tag."),
        },
        { required: ["name"] },
      ),
    ),
    components: texts("Folders with kustomize components, relative to the path."),
    ignoreMissingComponents: flag("Whether a component that is not there is passed over."),
    postBuild: object("Variables that are filled in after the build.", {
      substitute: textMap("Variables with their values."),
      substituteFrom: list(
        "Objects whose items are variables.",
        object(
          "One such object.",
          {
            kind: text("Its kind.", { enum: ["Secret", "ConfigMap"] }),
            name: text("Its name.", { minLength: 1, maxLength: 253 }),
            optional: flag("Whether it may be missing.", { default: false }),
          },
          { required: ["kind", "name"] },
        ),
      ),
      substituteStrategy: text("Whether to substitute also when there are no variables.", {
        enum: ["WithVariables", "Always"],
      }),
    }),
    decryption: object(
      "How encrypted files are read.",
      {
        provider: text("The format.", { enum: ["sops"] }),
        secretRef: localReference("Secret with the private keys."),
        serviceAccountName: text("ServiceAccount whose identity a key service sees."),
      },
      { required: ["provider"] },
    ),
    healthChecks: list(
      "Objects that have to be healthy.",
      object(
        "One object.",
        {
          apiVersion: text("Its API version."),
          kind: text("Its kind."),
          name: text("Its name."),
          namespace: text("Its namespace."),
        },
        { required: ["kind", "name"] },
      ),
    ),
    healthCheckExprs: list(
      "What healthy means for a kind, as CEL expressions over the object.",
      object(
        "One kind.",
        {
          apiVersion: text("Its API version; the group counts."),
          kind: text("Its name."),
          current: text("Holds when the object is healthy."),
          inProgress: text("Holds while it is on its way."),
          failed: text("Holds when it will not become healthy."),
        },
        { required: ["apiVersion", "current"] },
      ),
    ),
    wait: flag("Whether all applied objects have to be healthy; healthChecks are ignored then."),
    dependsOn: list(
      "Kustomizations that have to be ready first.",
      object(
        "One of them.",
        {
          name: text("Its name."),
          namespace: text("Its namespace; default that of this object."),
          readyExpr: text("What ready means, as a CEL expression over `self` and `dep`."),
        },
        { required: ["name"] },
      ),
    ),
    force: flag("Whether objects with changed immutable fields are deleted and made again."),
    serviceAccountName: text("ServiceAccount of this namespace in whose name everything is applied."),
    kubeConfig: object(
      "Another cluster to apply to.",
      {
        secretRef: object(
          "Secret with a kubeconfig file.",
          { name: text("Its name."), key: text("Its item; default `value`, then `value.yaml`.") },
          { required: ["name"] },
        ),
        configMapRef: localReference("ConfigMap that says how to reach the cluster without a Secret."),
      },
      {
        "x-kubernetes-validations": [
          {
            rule: "has(self.configMapRef) != has(self.secretRef)",
            message: "exactly one of configMapRef and secretRef has to be set",
          },
        ],
      },
    ),
    buildMetadata: list("What the build notes on each object.", {
      type: "string",
      enum: ["originAnnotations", "transformerAnnotations"],
    }),
    ignore: list(
      "Fields that are left to others.",
      object(
        "Fields of some objects.",
        { paths: texts("The fields, as JSON pointers.", { minItems: 1 }), target: selector("The objects.") },
        { required: ["paths"] },
      ),
    ),
  },
  { required: ["interval", "prune", "sourceRef"] },
);

const status: Schema = object(
  "What was last applied.",
  {
    observedGeneration: int64("Generation of the spec that was last processed."),
    conditions: conditions(),
    lastAppliedRevision: text("Revision that was last applied."),
    lastAppliedOriginRevision: text("Revision of the origin that was last applied."),
    lastAttemptedRevision: text("Revision that was last tried."),
    lastHandledReconcileAt: text("The last request for a reconcile that was handled."),
    inventory: object(
      "The objects that were applied.",
      {
        entries: list(
          "One entry an object.",
          object(
            "One object.",
            { id: text("`<namespace>_<name>_<group>_<kind>`."), v: text("API version.") },
            { required: ["id", "v"] },
          ),
        ),
      },
      { required: ["entries"] },
    ),
    history: list(
      "The last results, newest first.",
      object(
        "One result.",
        {
          digest: text("Digest of what was applied."),
          firstReconciled: time("When it was first tried."),
          lastReconciled: time("When it was last tried."),
          lastReconciledDuration: text("How long the last try took."),
          lastReconciledStatus: text("How the last try ended."),
          totalReconciliations: int64("How often it was tried."),
          metadata: textMap("The revision and its origin."),
        },
        {
          required: [
            "digest",
            "firstReconciled",
            "lastReconciled",
            "lastReconciledDuration",
            "lastReconciledStatus",
            "totalReconciliations",
          ],
        },
      ),
    ),
  },
  { default: { observedGeneration: -1 } },
);

const definition: ResourceDefinition = {
  group: "kustomize.toolkit.fluxcd.io",
  version: "v1",
  kind: "Kustomization",
  plural: "kustomizations",
  shortNames: ["ks"],
  categories: ["all", "fluxcd", "fluxcd-appliers"],
  // Descriptions hold no variables, but a Kustomization that applies this file must not look for any.
  annotations: { "kustomize.toolkit.fluxcd.io/substitute": "disabled" },
  description: "Manifests of a source that are built, decrypted, applied and pruned regularly.",
  columns: [AGE, ...READY],
  spec,
  status,
};

/** kustomize.toolkit.fluxcd.io/v1 Kustomization, with every field of Flux 2.9. */
export const KUSTOMIZATIONS: ApiResource = apiResource(definition);

/** Its CustomResourceDefinition. */
export const KUSTOMIZATION_CRD: KubeObject = customResourceDefinition(definition);
