import { OciError } from "./errors.ts";

/** Where something is in a registry: `oci://REGISTRY/REPOSITORY:TAG`. */
export interface OciReference {
  /** Host, with a port where one is given. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
}

/** Source: OCI distribution specification 1.1, names of repositories and tags. */
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const REGISTRY = /^[a-zA-Z0-9.-]+(?::[0-9]{1,5})?$|^\[[0-9a-fA-F:]+\](?::[0-9]{1,5})?$/;
const MAX_CHARS = 512;

/** Reads `oci://…`; without a tag it means `latest`. @throws {OciError} `OCI_BAD_REFERENCE` */
export function parseReference(text: string): OciReference {
  const rest = text.startsWith("oci://") ? text.slice("oci://".length) : text;
  const slash = rest.indexOf("/");
  const registry = rest.slice(0, Math.max(0, slash));
  const path = rest.slice(slash + 1);
  const colon = path.lastIndexOf(":");
  const repository = colon < 0 ? path : path.slice(0, colon);
  const tag = colon < 0 ? "latest" : path.slice(colon + 1);
  if (rest.length <= MAX_CHARS && REGISTRY.test(registry) && REPOSITORY.test(repository) && TAG.test(tag)) {
    return { registry, repository, tag };
  }
  throw new OciError("OCI_BAD_REFERENCE", "Cannot read the place in a registry: it is none", {
    details: ["wanted: oci://REGISTRY/REPOSITORY:TAG, the repository in small letters"],
  });
}

export function referenceText({ registry, repository, tag }: OciReference): string {
  return `oci://${registry}/${repository}:${tag}`;
}
