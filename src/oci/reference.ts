import { OciError } from "./errors.ts";

/** Where something is in a registry: `oci://REGISTRY/REPOSITORY:TAG`, `oci://REGISTRY/REPOSITORY@sha256:…` or both. */
export interface OciReference {
  /** Host, with a port where one is given. */
  readonly registry: string;
  readonly repository: string;
  /** `latest` where neither tag nor digest is given; undefined where only a digest is. */
  readonly tag: string | undefined;
  /** `sha256:` and hex: then it is this manifest and no other, whatever the tag says. */
  readonly digest: string | undefined;
}

/** Source: OCI distribution specification 1.1, names of repositories and tags. */
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const REGISTRY = /^[a-zA-Z0-9.-]+(?::[0-9]{1,5})?$|^\[[0-9a-fA-F:]+\](?::[0-9]{1,5})?$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const MAX_CHARS = 512;

/** Reads `oci://…`. @throws {OciError} `OCI_BAD_REFERENCE` */
export function parseReference(text: string): OciReference {
  const rest = text.startsWith("oci://") ? text.slice("oci://".length) : text;
  const slash = rest.indexOf("/");
  const registry = rest.slice(0, Math.max(0, slash));
  const [path = "", digest, ...more] = rest.slice(slash + 1).split("@");
  const colon = path.lastIndexOf(":");
  const repository = colon < 0 ? path : path.slice(0, colon);
  const named = colon < 0 ? undefined : path.slice(colon + 1);
  const tag = named ?? (digest === undefined ? "latest" : undefined);
  const isWell =
    rest.length <= MAX_CHARS &&
    more.length === 0 &&
    REGISTRY.test(registry) &&
    REPOSITORY.test(repository) &&
    (tag === undefined || TAG.test(tag)) &&
    (digest === undefined || DIGEST.test(digest));
  if (isWell) return { registry, repository, tag, digest };
  throw new OciError("OCI_BAD_REFERENCE", "Cannot read the place in a registry: it is none", {
    details: [
      "wanted: oci://REGISTRY/REPOSITORY:TAG or oci://REGISTRY/REPOSITORY@sha256:…, the repository in small letters",
    ],
  });
}

export function referenceText({ registry, repository, tag, digest }: OciReference): string {
  return `oci://${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}
