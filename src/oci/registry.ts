import { encodeUtf8 } from "../bytes/utf8.ts";
import { digestOf } from "./digest.ts";
import { OciError } from "./errors.ts";
import { fieldOf, parseJson } from "./json.ts";
import type { OciPorts, RegistryLogin } from "./ports.ts";
import { type OciReference, referenceText } from "./reference.ts";
import { MAX_ANSWER_BYTES, Session } from "./session.ts";
import { pushBlob, type UploadLimits } from "./upload.ts";

export interface RegistryOptions {
  readonly login?: RegistryLogin | undefined;
}

const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
/** An artifact without a configuration. Source: OCI image specification 1.1, guidance for artifacts. */
const EMPTY_TYPE = "application/vnd.oci.empty.v1+json";
const EMPTY = encodeUtf8("{}");
const MAX_MANIFEST_BYTES = 1024 * 1024;
const MAX_BLOB_BYTES = 64 * 1024 * 1024;

/**
 * Puts one file as an artifact of one layer under a tag; what was there before loses the tag. Returns the digest of the
 * manifest.
 *
 * @throws {OciError} `OCI_BAD_REFERENCE` for a place without a tag; and others.
 */
export async function pushFile(
  ports: OciPorts,
  reference: OciReference,
  file: { readonly content: Uint8Array; readonly mediaType: string; readonly artifactType: string },
  options: RegistryOptions & UploadLimits = {},
): Promise<string> {
  const { tag } = reference;
  if (tag === undefined || reference.digest !== undefined) {
    throw new OciError("OCI_BAD_REFERENCE", `Cannot write to ${referenceText(reference)}: a digest is no name`, {
      hints: ["name a tag: oci://REGISTRY/REPOSITORY:TAG"],
    });
  }
  const session = new Session(ports, reference, "pull,push", options.login);
  for (const content of [EMPTY, file.content]) await pushBlob(session, content, options);
  const manifest = encodeUtf8(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      artifactType: file.artifactType,
      config: { mediaType: EMPTY_TYPE, digest: digestOf(EMPTY), size: EMPTY.length },
      layers: [{ mediaType: file.mediaType, digest: digestOf(file.content), size: file.content.length }],
    }),
  );
  const digest = digestOf(manifest);
  const headers = { "content-type": MANIFEST_TYPE };
  const put = { wanted: [201, 200], body: manifest, headers };
  const answer = await session.ask("PUT", session.url(`manifests/${tag}`), put);
  if ((answer.header("docker-content-digest") ?? digest) !== digest) {
    throw session.failed("OCI_PROTOCOL", "it has stored another manifest than was sent");
  }
  return digest;
}

/** The file of an artifact with one layer; undefined when it is not there. @throws {OciError} */
export async function pullFile(
  ports: OciPorts,
  reference: OciReference,
  options: RegistryOptions = {},
): Promise<Uint8Array | undefined> {
  const session = new Session(ports, reference, "pull", options.login);
  const wanted = reference.digest ?? reference.tag ?? "latest";
  const headers = { accept: MANIFEST_TYPE };
  const request = { wanted: [200, 404], headers, maxBytes: MAX_MANIFEST_BYTES };
  const answer = await session.ask("GET", session.url(`manifests/${wanted}`), request);
  if (answer.status === 404) return undefined;
  if (reference.digest !== undefined && digestOf(answer.body) !== reference.digest) {
    throw session.failed("OCI_PROTOCOL", "it gives another manifest than that of the digest");
  }
  const { digest, size } = layerOf(answer.body, session);
  if (size > MAX_BLOB_BYTES) throw session.failed("OCI_TOO_LARGE", `it has ${size} bytes`);
  // On the way to it there may be answers that are longer than a short file.
  const maxBytes = Math.max(size, MAX_ANSWER_BYTES);
  const blob = await session.ask("GET", session.url(`blobs/${digest}`), { wanted: [200], maxBytes });
  if (digestOf(blob.body) !== digest) throw session.failed("OCI_PROTOCOL", "its bytes are not those of its digest");
  return blob.body;
}

/** The only layer of a manifest. */
function layerOf(body: Uint8Array, session: Session): { readonly digest: string; readonly size: number } {
  const layers: unknown = fieldOf(parseJson(body), "layers");
  const [layer, ...others]: readonly unknown[] = Array.isArray(layers) ? layers : [];
  const digest = fieldOf(layer, "digest");
  const size = fieldOf(layer, "size");
  const isWell = typeof digest === "string" && /^sha256:[0-9a-f]{64}$/.test(digest) && Number.isSafeInteger(size);
  if (!isWell || others.length > 0 || typeof size !== "number" || size < 0) {
    throw session.failed("OCI_PROTOCOL", "it is no artifact with one file");
  }
  return { digest, size };
}
