import { constants, createPublicKey, privateDecrypt } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { encodeUtf8 } from "../../../src/bytes/utf8.ts";
import { primitives as node } from "../../../src/crypto/node.ts";
import type { Primitives } from "../../../src/crypto/port.ts";
import { primitives as web } from "../../../src/crypto/web.ts";
import { takeRsaKey } from "../../helpers/rsa-keys.ts";

const hex = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString("hex"));
const unhex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));
const fill = (length: number, byte: number) => new Uint8Array(length).fill(byte);

interface Answer {
  readonly name: string;
  readonly run: (primitives: Primitives) => Uint8Array | undefined | Promise<Uint8Array | undefined>;
  readonly want: string | undefined;
}

/** Known answers of FIPS 180-4, RFC 4231, 5869, 7748, 7914 and the GCM paper. */
const ANSWERS: readonly Answer[] = [
  {
    name: "sha256 of abc in two parts",
    run: (p) => p.sha256(encodeUtf8("a"), encodeUtf8("bc")),
    want: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  },
  {
    name: "sha512 of abc",
    run: (p) => p.sha512(encodeUtf8("abc")),
    want:
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  },
  {
    name: "Ed25519 public key, RFC 8032 test 1",
    run: (p) => p.ed25519PublicKey(unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")),
    want: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  },
  {
    name: "HMAC-SHA-256, RFC 4231 case 2",
    run: (p) => p.hmacSha256(encodeUtf8("Jefe"), encodeUtf8("what do ya want "), encodeUtf8("for nothing?")),
    want: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  },
  {
    name: "HKDF-SHA-256, RFC 5869 case 1",
    run: (p) => p.hkdfSha256(fill(22, 0x0b), unhex("000102030405060708090a0b0c"), unhex("f0f1f2f3f4f5f6f7f8f9"), 42),
    want: "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  },
  {
    name: "HKDF-SHA-256 without salt and info, RFC 5869 case 3",
    run: (p) => p.hkdfSha256(fill(22, 0x0b), fill(0, 0), "", 42),
    want: "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
  },
  {
    name: "X25519, RFC 7748 §5.2",
    run: (p) =>
      p.x25519(
        unhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
        unhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
      ),
    want: "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
  },
  {
    name: "X25519 of the base point, RFC 7748 §5.2 after one iteration",
    run: (p) => p.x25519Base(Uint8Array.of(9, ...fill(31, 0))),
    want: "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079",
  },
  { name: "X25519 with the point 0", run: (p) => p.x25519(fill(32, 7), fill(32, 0)), want: undefined },
  {
    name: "X25519 with the point 1 (low order)",
    run: (p) => p.x25519(fill(32, 7), Uint8Array.of(1, ...fill(31, 0))),
    want: undefined,
  },
  {
    name: "X25519 with a point of order 8",
    run: (p) => p.x25519(fill(32, 7), unhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")),
    want: undefined,
  },
  {
    name: "AES-256-GCM, test case 14",
    run: (p) => p.aes256GcmSeal(fill(32, 0), fill(12, 0), fill(16, 0)),
    want: "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
  },
  {
    name: "scrypt, RFC 7914 (N = 16384)",
    run: (p) => p.scrypt(encodeUtf8("pleaseletmein"), encodeUtf8("SodiumChloride"), 14),
    want: "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2",
  },
];

describe.each([
  { form: "node", primitives: node, other: web },
  { form: "web", primitives: web, other: node },
])("$form form", ({ primitives, other }) => {
  test.each(ANSWERS)("$name", async ({ run, want }) => expect(hex(await run(primitives))).toBe(want));

  test.each([0, 1, 15, 16, 17, 1000])(
    "ChaCha20-Poly1305 of %d bytes is what the other form makes and opens",
    (length) => {
      const [key, nonce, plain] = [fill(32, 1), fill(12, 2), fill(length, 3)];
      const sealed = primitives.chacha20Poly1305Seal(key, nonce, plain);
      expect(sealed.length).toBe(length + 16);
      expect(hex(other.chacha20Poly1305Seal(key, nonce, plain))).toBe(hex(sealed));
      expect(hex(other.chacha20Poly1305Open(key, nonce, sealed))).toBe(hex(plain));
    },
  );

  test.each([
    { name: "12-byte nonce", nonce: 12, aad: undefined },
    { name: "32-byte nonce and data", nonce: 32, aad: encodeUtf8("a:b:") },
    { name: "8-byte nonce", nonce: 8, aad: fill(0, 0) },
  ])("AES-256-GCM with $name is what the other form makes and opens", ({ nonce: size, aad }) => {
    const [key, nonce, plain] = [fill(32, 1), fill(size, 2), fill(100, 3)];
    const sealed = primitives.aes256GcmSeal(key, nonce, plain, aad);
    expect(hex(other.aes256GcmSeal(key, nonce, plain, aad))).toBe(hex(sealed));
    expect(hex(other.aes256GcmOpen(key, nonce, sealed, aad))).toBe(hex(plain));
    expect(primitives.aes256GcmOpen(key, nonce, sealed, encodeUtf8("other"))).toBeUndefined();
  });

  const sealers = [
    { name: "ChaCha20-Poly1305", seal: primitives.chacha20Poly1305Seal, open: primitives.chacha20Poly1305Open },
    { name: "AES-256-GCM", seal: primitives.aes256GcmSeal, open: primitives.aes256GcmOpen },
  ];
  const damages = [
    { damage: "first bit", at: (sealed: Uint8Array) => sealed.with(0, (sealed[0] ?? 0) ^ 1) },
    { damage: "last bit of the tag", at: (sealed: Uint8Array) => sealed.with(-1, (sealed.at(-1) ?? 0) ^ 0x80) },
    { damage: "tag cut by a byte", at: (sealed: Uint8Array) => sealed.subarray(0, -1) },
    { damage: "tag cut to 12 bytes", at: (sealed: Uint8Array) => sealed.subarray(0, -4) },
    { damage: "less than a tag", at: (sealed: Uint8Array) => sealed.subarray(0, 15) },
    { damage: "nothing", at: () => fill(0, 0) },
    { damage: "a byte more", at: (sealed: Uint8Array) => Uint8Array.of(...sealed, 0) },
  ];
  test.each(sealers.flatMap((sealer) => damages.map((damage) => ({ ...sealer, ...damage }))))(
    "$name gives undefined for: $damage",
    ({ seal, open, at }) => {
      const sealed = seal(fill(32, 1), fill(12, 2), fill(40, 3));
      expect(open(fill(32, 1), fill(12, 2), at(new Uint8Array(sealed)))).toBeUndefined();
      expect(open(fill(32, 9), fill(12, 2), sealed)).toBeUndefined();
      expect(open(fill(32, 1), fill(12, 9), sealed)).toBeUndefined();
    },
  );

  test("X25519 agrees on a secret with the other form", async () => {
    const [a, b] = [primitives.randomBytes(32), other.randomBytes(32)];
    const secret = await primitives.x25519(a, other.x25519Base(b));
    expect(hex(secret)).toBe(hex(await other.x25519(b, primitives.x25519Base(a))));
  });

  test.each([31, 33, 0])("X25519 refuses a key of %d bytes", async (length) => {
    await expect(primitives.x25519(fill(length, 1), fill(32, 9))).rejects.toThrow();
    await expect(primitives.x25519(fill(32, 1), fill(length, 9))).rejects.toThrow();
  });

  const privateKey = takeRsaKey();
  const spki = new Uint8Array(createPublicKey(privateKey).export({ format: "der", type: "spki" }));
  test.each(["", "ns", "ns/näme"])(
    "RSA-OAEP with the label %j is opened by OpenSSL with that label only",
    async (text) => {
      const sealed = await primitives.rsaOaepEncrypt(spki, fill(32, 5), encodeUtf8(text));
      const open = (oaepLabel: Uint8Array) =>
        privateDecrypt(
          { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256", oaepLabel },
          sealed,
        );
      expect(hex(open(encodeUtf8(text)))).toBe(hex(fill(32, 5)));
      expect(() => open(encodeUtf8(`${text}x`))).toThrow();
      const pkcs8 = new Uint8Array(privateKey.export({ format: "der", type: "pkcs8" }));
      expect(hex(await primitives.rsaOaepDecrypt(pkcs8, sealed, encodeUtf8(text)))).toBe(hex(fill(32, 5)));
      expect(await primitives.rsaOaepDecrypt(pkcs8, sealed, encodeUtf8(`${text}x`))).toBeUndefined();
      expect(await primitives.rsaOaepDecrypt(pkcs8, sealed.subarray(1), encodeUtf8(text))).toBeUndefined();
    },
  );

  test("random bytes have the length asked for, also above 65,536, and differ", () => {
    expect(primitives.randomBytes(0).length).toBe(0);
    const [a, b] = [primitives.randomBytes(70_000), primitives.randomBytes(70_000)];
    expect(a.length).toBe(70_000);
    expect(hex(a.subarray(-32))).not.toBe(hex(b.subarray(-32)));
    expect(hex(a.subarray(-32))).not.toBe(hex(fill(32, 0)));
  });
});

test("the form for browsers does without WebCrypto's X25519 too", async () => {
  const { subtle } = globalThis.crypto;
  const refusing = vi.spyOn(subtle, "importKey").mockRejectedValue(new DOMException("no", "NotSupportedError"));
  try {
    for (const { run, want } of ANSWERS.filter(({ name }) => name.startsWith("X25519"))) {
      expect(hex(await run(web))).toBe(want);
    }
    expect(refusing).toHaveBeenCalled();
  } finally {
    refusing.mockRestore();
  }
});
