import type { ApiResource } from "../kube/index.ts";

export const SECRETS: ApiResource = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true };

export const NAMESPACES: ApiResource = {
  group: "",
  version: "v1",
  plural: "namespaces",
  kind: "Namespace",
  namespaced: false,
};

export const SEALED_SECRETS: ApiResource = {
  group: "bitnami.com",
  version: "v1alpha1",
  plural: "sealedsecrets",
  kind: "SealedSecret",
  namespaced: true,
};

/** Items of a list may come without them. */
export const SEALED_SECRETS_TYPE = { apiVersion: "bitnami.com/v1alpha1", kind: "SealedSecret" } as const;

export const DEPLOYMENTS: ApiResource = {
  group: "apps",
  version: "v1",
  plural: "deployments",
  kind: "Deployment",
  namespaced: true,
};
