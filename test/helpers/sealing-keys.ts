import type { UnsealingKey } from "../../src/sealed/index.ts";
import { certify, readPrivateKey, type SealingKeyPair } from "../../src/x509/index.ts";
import { takeRsaKey } from "./rsa-keys.ts";

const DAY_MS = 24 * 3600 * 1000;

/** A sealing key with 2048 bits, as 4096 take twice as long to open an item with; valid for ten years from `now`. */
export async function makeSealingKey({
  now = Date.now(),
  lifetimeMs = 3650 * DAY_MS,
  bits = 2048,
} = {}): Promise<SealingKeyPair> {
  const pem = takeRsaKey(bits).export({ type: "pkcs8", format: "pem" }).toString();
  return certify(readPrivateKey(pem), { now, lifetimeMs });
}

/** What a keyring wants to know of a sealing key. */
export function unsealingKey({ privateKey, certificate }: SealingKeyPair): UnsealingKey {
  return { ...privateKey, notBefore: certificate.notBefore };
}
