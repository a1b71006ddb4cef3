import { constants, createDecipheriv, createPrivateKey, type KeyObject, privateDecrypt } from "node:crypto";

/**
 * Opens a sealed item without any code of ours. Undefined when it does not open.
 *
 * @param key a private key, or its PKCS#8 bytes.
 */
export function openItem(base64: string, label: string, key: KeyObject | Uint8Array): Buffer | undefined {
  try {
    const privateKey =
      key instanceof Uint8Array ? createPrivateKey({ key: Buffer.from(key), format: "der", type: "pkcs8" }) : key;
    const blob = Buffer.from(base64, "base64");
    const length = blob.readUInt16BE(0);
    const settings = { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
    const session = privateDecrypt({ ...settings, oaepLabel: Buffer.from(label) }, blob.subarray(2, 2 + length));
    const decipher = createDecipheriv("aes-256-gcm", session, Buffer.alloc(12));
    decipher.setAuthTag(blob.subarray(-16));
    return Buffer.concat([decipher.update(blob.subarray(2 + length, -16)), decipher.final()]);
  } catch {
    return undefined;
  }
}
