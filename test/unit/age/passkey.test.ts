import { createHmac } from "node:crypto";
import { Decrypter, webauthn } from "age-encryption";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  AgeError,
  encryptBytes,
  generateX25519Identity,
  inspect,
  parseIdentity,
  parseRecipient,
} from "../../../src/age/index.ts";
import { createPasskey, passkeyRecipient } from "../../../src/age/passkey.ts";
import { encodeBech32 } from "../../../src/bytes/bech32.ts";

/** Passkeys without a browser: `navigator.credentials` is played here. The real one: test/peers/browser/passkey.test.ts. */

const plain = new TextEncoder().encode("hello\n");

interface Asked {
  readonly publicKey: {
    readonly rpId?: string;
    readonly allowCredentials: readonly { readonly id: Uint8Array }[];
    readonly extensions: {
      readonly prf: { readonly eval: { readonly first: Uint8Array; readonly second: Uint8Array } };
    };
  };
}

const prf = (input: Uint8Array) =>
  Uint8Array.from(createHmac("sha256", "of the authenticator").update(input).digest()).buffer;

/** An authenticator with one passkey, that of localhost. */
function authenticator() {
  const asked: Asked[] = [];
  const credentials = {
    create: async () => ({
      rawId: Uint8Array.of(1, 2, 3).buffer,
      response: { getTransports: () => ["internal"] },
      getClientExtensionResults: () => ({ prf: { enabled: true } }),
    }),
    get: async (options: Asked) => {
      asked.push(options);
      const { first, second } = options.publicKey.extensions.prf.eval;
      return { getClientExtensionResults: () => ({ prf: { results: { first: prf(first), second: prf(second) } } }) };
    },
  };
  vi.stubGlobal("navigator", { credentials });
  return { asked, credentials };
}

async function failure(work: () => unknown): Promise<AgeError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof AgeError) return error;
    throw error;
  }
  throw new Error("it went well");
}

afterEach(() => vi.unstubAllGlobals());

describe("in a browser", () => {
  test("a passkey is made, a file is encrypted to it, and another implementation reads it", async () => {
    const { asked } = authenticator();
    const identity = await createPasskey({ name: "backups", rpId: "localhost" });
    expect(identity).toMatch(/^AGE-PLUGIN-FIDO2PRF-1[0-9A-Z]+$/);
    for (const spelling of [identity, identity.toLowerCase()]) {
      const file = await encryptBytes(plain, [passkeyRecipient({ identity: spelling })]);
      expect(new TextDecoder().decode(file)).toMatch(
        /^age-encryption\.org\/v1\n-> age-encryption\.org\/fido2prf [\w+/]{22}\n[\w+/]{43}\n--- /,
      );
      const reader = new Decrypter();
      reader.addIdentity(new webauthn.WebAuthnIdentity({ identity }));
      expect(await reader.decrypt(file, "text")).toBe("hello\n");
    }
    expect(asked.map(({ publicKey }) => [publicKey.rpId, ...publicKey.allowCredentials[0]!.id])).toEqual(
      Array(4).fill(["localhost", 1, 2, 3]),
    );
  });

  test("without an identity the person chooses among those of the site", async () => {
    const { asked } = authenticator();
    await encryptBytes(plain, [passkeyRecipient({ rpId: "example.com" })]);
    expect(asked.map(({ publicKey }) => [publicKey.rpId, publicKey.allowCredentials])).toEqual([["example.com", []]]);
  });

  test("every file has a key of its own, and X25519 recipients may share it", async () => {
    const { asked } = authenticator();
    const others = [parseRecipient(parseIdentity(generateX25519Identity()).name)];
    const file = await encryptBytes(plain, [passkeyRecipient(), ...others]);
    await encryptBytes(plain, [passkeyRecipient()]);
    const inputs = asked.flatMap(({ publicKey }) => Object.values(publicKey.extensions.prf.eval));
    expect(new Set(inputs.map((input) => Buffer.from(input).toString("hex"))).size).toBe(4);
    expect((await inspect([file])).stanzaTypes).toEqual(["age-encryption.org/fido2prf", "X25519"]);
  });

  test.each([
    ["NotAllowedError", "AGE_PASSKEY_REFUSED", /cancelled/],
    ["AbortError", "AGE_PASSKEY_REFUSED", /broken off/],
    ["SecurityError", "AGE_PASSKEY_UNAVAILABLE", /another site/],
    ["ConstraintError", "AGE_PASSKEY_UNAVAILABLE", /verify its user/],
    ["NotSupportedError", "AGE_PASSKEY_UNAVAILABLE", /such a key/],
    ["UnknownError", "AGE_PASSKEY_UNAVAILABLE", /extension PRF/],
  ])("%s of the browser is %s", async (name, code, why) => {
    const { credentials } = authenticator();
    const refusal = async () => {
      throw new DOMException("what a browser says", name);
    };
    Object.assign(credentials, { get: refusal, create: refusal });
    for (const work of [() => encryptBytes(plain, [passkeyRecipient()]), () => createPasskey({ name: "x" })]) {
      const error = await failure(work);
      expect([error.code, error.details.join(), error.hints.length]).toEqual([code, expect.stringMatching(why), 1]);
    }
  });

  test.each([
    ["no answer", null],
    ["no PRF", { getClientExtensionResults: () => ({}) }],
    ["half of PRF", { getClientExtensionResults: () => ({ prf: { results: { first: prf(plain) } } }) }],
  ])("an authenticator that gives %s is refused", async (_, answer) => {
    const { credentials } = authenticator();
    Object.assign(credentials, { get: async () => answer, create: async () => answer });
    expect((await failure(() => encryptBytes(plain, [passkeyRecipient()]))).code).toBe("AGE_PASSKEY_UNAVAILABLE");
    expect((await failure(() => createPasskey({ name: "x" }))).code).toBe("AGE_PASSKEY_UNAVAILABLE");
  });
});

test.each([
  ["no browser", undefined],
  ["Node 21 and later", { hardwareConcurrency: 2 }],
  ["a page over http", { credentials: undefined }],
])("%s: refused, with the program that does it", async (_, navigator) => {
  vi.stubGlobal("navigator", navigator);
  for (const work of [() => encryptBytes(plain, [passkeyRecipient()]), () => createPasskey({ name: "x" })]) {
    const error = await failure(work);
    expect(error.code).toBe("AGE_PASSKEY_UNAVAILABLE");
    expect(error.details.join()).toContain("https");
    expect(error.hints.join()).toContain("age-plugin-fido2prf");
  }
});

test.each([
  ["", /position/],
  ["AGE-PLUGIN-FIDO2PRF-1QQQQQQQQ", /checksum/],
  [encodeBech32("age-plugin-yubikey-", plain), /unknown type/],
  [encodeBech32("age-plugin-fido2prf-", plain), /no passkey/],
  [encodeBech32("age-plugin-fido2prf-", Uint8Array.of(1, 0x5b, 255, 255, 255, 255, 255, 255, 255, 255)), /no passkey/],
  ["A".repeat(20_000), /too long/],
])("an identity that is none is refused, and not shown: %.30s", async (identity, why) => {
  const error = await failure(() => passkeyRecipient({ identity }));
  expect([error.code, error.details.join()]).toEqual(["AGE_IDENTITY_MALFORMED", expect.stringMatching(why)]);
  if (identity !== "") expect(JSON.stringify([error, error.message, error.original])).not.toContain(identity);
});
