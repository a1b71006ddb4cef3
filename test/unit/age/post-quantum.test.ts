import { Decrypter, Encrypter, identityToRecipient, generateHybridIdentity as otherIdentity } from "age-encryption";
import { describe, expect, test } from "vitest";
import { dhkemSecret, hpkeOpen, KEM } from "../../../src/age/hpke.ts";
import {
  AgeError,
  decryptBytes,
  encryptBytes,
  generateHybridIdentity,
  generateX25519Identity,
  parseIdentity,
  parseRecipient,
  passphraseRecipient,
  recipientOf,
} from "../../../src/age/index.ts";
import { encodeBech32 } from "../../../src/bytes/bech32.ts";

const plain = new TextEncoder().encode("hello\n");

async function failure(work: Promise<unknown>): Promise<AgeError> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  if (!(error instanceof AgeError)) throw new Error(`expected an AgeError, got ${error}`);
  return error;
}

describe("mlkem768x25519", () => {
  test("what is written is read, by us and by another implementation, both ways", async () => {
    const secret = generateHybridIdentity();
    const identity = parseIdentity(secret);
    const name = await recipientOf(identity);
    expect(name).toBe(await identityToRecipient(secret));
    const file = await encryptBytes(plain, [parseRecipient(name)]);
    expect((await decryptBytes(file, [identity])).revealText()).toBe("hello\n");
    const reader = new Decrypter();
    reader.addIdentity(secret);
    expect(await reader.decrypt(file, "text")).toBe("hello\n");
    const theirs = await otherIdentity();
    const writer = new Encrypter();
    writer.addRecipient(await identityToRecipient(theirs));
    expect((await decryptBytes(await writer.encrypt("hi"), [parseIdentity(theirs)])).revealText()).toBe("hi");
  });

  test("a file for somebody else is no match", async () => {
    const [mine, theirs] = [generateHybridIdentity(), generateHybridIdentity()].map((text) => parseIdentity(text));
    if (mine === undefined || theirs === undefined) throw new Error("two identities");
    const file = await encryptBytes(plain, [parseRecipient(await recipientOf(theirs))]);
    expect((await failure(decryptBytes(file, [mine]))).code).toBe("AGE_NO_MATCH");
  });

  test.each(["age1pq", "age1tag", "age1tagpq"])("%s with a key that is none is refused", async (prefix) => {
    const bytes = { age1pq: 1216, age1tag: 33, age1tagpq: 1249 }[prefix] ?? 0;
    for (const byte of [0, 0xff]) {
      const text = encodeBech32(prefix, new Uint8Array(bytes).fill(byte));
      const error = await failure((async () => encryptBytes(plain, [parseRecipient(text)]))());
      expect(error.code).toBe("AGE_RECIPIENT_MALFORMED");
    }
  });
});

describe("files that keep their secret from quantum computers", () => {
  const classic = parseRecipient(parseIdentity(generateX25519Identity()).name);

  test("do not let a classic recipient or a passphrase in", async () => {
    const hybrid = parseRecipient(await recipientOf(parseIdentity(generateHybridIdentity())));
    for (const recipients of [
      [hybrid, classic],
      [classic, hybrid],
      [passphraseRecipient("x", { logN: 2 }), hybrid],
    ]) {
      const error = await failure(encryptBytes(plain, recipients));
      expect([error.code, error.original]).toEqual([
        "AGE_RECIPIENTS_MIXED",
        "incompatible recipients: can't mix post-quantum and classic recipients, or the file would be vulnerable to quantum computers",
      ]);
      expect(error.details.join().length).toBeLessThan(400);
    }
  });
});

describe("tagged recipients", () => {
  /** The headers of a file for `recipient`. */
  async function stanzaFor(
    recipient: string,
  ): Promise<readonly [type: string, tag: Buffer, share: Buffer, body: Buffer]> {
    const { stanzas } = await parseRecipient(recipient).wrap(new Uint8Array(16).fill(7));
    const [stanza] = stanzas;
    const [tag = "", share = ""] = stanza?.args ?? [];
    const body = Buffer.from(stanza?.body ?? []);
    return [stanza?.type ?? "", Buffer.from(tag, "base64"), Buffer.from(share, "base64"), body];
  }

  test("age1tag1: the holder of the key opens what was wrapped for it", async () => {
    const { p256 } = await import("@noble/curves/nist.js");
    const secret = p256.utils.randomSecretKey();
    const [type, tag, share, body] = await stanzaFor(encodeBech32("age1tag", p256.getPublicKey(secret, true)));
    expect([type, tag.length, share.length, body.length]).toEqual(["p256tag", 4, 65, 32]);
    const dh = p256.getSharedSecret(secret, share, true).subarray(1);
    const context = Buffer.concat([share, p256.getPublicKey(secret, false)]);
    const shared = dhkemSecret(KEM.p256, dh, context);
    expect(hpkeOpen(KEM.p256, shared, "age-encryption.org/p256tag", body)).toEqual(new Uint8Array(16).fill(7));
  });

  test("age1tagpq1: the holder of the key opens what was wrapped for it; it may share a file with age1pq1", async () => {
    const { MLKEM768P256 } = await import("@noble/post-quantum/hybrid.js");
    const { publicKey, secretKey } = MLKEM768P256.keygen();
    const recipient = encodeBech32("age1tagpq", publicKey);
    const [type, tag, share, body] = await stanzaFor(recipient);
    expect([type, tag.length, share.length, body.length]).toEqual(["mlkem768p256tag", 4, 1153, 32]);
    const shared = MLKEM768P256.decapsulate(share, secretKey);
    const info = "age-encryption.org/mlkem768p256tag";
    expect(hpkeOpen(KEM.mlkem768P256, shared, info, body)).toEqual(new Uint8Array(16).fill(7));
    const identity = parseIdentity(generateHybridIdentity());
    const both = [recipient, await recipientOf(identity)].map((text) => parseRecipient(text));
    expect((await decryptBytes(await encryptBytes(plain, both), [identity])).revealText()).toBe("hello\n");
  });
});
