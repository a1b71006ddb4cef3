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
const lengths = [0, 1, 1000, CHUNK - 1, CHUNK, CHUNK + 1];

describe("typage", () => {
  test.each(lengths)("reads what we write: %d bytes", async (length) => {
    const secret = await generateIdentity();
    const recipient = parseRecipient(await identityToRecipient(secret));
    const theirs = new Decrypter();
    theirs.addIdentity(secret);
    const file = await encryptBytes(pattern(length), [recipient]);
    expect(await theirs.decrypt(file)).toEqual(pattern(length));
    const text = new TextDecoder().decode(await encryptBytes(pattern(length), [recipient], { armor: true }));
    expect(await theirs.decrypt(pem.decode(text))).toEqual(pattern(length));
  });

  test.each(lengths)("writes what we read: %d bytes", async (length) => {
    const secret = generateX25519Identity();
    const identity = parseIdentity(secret);
    expect(identity.name).toBe(await identityToRecipient(secret));
    const theirs = new Encrypter();
    theirs.addRecipient(identity.name);
    const file = await theirs.encrypt(pattern(length));
    expect((await decryptBytes(file, [identity])).reveal()).toEqual(pattern(length));
    const armored = new TextEncoder().encode(pem.encode(file));
    expect((await decryptBytes(armored, [identity])).reveal()).toEqual(pattern(length));
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
