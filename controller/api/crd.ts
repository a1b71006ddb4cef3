import type { ApiResource } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import type { Schema } from "./schema.ts";

/** A column of `kubectl get`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "date";
  readonly jsonPath: string;
  readonly description?: string;
}

/** What makes one namespaced custom resource; everything else of its CustomResourceDefinition follows from it. */
export interface ResourceDefinition {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly description: string;
  readonly spec: Schema;
  readonly status: Schema;
  readonly required?: readonly string[];
  readonly columns: readonly PrinterColumn[];
}

export const AGE: PrinterColumn = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };

/** Columns of a kind with a Ready condition. */
export const READY: readonly PrinterColumn[] = [
  { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  { name: "Status", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].message' },
];

/** The CustomResourceDefinition (apiextensions.k8s.io/v1): one version, namespaced, with a status subresource. */
export function customResourceDefinition(of: ResourceDefinition): KubeObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${of.plural}.${of.group}`,
      ...(of.annotations === undefined ? {} : { annotations: { ...of.annotations } }),
    },
    spec: {
      group: of.group,
      names: {
        kind: of.kind,
        listKind: `${of.kind}List`,
        plural: of.plural,
        singular: of.kind.toLowerCase(),
        ...(of.shortNames === undefined ? {} : { shortNames: of.shortNames }),
        ...(of.categories === undefined ? {} : { categories: of.categories }),
      },
      scope: "Namespaced",
      versions: [
        {
          name: of.version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: of.columns,
          schema: {
            openAPIV3Schema: {
              type: "object",
              description: of.description,
              properties: {
                apiVersion: { type: "string" },
                kind: { type: "string" },
                metadata: { type: "object" },
                spec: of.spec,
                status: of.status,
              },
              ...(of.required === undefined ? {} : { required: of.required }),
            },
          },
        },
      ],
    },
  };
}

/** The address of the resource for a client. */
export function apiResource(of: ResourceDefinition): ApiResource {
  return { group: of.group, version: of.version, plural: of.plural, kind: of.kind, namespaced: true };
}
