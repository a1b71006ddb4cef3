import { createPrivateKey, X509Certificate } from "node:crypto";
import bcryptjs from "bcryptjs";
import { describe, expect, test } from "vitest";
import { cryptoFunctions } from "../../../../src/template/functions/crypto/functions-adapter.ts";
import { randomFunctions } from "../../../../src/template/functions/random.ts";
import { functionTable } from "../../../../src/template/value/function.ts";
import { GoError } from "../../../../src/template/value/go-error.ts";
import { GoObject, type GoValue } from "../../../../src/template/value/go-value.ts";
import type { Host } from "../../../../src/template/value/host.ts";
import { int, integer, list } from "../../../../src/template/value/make.ts";

let seed = 1;

function nextByte(): number {
  seed = (seed * 48_271) % 0x7fffffff;
  return seed & 0xff;
}

const host: Host = {
  nowNanoseconds: () => 1_795_000_000_000_000_000n,
  randomBytes: (count) => Uint8Array.from({ length: count }, nextByte),
  spend: () => undefined,
  step: () => undefined,
};
const table = functionTable(cryptoFunctions(), randomFunctions());

function call(name: string, ...args: GoValue[]): GoValue {
  const found = table.get(name);
  if (found === undefined) throw new Error(`no function ${name}`);
  return found.call(args, host);
}

function field(value: GoValue, name: string): string {
  if (!(value instanceof GoObject)) throw new Error("no object");
  return String(value.type.fields?.get(name)?.read(value.state));
}

const EC = `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIFxkMg2rOtMnCsGZ1ubdgvfDQMBMXeVhMK9hOjrNvJf+oAoGCCqGSM49
AwEHoUQDQgAEbVV5c7OQ9VULo1kFVyLBGPmDKdOkBBzcHyUiACOzEwzGVyuEmq1x
-----END EC PRIVATE KEY-----
`;

describe("passwords", () => {
  test("bcrypt prints $2a$ and cost 10, and the hash is that of the password", () => {
    const hash = String(call("bcrypt", "sécret"));
    expect(hash).toMatch(/^\$2a\$10\$.{53}$/);
    expect(bcryptjs.compareSync("sécret", hash)).toBe(true);
  });

  test("htpasswd is user and hash; a colon in the user is told, not refused", () => {
    const line = String(call("htpasswd", "joe", "pw"));
    expect(line.startsWith("joe:$2a$10$")).toBe(true);
    expect(bcryptjs.compareSync("pw", line.slice(4))).toBe(true);
    expect(call("htpasswd", "a:b", "pw")).toBe("invalid username: a:b");
  });

  test("bcrypt of more than 72 bytes gives the text of the error", () => {
    expect(call("bcrypt", "x".repeat(73))).toBe(
      "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes",
    );
  });

  test.each([
    ["long", "GiboZepl6:Keqm"],
    ["maximum", "T7!qCYIcV5bHWAZA2%)$"],
    ["pin", "5733"],
    ["other", "cannot find password template other"],
  ])("derivePassword of type %s", (type, want) => {
    expect(call("derivePassword", integer("uint32", 3), type, "pass wörd", "ann", "shop.test")).toBe(want);
  });
});

describe("encryptAES and decryptAES", () => {
  test("undo each other", () => {
    const text = String(call("encryptAES", "key", "plain text"));
    expect(call("decryptAES", "key", text)).toBe("plain text");
    expect(call("encryptAES", "key", "")).toBe("");
    expect(call("decryptAES", "key", "")).toBe("");
  });

  test.each([
    ["no base64", "!", "illegal base64 data at input byte 0"],
    ["shorter than an IV", "YWJj", "runtime error: slice bounds out of range [:16] with capacity 3"],
    ["an IV alone", "MDEyMzQ1Njc4OWFiY2RlZg==", "runtime error: index out of range [-1]"],
    ["no whole blocks", "MDEyMzQ1Njc4OWFiY2RlZmFi", "crypto/cipher: input not full blocks"],
  ])("%s is an error", (_, text, message) => {
    expect(() => call("decryptAES", "key", text)).toThrow(new GoError(message));
  });
});

const KEY = String(call("genPrivateKey", "ed25519"));

describe("certificates", () => {
  const ca = call("genCAWithKey", "my ca", int(365), String(call("genPrivateKey", "ecdsa")));
  const authority = new X509Certificate(field(ca, "Cert"));

  test("an authority signs itself", () => {
    expect(authority.subject).toBe("CN=my ca");
    expect(authority.ca).toBe(true);
    expect(authority.verify(authority.publicKey)).toBe(true);
    expect(authority.checkPrivateKey(createPrivateKey(field(ca, "Key")))).toBe(true);
    expect(new Date(authority.validFrom).getTime()).toBe(1_795_000_000_000);
    expect(new Date(authority.validTo).getTime()).toBe(1_795_000_000_000 + 365 * 86_400_000);
  });

  test.each(["ecdsa", "ed25519"])("an authority signs a certificate with a key of type %s", (type) => {
    const key = String(call("genPrivateKey", type));
    const names = list(["a.example", "*.b.example"]);
    const pair = call("genSignedCertWithKey", "*.example", list(["10.0.0.1", "::1"]), names, int(1), ca, key);
    const certificate = new X509Certificate(field(pair, "Cert"));
    expect(certificate.issuer).toBe("CN=my ca");
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(certificate.checkIssued(authority)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.subjectAltName).toBe(
      "DNS:a.example, DNS:*.b.example, IP Address:10.0.0.1, IP Address:0:0:0:0:0:0:0:1",
    );
    expect(certificate.checkPrivateKey(createPrivateKey(field(pair, "Key")))).toBe(true);
  });

  test("without a name the alternative names are critical, and no name is written", () => {
    const key = String(call("genPrivateKey", "ed25519"));
    const pair = call("genSelfSignedCertWithKey", "", list([]), list(["x"]), int(1), key);
    expect(new X509Certificate(field(pair, "Cert")).subject).toBeFalsy();
  });

  test("buildCustomCert gives back what it read", () => {
    const encoded = (text: string) => Buffer.from(text).toString("base64");
    const pair = call("buildCustomCert", encoded(field(ca, "Cert")), encoded(field(ca, "Key")));
    expect([field(pair, "Cert"), field(pair, "Key")]).toEqual([field(ca, "Cert"), field(ca, "Key")]);
  });

  test.each([
    ["genCAWithKey", ["x", int(1), "no pem"], "parsing private key: no PEM data in input"],
    ["genCAWithKey", ["x", int(1), EC], "parsing private key: parsing EC private key from PEM: the key is malformed"],
    ["genSelfSignedCertWithKey", ["x", list([int(1)]), list([]), int(1), KEY], "error parsing ip: 1 is not a string"],
    ["genSelfSignedCertWithKey", ["x", list(["300.1.1.1"]), list([]), int(1), KEY], "error parsing ip: 300.1.1.1"],
    ["genSelfSignedCertWithKey", ["x", list([]), list([false]), int(1), KEY], "error processing alternate dns name"],
    ["buildCustomCert", ["!", ""], "unable to decode base64 certificate"],
    ["buildCustomCert", ["YQ==", "!"], "unable to decode base64 private key"],
    ["buildCustomCert", ["YQ==", "YQ=="], "unable to decode certificate"],
  ])("%s refuses what is wrong (%#)", (name, args, message) => {
    expect(() => call(name, ...args)).toThrow(message);
  });

  test("an authority whose key is another one's is refused", () => {
    const other = call("genCAWithKey", "other", int(1), String(call("genPrivateKey", "ecdsa")));
    const mixed = call(
      "buildCustomCert",
      Buffer.from(field(ca, "Cert")).toString("base64"),
      Buffer.from(field(other, "Key")).toString("base64"),
    );
    const key = String(call("genPrivateKey", "ed25519"));
    expect(() => call("genSignedCertWithKey", "x", list([]), list([]), int(1), mixed, key)).toThrow(
      "error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey",
    );
  });
});

describe("random text", () => {
  test.each([
    ["randAlphaNum", /^[0-9A-Za-z]{200}$/],
    ["randAlpha", /^[A-Za-z]{200}$/],
    ["randNumeric", /^[0-9]{200}$/],
    ["randAscii", /^[ -~]{200}$/],
    ["randBytes", /^[0-9A-Za-z+/]{267}=$/],
  ])("%s", (name, form) => {
    expect(call(name, int(200))).toMatch(form);
  });

  test("a negative length is empty text", () => {
    expect(call("randAlpha", int(-1))).toBe("");
  });

  test("shuffle keeps the letters", () => {
    expect([...String(call("shuffle", "abcdé"))].sort().join("")).toBe("abcdé");
  });

  test("uuidv4 has version and variant", () => {
    expect(call("uuidv4")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test("randInt stays in its range and refuses an empty one", () => {
    for (let round = 0; round < 50; round++) {
      const value = call("randInt", int(-2), int(3));
      expect(Number((value as { value?: bigint }).value)).toBeGreaterThanOrEqual(-2);
    }
    expect(() => call("randInt", int(5), int(5))).toThrow("invalid argument to Intn");
  });
});
