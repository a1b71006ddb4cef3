import { primitives } from "#primitives";
import { encodeHex } from "../bytes/hex.ts";

/** `sha256:` and hex. Source: OCI image specification 1.1, digests. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${encodeHex(primitives.sha256(bytes))}`;
}
