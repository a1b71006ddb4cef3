import type { ApiResource } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { AGE, apiResource, customResourceDefinition, type ResourceDefinition } from "./crd.ts";
import { flag, int64, list, object, text, textMap, texts, time } from "./schema.ts";

const definition: ResourceDefinition = {
  group: "bitnami.com",
  version: "v1alpha1",
  kind: "SealedSecret",
  plural: "sealedsecrets",
  description: "A Secret that only the cluster can read: its items are encrypted to the controller's certificate.",
  required: ["spec"],
  columns: [
    { name: "Status", type: "string", jsonPath: ".status.conditions[0].message" },
    { name: "Synced", type: "string", jsonPath: ".status.conditions[0].status" },
    AGE,
  ],
  spec: object(
    "What the Secret shall hold.",
    {
      encryptedData: textMap("The items, each encrypted for itself, in base64.", {
        "x-kubernetes-preserve-unknown-fields": true,
      }),
      data: text("A whole Secret encrypted as one value. Deprecated: use encryptedData.", { format: "byte" }),
      template: object("What the Secret gets beside its encrypted items.", {
        type: text("Type of the Secret."),
        immutable: flag("Whether the Secret can be changed after it was made."),
        data: {
          type: "object",
          description: "Templates of further items, which may use the decrypted ones.",
          nullable: true,
          additionalProperties: { type: "string", nullable: true },
        },
        metadata: object(
          "Metadata of the Secret.",
          {
            name: text("Ignored: the Secret has the name of the SealedSecret."),
            namespace: text("Ignored: the Secret is in the namespace of the SealedSecret."),
            labels: textMap("Labels of the Secret."),
            annotations: textMap("Annotations of the Secret."),
            finalizers: texts("Finalizers that a new Secret gets."),
          },
          { nullable: true, "x-kubernetes-preserve-unknown-fields": true },
        ),
      }),
    },
    { required: ["encryptedData"] },
  ),
  status: object("What the controller last saw and did.", {
    observedGeneration: int64("Generation of the spec that was last processed."),
    openedBy: texts("Fingerprints of the keys that opened the items; absent when they do not open."),
    digest: text("Proves to a controller with the same keys that the Secret is up to date; of no use to anybody else."),
    conditions: list(
      "The state of the Secret.",
      object(
        "One aspect of the state.",
        {
          type: text("Name of the aspect: Synced."),
          status: text("Whether it holds: True, False or Unknown."),
          reason: text("Why, in one word."),
          message: text("What went wrong; absent when all is well."),
          lastUpdateTime: time("When this was last written."),
          lastTransitionTime: time("When the status last changed."),
        },
        { required: ["status", "type"] },
      ),
    ),
  }),
};

/** bitnami.com/v1alpha1 SealedSecret. Source: the CRD of sealed-secrets 0.40 and its Helm chart's printer columns. */
export const SEALED_SECRETS: ApiResource = apiResource(definition);

/**
 * Its CustomResourceDefinition. Items of `template.data` may also be null (a template without text), which the original
 * refuses and its own client writes.
 */
export const SEALED_SECRET_CRD: KubeObject = customResourceDefinition(definition);
