import type { KubeObject } from "../../src/objects/index.ts";
import { GIT_REPOSITORY_CRD } from "./gitrepository.ts";
import { KUSTOMIZATION_CRD } from "./kustomization.ts";
import { SEALED_SECRET_CRD } from "./sealedsecret.ts";

export { GIT_REPOSITORIES } from "./gitrepository.ts";
export { KUSTOMIZATIONS } from "./kustomization.ts";
export { SEALED_SECRETS } from "./sealedsecret.ts";

/** Every CustomResourceDefinition that the controller works with; `deploy/crds` is generated from them. */
export const CRDS: readonly KubeObject[] = [SEALED_SECRET_CRD, GIT_REPOSITORY_CRD, KUSTOMIZATION_CRD];
