import { Buffer } from "node:buffer";
import { KubeError } from "./errors.ts";

const NEWLINE = 0x0a;

/**
 * Cuts a stream of bytes into lines of UTF-8 text, without their line feed. Empty lines are skipped; a last line
 * without line feed is dropped, because it is one that was cut.
 *
 * @throws {KubeError} `KUBE_TOO_LARGE` when a line is longer than `maxBytes`.
 */
export async function* lines(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const piece = chunk.subarray(start, end);
      start = end + 1;
      if (held + piece.length > maxBytes) throw tooLarge(maxBytes);
      const line = parts.length === 0 ? text(piece) : text(Buffer.concat([...parts, piece]));
      parts = [];
      held = 0;
      if (line !== "") yield line;
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start));
      held += chunk.length - start;
      if (held > maxBytes) throw tooLarge(maxBytes);
    }
  }
}

/**
 * The whole of a stream.
 *
 * @throws {KubeError} `KUBE_TOO_LARGE` when there is more than `maxBytes`.
 */
export async function collect(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    held += chunk.length;
    if (held > maxBytes) throw tooLarge(maxBytes);
    parts.push(chunk);
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

function tooLarge(maxBytes: number): KubeError {
  return new KubeError("KUBE_TOO_LARGE", `Cannot read the API server's answer: it is larger than ${maxBytes} bytes`);
}
