import { constants, createPrivateKey, type KeyObject, privateDecrypt } from "node:crypto";
import type { PrivateKeyWork } from "./key-lanes.ts";

/**
 * Private-key operations on the thread that asks for them, each until it is done: for threads that have nothing else to do.
 *
 * @param pkcs8 PrivateKeyInfo, DER. Not needed any more afterwards.
 */
export function workHere(pkcs8: Uint8Array): PrivateKeyWork {
  const key = readKey(pkcs8);
  return {
    async decrypt(wrapped, label) {
      if (key === undefined) return "unusable";
      try {
        const padding = constants.RSA_PKCS1_OAEP_PADDING;
        const plain = privateDecrypt({ key, padding, oaepHash: "sha256", oaepLabel: label }, wrapped);
        return new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
      } catch {
        return undefined;
      }
    },
  };
}

function readKey(pkcs8: Uint8Array): KeyObject | undefined {
  try {
    return createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
  } catch {
    return undefined;
  }
}
