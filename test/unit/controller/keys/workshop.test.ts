import { generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { rsaWorkshop } from "../../../../controller/sealedsecret/workshop.ts";
import { keyPemOf, keySecret } from "../../../../src/keys/index.ts";
import { readPrivateKey, type SealingKeyPair } from "../../../../src/x509/index.ts";
import { takeRsaKey } from "../../../helpers/rsa-keys.ts";
import { makeSealingKey } from "../../../helpers/sealing-keys.ts";

const { read } = rsaWorkshop({ bits: 2048, ttlMs: 1, commonName: "" });
let key: SealingKeyPair;
let other: SealingKeyPair;
let pkcs1: string;
let pkcs8: string;
let encrypted: string;
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" });

beforeAll(async () => {
  [key, other] = await Promise.all([makeSealingKey(), makeSealingKey()]);
  const privateKey = takeRsaKey();
  pkcs1 = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
  pkcs8 = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  encrypted = privateKey
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "hunter2" })
    .toString();
});

/** By way of the Secret that would hold it. */
const fromSecret = (certificatePem: string, privateKeyPem: string) =>
  read(keyPemOf(keySecret({ certificatePem, privateKeyPem }, { namespace: "kube-system", prefix: "x" })));

describe("a key that people bring along", () => {
  test("may be PKCS#1 or PKCS#8, also behind other blocks, and is the same key", async () => {
    const { fingerprint } = readPrivateKey(pkcs1);
    for (const pem of [pkcs1, pkcs8, key.certificatePem + pkcs8]) {
      expect((await fromSecret(key.certificatePem, pem)).fingerprint).toBe(fingerprint);
    }
  });

  test("counts by its first certificate, which nobody checks against the key", async () => {
    const read = await fromSecret(key.certificatePem + other.certificatePem, other.privateKeyPem);
    expect(read.fingerprint).toBe(other.privateKey.fingerprint);
    expect(read.certificate.fingerprint).toBe(key.certificate.fingerprint);
    expect(read.notBeforeMs).toBe(key.certificate.notBefore);
  });

  test.each([
    { name: "an EC key", certificate: () => key.certificatePem, privateKey: () => ec.toString() },
    { name: "an encrypted key", certificate: () => key.certificatePem, privateKey: () => encrypted },
    { name: "no key at all", certificate: () => key.certificatePem, privateKey: () => key.certificatePem },
    { name: "text", certificate: () => key.certificatePem, privateKey: () => "hunter2" },
    { name: "no certificate", certificate: () => pkcs8, privateKey: () => pkcs8 },
    { name: "an empty certificate", certificate: () => "", privateKey: () => pkcs8 },
  ])("$name is refused, and nothing of it is told", async ({ certificate, privateKey }) => {
    const error = await Promise.resolve()
      .then(() => fromSecret(certificate(), privateKey()))
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(error).toBeInstanceOf(Error);
    expect(String((error as Error).message)).not.toMatch(/hunter2|BEGIN|MII/);
  });
});
