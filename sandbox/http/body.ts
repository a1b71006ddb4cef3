import type { IncomingMessage } from "node:http";
import { isJsonObject, type JsonObject } from "../../src/objects/index.ts";
import type { SandboxLimits } from "../limits.ts";
import { badRequest, tooLarge } from "../status.ts";

/**
 * Reads a request body up to the limit.
 *
 * @throws StatusError 413
 */
export async function readBody(message: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const declared = Number(message.headers["content-length"] ?? 0);
  if (declared > limitBytes) throw tooLarge(limitBytes);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message) {
    bytes += chunk.length;
    if (bytes > limitBytes) throw tooLarge(limitBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @throws StatusError 400 when a value is nested too deeply or has a key that JavaScript gives a meaning to */
export function checkShape(value: unknown, limits: Pick<SandboxLimits, "bodyDepth">): void {
  const pending: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next.value !== "object" || next.value === null) continue;
    if (next.depth > limits.bodyDepth) throw badRequest(`exceeded max depth of ${limits.bodyDepth}`);
    if (!Array.isArray(next.value) && Object.hasOwn(next.value, "__proto__")) {
      throw badRequest('the key "__proto__" is not accepted');
    }
    for (const item of Object.values(next.value)) pending.push({ value: item, depth: next.depth + 1 });
  }
}

/** A JSON object or undefined; does not throw. */
export function parseJsonObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
