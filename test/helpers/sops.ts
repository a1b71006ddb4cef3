import { createDecipheriv } from "node:crypto";
import { readFileSync } from "node:fs";
import { ClearText } from "../../src/clear-text.ts";
import type { IdentitySource } from "../../src/sops/index.ts";

const folder = new URL("../../fixtures/sops/", import.meta.url);

/** A file of `fixtures/sops`. */
export function sopsFixture(path: string): string {
  return readFileSync(new URL(path, folder), "utf8");
}

export const IDENTITY_A: string = sopsFixture("key-a.txt");
export const IDENTITY_B: string = sopsFixture("key-b.txt");
export const RECIPIENT_A: string = recipientOf(IDENTITY_A);
export const RECIPIENT_B: string = recipientOf(IDENTITY_B);

export const KEYS_A: readonly IdentitySource[] = [source("key-a.txt", IDENTITY_A)];
export const KEYS_B: readonly IdentitySource[] = [source("key-b.txt", IDENTITY_B)];

export function source(where: string, identities: string): IdentitySource {
  return { where, identities: ClearText.fromText(identities) };
}

function recipientOf(identity: string): string {
  return /age1[a-z0-9]+/.exec(identity)?.[0] ?? "";
}

/** An encrypted file without what differs from run to run: values, key, time. */
export function skeleton(text: string): string {
  return text
    .replace(/ENC\[AES256_GCM,data:[^\]]*,type:(\w+)\]/g, "ENC[$1]")
    .replace(/-----BEGIN AGE ENCRYPTED FILE-----[\s\S]*?-----END AGE ENCRYPTED FILE-----/g, "AGE")
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "TIME");
}

/** Random bytes for `encrypt`: the data key of the file is `FIXED_DATA_KEY`. */
export function fixedRandom(buffer: Uint8Array): void {
  buffer.fill(7);
}

export const FIXED_DATA_KEY: Uint8Array = Buffer.alloc(32, 7);

/** The envelopes of an encrypted file in their order, without that of the MAC. */
export function envelopesOf(text: string): string[] {
  return [...text.matchAll(/(mac"?[:= ]+"?|)(ENC\[[^\]]*\])/g)].flatMap(([, mac, whole = ""]) =>
    mac === "" ? [whole] : [],
  );
}

/** Opens an envelope under `FIXED_DATA_KEY` with nothing but node:crypto; undefined when the path is another one. */
export function openEnvelope(envelope: string, path: string): Buffer | undefined {
  const [, data = "", iv = "", tag = ""] = /data:(.*),iv:(.*),tag:(.*),type:/.exec(envelope) ?? [];
  const decipher = createDecipheriv("aes-256-gcm", FIXED_DATA_KEY, Buffer.from(iv, "base64"));
  decipher.setAAD(Buffer.from(path)).setAuthTag(Buffer.from(tag, "base64"));
  try {
    return Buffer.concat([decipher.update(data, "base64"), decipher.final()]);
  } catch {
    return undefined;
  }
}
