import { setTimeout as delay } from "node:timers/promises";
import { type Artifact, digestOf } from "./artifact.ts";
import { SourceError } from "./errors.ts";

export interface FetchOptions {
  /** Attempts after the first. */
  readonly retries?: number;
  /** Of the whole file. */
  readonly maxBytes?: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_RETRIES = 9;
const DEFAULT_MAX_BYTES = 110 * 1024 * 1024;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 1000;

/**
 * Downloads an artifact and checks its digest. Connection errors and 5xx are tried again; redirects are not followed.
 *
 * @throws {SourceError} `SOURCE_ARTIFACT_MISSING` (404), `SOURCE_FETCH_FAILED`, `SOURCE_DIGEST_MISMATCH`,
 *   `SOURCE_ARTIFACT_TOO_LARGE`, `SOURCE_ARTIFACT_REFUSED` (not an http URL, or a digest of an unknown kind).
 */
export async function fetchArtifact(
  artifact: Pick<Artifact, "url" | "digest">,
  { retries = DEFAULT_RETRIES, maxBytes = DEFAULT_MAX_BYTES, timeoutMs, signal }: FetchOptions,
): Promise<Uint8Array> {
  if (!/^https?:\/\//.test(artifact.url)) throw refused(artifact.url, "its URL is not http or https");
  if (!/^sha256:[0-9a-f]{64}$/.test(artifact.digest)) throw refused(artifact.url, "its digest is not a SHA-256");
  const stop = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]);
  for (let attempt = 0; ; attempt++) {
    const result = await once(artifact.url, maxBytes, stop);
    if (result instanceof Uint8Array) {
      if (digestOf(result) === artifact.digest) return result;
      throw new SourceError("SOURCE_DIGEST_MISMATCH", `Cannot use artifact "${artifact.url}": its digest differs`, {
        details: [`expected: ${artifact.digest}`, `found: ${digestOf(result)}`],
        hints: ["it is fetched again when the source is reconciled"],
      });
    }
    if (attempt >= retries || stop.aborted) {
      throw new SourceError("SOURCE_FETCH_FAILED", `Cannot fetch artifact "${artifact.url}": ${result.problem}`);
    }
    await delay(Math.min(FIRST_DELAY_MS * 2 ** attempt, MAX_DELAY_MS), undefined, { signal: stop }).catch(
      () => undefined,
    );
  }
}

async function once(url: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array | { problem: string }> {
  try {
    const response = await fetch(url, { signal, redirect: "manual", headers: { accept: "*/*" } });
    if (response.status === 404) {
      await response.body?.cancel();
      throw new SourceError("SOURCE_ARTIFACT_MISSING", `Cannot fetch artifact "${url}": it is not there any more`, {
        hints: ["reconcile its source: it stores the artifact again"],
      });
    }
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      const problem = `the server answered ${response.status}`;
      if (response.status >= 500) return { problem };
      throw new SourceError("SOURCE_FETCH_FAILED", `Cannot fetch artifact "${url}": ${problem}`);
    }
    return await collect(response.body, url, maxBytes);
  } catch (error) {
    if (error instanceof SourceError) throw error;
    return { problem: problemOf(error, signal) };
  }
}

async function collect(body: ReadableStream<Uint8Array>, url: string, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new SourceError("SOURCE_ARTIFACT_TOO_LARGE", `Cannot fetch artifact "${url}": more than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  const whole = Buffer.concat(chunks);
  return new Uint8Array(whole.buffer, whole.byteOffset, whole.byteLength);
}

function problemOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return "it took too long, or was stopped";
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause ? String(cause.code) : "the connection failed";
}

function refused(url: string, why: string): SourceError {
  return new SourceError("SOURCE_ARTIFACT_REFUSED", `Cannot use artifact "${url.slice(0, 200)}": ${why}`);
}
