import { digestOf } from "./digest.ts";
import type { Answer, Session } from "./session.ts";

/** A longer blob goes in chunks. */
const MAX_PUT_BYTES = 16 * 1024 * 1024;
/** What ECR takes at least (5 MiB), in the steps that Google takes (256 KiB). */
const CHUNK_BYTES = 8 * 1024 * 1024;
/** A registry may ask for larger chunks; larger than this it does not get them. */
const MAX_CHUNK_BYTES = 64 * 1024 * 1024;
const TOO_LARGE = 413;
const OCTETS = "application/octet-stream";

export interface UploadLimits {
  /** The longest blob that goes in one request. */
  readonly maxPutBytes?: number | undefined;
  readonly chunkBytes?: number | undefined;
}

/**
 * Puts a blob into a repository, unless it is there: in one request; in chunks when it is long, or when the registry, or
 * what stands before it, finds the one request too large.
 *
 * Source: OCI distribution specification 1.1, pushing a blob monolithically, and in chunks.
 *
 * @throws {OciError}
 */
export async function pushBlob(session: Session, content: Uint8Array, limits: UploadLimits = {}): Promise<void> {
  const digest = digestOf(content);
  // Some registries let nobody look who may only push.
  const there = await session.ask("HEAD", session.url(`blobs/${digest}`), { wanted: [200, 403, 404, 405] });
  if (there.status === 200) return;
  if (content.length <= (limits.maxPutBytes ?? MAX_PUT_BYTES)) {
    const { target } = await begin(session);
    const headers = { "content-type": OCTETS };
    const put = { wanted: [201, TOO_LARGE], body: content, headers };
    if ((await session.ask("PUT", withDigest(target, digest), put)).status !== TOO_LARGE) return;
  }
  await pushChunks(session, content, digest, limits.chunkBytes ?? CHUNK_BYTES);
}

async function pushChunks(session: Session, content: Uint8Array, digest: string, least: number): Promise<void> {
  const { target: first, minChunkBytes } = await begin(session);
  const chunkBytes = Math.min(Math.max(least, minChunkBytes), MAX_CHUNK_BYTES);
  let target = first;
  for (let at = 0; at < content.length; at += chunkBytes) {
    const chunk = content.subarray(at, at + chunkBytes);
    const end = at + chunk.length - 1;
    const headers = { "content-type": OCTETS, "content-range": `${at}-${end}` };
    const answer = await session.ask("PATCH", target, { wanted: [202], body: chunk, headers });
    const range = answer.header("range");
    if (range !== undefined && range !== `0-${end}`) {
      throw session.failed("OCI_PROTOCOL", `it took another part of the file than was sent: ${range.slice(0, 40)}`);
    }
    target = locationIn(answer, session);
  }
  await session.ask("PUT", withDigest(target, digest), { wanted: [201], headers: { "content-type": OCTETS } });
}

async function begin(session: Session): Promise<{ readonly target: URL; readonly minChunkBytes: number }> {
  const begun = await session.ask("POST", session.url("blobs/uploads/"), { wanted: [202] });
  const asked = Number(begun.header("oci-chunk-min-length") ?? "0");
  return { target: locationIn(begun, session), minChunkBytes: Number.isSafeInteger(asked) ? asked : 0 };
}

function locationIn(answer: Answer, session: Session): URL {
  const location = answer.header("location");
  if (location === undefined) throw session.failed("OCI_PROTOCOL", "it does not say where to upload to");
  return session.resolve(location);
}

/** The rest of the query stays byte by byte: it may be signed. */
function withDigest(target: URL, digest: string): URL {
  const url = new URL(target);
  url.search = `${target.search === "" ? "?" : `${target.search}&`}digest=${encodeURIComponent(digest)}`;
  return url;
}
