import type { ApiResource } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { AGE, apiResource, customResourceDefinition, READY, type ResourceDefinition } from "./crd.ts";
import {
  artifact,
  conditions,
  duration,
  flag,
  int64,
  list,
  localReference,
  object,
  type Schema,
  shortDuration,
  text,
  texts,
} from "./schema.ts";

const includes = (description: string): Schema =>
  list(
    description,
    object(
      "One included artifact.",
      {
        repository: localReference("The GitRepository whose artifact is included."),
        fromPath: text("Folder that is taken; default the root."),
        toPath: text("Folder that it is put into; default the repository's name."),
      },
      { required: ["repository"] },
    ),
  );

const definition: ResourceDefinition = {
  group: "source.toolkit.fluxcd.io",
  version: "v1",
  kind: "GitRepository",
  plural: "gitrepositories",
  shortNames: ["gitrepo"],
  categories: ["all", "fluxcd", "fluxcd-sources"],
  // Descriptions hold no variables, but a Kustomization that applies this file must not look for any.
  annotations: { "kustomize.toolkit.fluxcd.io/substitute": "disabled" },
  description: "A Git repository that is fetched regularly and offered as an artifact.",
  columns: [{ name: "URL", type: "string", jsonPath: ".spec.url" }, AGE, ...READY],
  spec: object(
    "What to fetch.",
    {
      url: text("URL of the repository: https, http or ssh.", { pattern: "^(http|https|ssh)://.*$" }),
      secretRef: localReference(
        "Secret with credentials: username and password, bearerToken, ca.crt, tls.crt and tls.key, or identity and known_hosts.",
      ),
      provider: text("Where credentials come from.", {
        enum: ["generic", "aws", "azure", "github"],
        default: "generic",
      }),
      serviceAccountName: text("ServiceAccount whose identity the provider gives credentials to."),
      interval: duration("How often to look for a new revision."),
      timeout: shortDuration("How long one fetch may take.", { default: "60s" }),
      ref: object(
        "What to check out. The first given of commit, name, semver, tag and branch counts; default `master`.",
        {
          branch: text("A branch."),
          tag: text("A tag."),
          semver: text("The newest tag within this range of versions."),
          name: text("A full reference such as `refs/pull/1/head`."),
          commit: text("A commit; with a branch only that branch is fetched."),
        },
      ),
      verify: object(
        "Signatures that must be there and fit.",
        {
          mode: text("What must be signed.", { enum: ["head", "HEAD", "Tag", "TagAndHEAD"], default: "HEAD" }),
          secretRef: localReference("Secret with the public keys of those whose signature counts."),
        },
        { required: ["secretRef"] },
      ),
      proxySecretRef: localReference("Secret with address, username and password of a proxy."),
      ignore: text("What of the repository is left out, in the form of a .gitignore file."),
      suspend: flag("Whether fetching pauses."),
      recurseSubmodules: flag("Whether submodules are fetched too."),
      include: includes("Artifacts of other repositories that are put into this one."),
      sparseCheckout: texts("The only folders that are checked out."),
    },
    {
      required: ["interval", "url"],
      "x-kubernetes-validations": [
        {
          rule: "!has(self.serviceAccountName) || (has(self.provider) && self.provider in ['aws', 'azure'])",
          message: "serviceAccountName can be set only with the provider 'aws' or 'azure'",
        },
      ],
    },
  ),
  status: object(
    "What was last fetched.",
    {
      observedGeneration: int64("Generation of the spec that was last processed."),
      conditions: conditions(),
      artifact: artifact("What is offered now."),
      includedArtifacts: list("Artifacts of other repositories that are in it.", artifact("One included artifact.")),
      observedIgnore: text("The ignore rules that the artifact was made with."),
      observedRecurseSubmodules: flag("Whether the artifact was made with submodules."),
      observedInclude: includes("The includes that the artifact was made with."),
      observedSparseCheckout: texts("The folders that the artifact was made of."),
      sourceVerificationMode: text("What was verified for the artifact."),
      lastHandledReconcileAt: text("The last request for a reconcile that was handled."),
    },
    { default: { observedGeneration: -1 } },
  ),
};

/** source.toolkit.fluxcd.io/v1 GitRepository, with every field of Flux 2.9. */
export const GIT_REPOSITORIES: ApiResource = apiResource(definition);

/** Its CustomResourceDefinition. */
export const GIT_REPOSITORY_CRD: KubeObject = customResourceDefinition(definition);
