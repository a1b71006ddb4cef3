import { inspect } from "node:util";
import { expect } from "vitest";
import { KeyServiceError, type MasterKey } from "../../../src/sops/index.ts";

/** The error that a call of a key service ends in. Fails when it ends well, or in another kind of error. */
export async function failureOf(call: Promise<unknown>): Promise<KeyServiceError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof KeyServiceError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

/** Looks for secrets in everything that an error can show, causes and fields included. */
export function expectNoSecret(error: Error, secrets: readonly string[]): void {
  const all = inspect(error, { depth: 20, showHidden: true });
  for (const secret of secrets) expect(all.includes(secret), `shows ${secret}`).toBe(false);
}

/** A key with an `enc`. */
export function withEnc(key: MasterKey, enc: string): MasterKey {
  return { type: key.type, fields: new Map([...key.fields, ["enc", enc]]) };
}

/** A data key that can be recognised in any form it may leak in. */
export const CANARY_DATA_KEY: Uint8Array = new TextEncoder().encode("canary-data-key-0123456789abcdef");
export const CANARY_TEXTS: readonly string[] = [
  "canary-data-key",
  Buffer.from(CANARY_DATA_KEY).toString("base64"),
  Buffer.from(CANARY_DATA_KEY).toString("base64url"),
  Buffer.from(CANARY_DATA_KEY).toString("hex"),
];
