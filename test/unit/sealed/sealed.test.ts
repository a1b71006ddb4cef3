import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeUtf8 } from "../../../src/bytes/utf8.ts";
import {
  Keyring,
  SealedError,
  scopeLabel,
  sealItem,
  splitSealed,
  type UnsealingKey,
} from "../../../src/sealed/index.ts";
import { makeSealingKey, unsealingKey } from "../../helpers/sealing-keys.ts";

const DAY_MS = 86_400_000;
const T0 = Date.UTC(2026, 0, 1);
const [old, middle, young, large] = await Promise.all([
  makeSealingKey({ now: T0 }),
  makeSealingKey({ now: T0 + DAY_MS }),
  makeSealingKey({ now: T0 + 2 * DAY_MS }),
  makeSealingKey({ now: T0 + 3 * DAY_MS, bits: 3072 }),
]);
const label = scopeLabel("strict", "apps", "db");
const sealFor = (pair: typeof old, text = "value") => sealItem(pair.certificate.spki, encodeUtf8(text), label);
const ring = (...pairs: (typeof old)[]) => new Keyring(pairs.map(unsealingKey));

async function failure(opening: Promise<unknown>): Promise<SealedError> {
  const error = await opening.then(
    () => undefined,
    (reason) => reason,
  );
  if (!(error instanceof SealedError)) throw new Error(`expected a SealedError, got ${error}`);
  return error;
}

describe("scopeLabel()", () => {
  test.each([
    { scope: "strict", want: "ns/näme" },
    { scope: "namespace-wide", want: "ns" },
    { scope: "cluster-wide", want: "" },
  ] as const)("$scope is $want", ({ scope, want }) => {
    expect(scopeLabel(scope, "ns", "näme")).toEqual(encodeUtf8(want));
  });
});

describe("sealItem()", () => {
  test.each([0, 1, 16, 1000])("%d bytes have the layout of the format", async (length) => {
    const sealed = await sealItem(old.certificate.spki, new Uint8Array(length), label);
    expect([...sealed.subarray(0, 2)]).toEqual([1, 0]);
    expect(sealed.length).toBe(2 + 256 + length + 16);
  });

  test("the same value is never sealed to the same bytes", async () => {
    const [a, b] = [await sealFor(old), await sealFor(old)];
    expect(Buffer.from(a.subarray(2, 258)).equals(b.subarray(2, 258))).toBe(false);
    expect(Buffer.from(a.subarray(258)).equals(b.subarray(258))).toBe(false);
  });

  test("what is sealed opens, whatever it is", async () => {
    const keys = ring(old);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 40 }), async (plain, any) => {
        const { clearText, openedBy } = await keys.open(await sealItem(old.certificate.spki, plain, any), any);
        expect(clearText.reveal()).toEqual(plain);
        expect(openedBy).toBe(old.certificate.fingerprint);
      }),
      { numRuns: 25 },
    );
  });
});

describe("splitSealed()", () => {
  const blob = (first: readonly number[], zeros: number) => Uint8Array.of(...first, ...new Uint8Array(zeros));
  test.each([
    { name: "empty input", sealed: blob([], 0) },
    { name: "length prefix cut in half", sealed: blob([0], 0) },
    { name: "length prefix alone", sealed: blob([1, 0], 0) },
    { name: "key shorter than declared", sealed: blob([1, 0], 255) },
    { name: "tag one byte short", sealed: blob([0, 4], 4 + 15) },
    { name: "the largest length", sealed: blob([255, 255], 1000) },
  ])("$name is refused", ({ sealed }) => {
    expect(() => splitSealed(sealed)).toThrow(expect.objectContaining({ code: "SEALED_TRUNCATED" }));
  });

  test("an empty value leaves only the tag in body", () => {
    const { wrappedKey, body } = splitSealed(blob([0, 4], 4 + 16));
    expect([wrappedKey.length, body.length]).toEqual([4, 16]);
  });
});

describe("Keyring", () => {
  test("tries newest first, then says which keys it tried", async () => {
    const keys = ring(old, young, middle);
    const prints = [young, middle, old].map(({ certificate }) => certificate.fingerprint);
    expect(keys.fingerprints).toEqual(prints);
    const error = await failure(keys.open(await sealFor(await makeSealingKey()), label));
    expect([error.code, error.tried, error.original]).toEqual([
      "SEALED_NO_KEY_FITS",
      prints,
      "no key could decrypt secret",
    ]);
  });

  test("tries first what opened the object last time, then what opened anything last", async () => {
    const keys = ring(old, young, middle);
    await keys.open(await sealFor(middle), label);
    const stranger = await sealFor(await makeSealingKey());
    const print = ({ certificate }: typeof old) => certificate.fingerprint;
    expect((await failure(keys.open(stranger, label))).tried).toEqual([middle, young, old].map(print));
    const first = print(old);
    expect((await failure(keys.open(stranger, label, { first }))).tried).toEqual([old, middle, young].map(print));
    expect((await failure(keys.open(stranger, label, { first: "SHA256:gone" }))).tried[0]).toBe(print(middle));
  });

  test("passes over keys of another size", async () => {
    const error = await failure(ring(large, old).open(await sealFor(young), label));
    expect(error.tried).toEqual([old.certificate.fingerprint]);
    expect(error.details).toContain("not tried: 1 of another size than the item's 2048 bits");
  });

  test("a key that is no valid key does not keep the others from working", async () => {
    const broken: UnsealingKey = {
      fingerprint: "SHA256:broken",
      pkcs8: new Uint8Array(50),
      bits: 2048,
      notBefore: T0 * 2,
    };
    const keys = new Keyring([broken, unsealingKey(old)]);
    expect((await keys.open(await sealFor(old), label)).openedBy).toBe(old.certificate.fingerprint);
    const error = await failure(keys.open(await sealFor(young), label));
    expect(error.details).toContain("not valid as keys: SHA256:broken");
  });

  test("replace() takes keys away and adds others", async () => {
    const keys = ring(old);
    const sealed = await sealFor(old);
    await keys.open(sealed, label);
    keys.replace([unsealingKey(young)]);
    expect((await failure(keys.open(sealed, label))).tried).toEqual([young.certificate.fingerprint]);
    keys.replace([unsealingKey(young), unsealingKey(old), unsealingKey(old)]);
    expect(keys.fingerprints).toHaveLength(2);
    expect((await keys.open(sealed, label)).openedBy).toBe(old.certificate.fingerprint);
  });

  test("an empty one says that no key was tried", async () => {
    expect((await failure(new Keyring().open(await sealFor(old), label))).details).toEqual(["no key was tried"]);
  });

  test("lists few of many keys", async () => {
    const many = Array.from({ length: 30 }, (_, at) => ({ ...unsealingKey(old), fingerprint: `SHA256:${at}` }));
    const error = await failure(new Keyring(many).open(await sealFor(young), label));
    expect(error.tried).toHaveLength(30);
    expect(error.details[0]).toMatch(/ and 20 more$/);
  });

  test("many items at once, more than one key can do at a time, all open", async () => {
    const keys = new Keyring([unsealingKey(old)], { parallel: 2 });
    const items = await Promise.all(Array.from({ length: 25 }, (_, at) => sealFor(old, `value ${at}`)));
    const opened = await Promise.all(items.map((item) => keys.open(item, label)));
    expect(opened.map(({ clearText }) => clearText.revealText())).toEqual(items.map((_, at) => `value ${at}`));
  });

  test("the event loop turns while keys work", async () => {
    const keys = ring(large);
    const items = await Promise.all(Array.from({ length: 20 }, () => sealFor(large)));
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    await Promise.all(items.map((item) => keys.open(item, label)));
    expect(turned).toBe(true);
  });
});

describe("damage", () => {
  const keys = ring(old, young);

  test.each([
    { name: "another label", at: -1, label: scopeLabel("strict", "apps", "dc") },
    { name: "an empty label", at: -1, label: scopeLabel("cluster-wide", "apps", "db") },
    { name: "the first byte of the key", at: 2, label },
    { name: "the last byte of the key", at: 257, label },
    { name: "the first byte of the body", at: 258, label },
    { name: "the last byte of the tag", at: 258 + 20, label },
    { name: "the length prefix", at: 0, label },
  ])("$name: no key fits, and nothing is said about why", async ({ at, label: tried }) => {
    const sealed = Buffer.from(await sealFor(old));
    if (at >= 0) sealed[at] = (sealed[at] ?? 0) ^ 1;
    const error = await failure(keys.open(sealed, tried));
    expect(error.code).toMatch(/^SEALED_(NO_KEY_FITS|TRUNCATED)$/);
    expect(error.original).toBe("no key could decrypt secret");
  });

  test("cut anywhere, it never opens", async () => {
    const sealed = await sealFor(old, "x");
    for (let length = 0; length < sealed.length; length += length < 255 ? 50 : 1) {
      const error = await failure(keys.open(sealed.subarray(0, length), label));
      expect(error.original).toBe("no key could decrypt secret");
    }
  });

  test("a ciphertext larger than the modulus is refused", async () => {
    const sealed = Buffer.from(await sealFor(old));
    sealed.fill(0xff, 2, 258);
    expect((await failure(keys.open(sealed, label))).code).toBe("SEALED_NO_KEY_FITS");
  });
});
