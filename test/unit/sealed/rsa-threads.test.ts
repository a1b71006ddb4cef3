import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeUtf8 } from "../../../src/bytes/utf8.ts";
import { Keyring, sealItem } from "../../../src/sealed/index.ts";
import { type RsaThreads, startRsaThreads } from "../../../src/sealed/rsa-threads-adapter.ts";
import type { SealingKeyPair } from "../../../src/x509/index.ts";
import { makeSealingKey, unsealingKey } from "../../helpers/sealing-keys.ts";

const LABEL = encodeUtf8("apps/db");
let keys: SealingKeyPair[];
let threads: RsaThreads;
beforeAll(async () => {
  keys = [await makeSealingKey({ now: 1 }), await makeSealingKey({ now: 86_400_000 })];
  threads = startRsaThreads(2);
});
afterAll(() => threads.close());

const ring = (of = keys) => new Keyring(of.map(unsealingKey), { work: threads.workWith });
const seal = (text: string, key: SealingKeyPair) => sealItem(key.certificate.spki, encodeUtf8(text), LABEL);

describe("private-key work in threads", () => {
  test("opens what each key was used for, more items at once than there are threads", async () => {
    const keyring = ring();
    const items = await Promise.all(Array.from({ length: 20 }, (_, at) => seal(`value ${at}`, keys[at % 2]!)));
    const opened = await Promise.all(items.map((item) => keyring.open(item, LABEL)));
    expect(opened.map(({ clearText }) => clearText.revealText())).toEqual(items.map((_, at) => `value ${at}`));
    expect(new Set(opened.map(({ openedBy }) => openedBy)).size).toBe(2);
  });

  test("says the same as WebCrypto of what does not open", async () => {
    const [item, foreign] = [await seal("x", keys[0]!), await seal("x", keys[1]!)];
    const damaged = Uint8Array.from(item, (byte, at) => (at === 100 ? byte ^ 1 : byte));
    const cases: [Uint8Array, Uint8Array][] = [
      [item, encodeUtf8("apps/other")],
      [foreign, LABEL],
      [damaged, LABEL],
    ];
    const here = new Keyring([unsealingKey(keys[0]!)]);
    for (const [bytes, label] of cases) {
      const told = async (keyring: Keyring) =>
        keyring.open(bytes, label).then(
          () => "opened",
          (error: unknown) => JSON.stringify(error),
        );
      expect(await told(ring([keys[0]!]))).toBe(await told(here));
    }
  });

  test("a key that is none is named as such, and the others go on", async () => {
    const broken = { ...unsealingKey(keys[1]!), fingerprint: "SHA256:broken", pkcs8: Uint8Array.of(1, 2, 3) };
    const keyring = new Keyring([broken, unsealingKey(keys[0]!)], { work: threads.workWith });
    expect((await keyring.open(await seal("x", keys[0]!), LABEL)).openedBy).toBe(keys[0]!.privateKey.fingerprint);
    const alone = new Keyring([broken], { work: threads.workWith });
    await expect(alone.open(await seal("x", keys[0]!), LABEL)).rejects.toMatchObject({
      details: ["no key was tried", "not valid as keys: SHA256:broken"],
    });
  });

  test("a key that was taken off the ring opens no more; one that is put on does", async () => {
    const keyring = ring();
    const item = await seal("x", keys[0]!);
    await keyring.open(item, LABEL);
    keyring.replace([unsealingKey(keys[1]!)]);
    await expect(keyring.open(item, LABEL)).rejects.toMatchObject({ code: "SEALED_NO_KEY_FITS" });
    keyring.replace(keys.map(unsealingKey));
    expect((await keyring.open(item, LABEL)).clearText.revealText()).toBe("x");
  });

  test("after the end an operation fails, instead of looking like a key that does not fit", async () => {
    const own = startRsaThreads(1);
    const keyring = new Keyring([unsealingKey(keys[0]!)], { work: own.workWith });
    const item = await seal("x", keys[0]!);
    const pending = keyring.open(item, LABEL).catch((error: unknown) => error);
    await own.close();
    expect([String(await pending), String(await keyring.open(item, LABEL).catch((error: unknown) => error))]).toEqual([
      expect.stringMatching(/threads? for private-key operations/),
      expect.stringMatching(/threads for private-key operations are closed/),
    ]);
  });
});

describe("private-key work on the shared pool", () => {
  test("runs no more operations at once than it is told, whatever their keys", async () => {
    const keyring = new Keyring(keys.map(unsealingKey), { parallel: 1 });
    const items = await Promise.all(keys.flatMap((key) => [seal("a", key), seal("b", key), seal("c", key)]));
    const { subtle } = globalThis.crypto;
    const decrypt = subtle.decrypt.bind(subtle);
    let [running, most] = [0, 0];
    subtle.decrypt = async (...call) => {
      running += 1;
      most = Math.max(most, running);
      try {
        return await decrypt(...call);
      } finally {
        running -= 1;
      }
    };
    try {
      await Promise.all(items.map((item) => keyring.open(item, LABEL)));
    } finally {
      subtle.decrypt = decrypt;
    }
    expect(most).toBe(1);
  });
});
