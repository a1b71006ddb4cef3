import { Decrypter, Encrypter, generateIdentity, identityToRecipient, armor as pem } from "age-encryption";
import { describe, expect, test } from "vitest";
import {
  decryptBytes,
  encryptBytes,
  generateX25519Identity,
  parseIdentity,
  parseRecipient,
  passphraseIdentity,
  passphraseRecipient,
} from "../../../src/age/index.ts";

/** Another implementation of the format, by its author, reads what we write and the other way round. */

const CHUNK = 65_536;
const pattern = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 255);
/** Comparing tens of thousands of elements one by one takes longer than the cipher. */
const same = (a: Uint8Array, b: Uint8Array) => Buffer.from(a).equals(b);
const lengths = [0, 1, 1000, CHUNK - 1, CHUNK, CHUNK + 1];

describe("typage", () => {
  test.each(lengths)("reads what we write: %d bytes", async (length) => {
    const secret = await generateIdentity();
    const recipient = parseRecipient(await identityToRecipient(secret));
    const theirs = new Decrypter();
    theirs.addIdentity(secret);
    const file = await encryptBytes(pattern(length), [recipient]);
    expect(same(await theirs.decrypt(file), pattern(length))).toBe(true);
    const text = new TextDecoder().decode(await encryptBytes(pattern(length), [recipient], { armor: true }));
    expect(same(await theirs.decrypt(pem.decode(text)), pattern(length))).toBe(true);
  });

  test.each(lengths)("writes what we read: %d bytes", async (length) => {
    const secret = generateX25519Identity();
    const identity = parseIdentity(secret);
    expect(identity.name).toBe(await identityToRecipient(secret));
    const theirs = new Encrypter();
    theirs.addRecipient(identity.name);
    const file = await theirs.encrypt(pattern(length));
    expect(same((await decryptBytes(file, [identity])).reveal(), pattern(length))).toBe(true);
    const armored = new TextEncoder().encode(pem.encode(file));
    expect(same((await decryptBytes(armored, [identity])).reveal(), pattern(length))).toBe(true);
  });

  test("agrees on passphrases", async () => {
    const theirs = new Decrypter();
    theirs.addPassphrase("pä ss");
    const own = await encryptBytes(pattern(10), [passphraseRecipient("pä ss", { logN: 6 })]);
    expect(await theirs.decrypt(own)).toEqual(pattern(10));
    const other = new Encrypter();
    other.setPassphrase("pä ss");
    other.setScryptWorkFactor(6);
    const file = await other.encrypt(pattern(10));
    expect((await decryptBytes(file, [passphraseIdentity("pä ss")])).reveal()).toEqual(pattern(10));
  });
});
