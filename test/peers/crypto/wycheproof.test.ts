import { createPublicKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import { primitives as overNode } from "../../../src/crypto/node.ts";
import { primitives as overWeb } from "../../../src/crypto/web.ts";
import { Keyring } from "../../../src/sealed/index.ts";
import { KeyLanes } from "../../../src/sealed/key-lanes.ts";
import { readPrivateKey } from "../../../src/x509/index.ts";
import { isSkipped, type VectorGroup, wycheproof } from "../../helpers/wycheproof.ts";

const bytes = (hex: string | undefined) => Uint8Array.from(Buffer.from(hex ?? "", "hex"));
const pem = (pkcs8: string | undefined) =>
  `-----BEGIN PRIVATE KEY-----\n${Buffer.from(bytes(pkcs8)).toString("base64")}\n-----END PRIVATE KEY-----\n`;

describe.skipIf(isSkipped)("Project Wycheproof: RSA-OAEP with SHA-256 and MGF1-SHA-256", () => {
  const ours = ({ sha, mgfSha }: VectorGroup) => sha === "SHA-256" && mgfSha === "SHA-256";

  test.each([
    { file: "rsa_oaep_2048_sha256_mgf1sha256", vectors: 37 },
    { file: "rsa_oaep_3072_sha256_mgf1sha256", vectors: 37 },
    { file: "rsa_oaep_4096_sha256_mgf1sha256", vectors: 37 },
  ])("$file: unwrapping of session keys, with and without a label", async ({ file, vectors }) => {
    const groups = wycheproof(file).filter(ours);
    const failed: string[] = [];
    let seen = 0;
    for (const group of groups) {
      const lanes = new KeyLanes(bytes(group.privateKeyPkcs8), 1);
      for (const { tcId, comment, result, msg, ct, label } of group.tests) {
        seen += 1;
        const opened = await lanes.decrypt(bytes(ct), bytes(label));
        const got = opened === undefined || opened === "unusable" ? "invalid" : Buffer.from(opened).toString("hex");
        if (got !== (result === "valid" ? msg : "invalid")) failed.push(`${tcId} ${comment}`);
      }
    }
    expect([seen, failed]).toEqual([vectors, []]);
  });

  test.each(["rsa_oaep_2048_sha256_mgf1sha256", "rsa_oaep_3072_sha256_mgf1sha256", "rsa_oaep_4096_sha256_mgf1sha256"])(
    "%s: whole sealed items open exactly when their session key unwraps to 32 bytes",
    async (file) => {
      for (const group of wycheproof(file)) {
        const key = readPrivateKey(pem(group.privateKeyPkcs8));
        const keyring = new Keyring([{ ...key, notBefore: 0 }]);
        for (const { tcId, result, msg, ct, label } of group.tests) {
          const isKey = result === "valid" && msg.length === 64;
          const sessionKey = isKey ? bytes(msg) : new Uint8Array(32);
          const body = overNode.aes256GcmSeal(sessionKey, new Uint8Array(12), Buffer.from("value"));
          const wrapped = bytes(ct);
          const item = Buffer.concat([Uint8Array.of(wrapped.length >>> 8, wrapped.length & 255), wrapped, body]);
          const opened = await keyring.open(item, bytes(label)).then(
            ({ clearText }) => clearText.revealText(),
            (error: { code: string }) => error.code,
          );
          expect(opened, `${tcId}`).toBe(isKey ? "value" : "SEALED_NO_KEY_FITS");
        }
      }
    },
  );

  test.each(["node", "web"])("what %s wraps for their keys, their keys unwrap under that label only", async (which) => {
    const { rsaOaepEncrypt } = which === "node" ? overNode : overWeb;
    for (const bits of [2048, 3072, 4096]) {
      const [group] = wycheproof(`rsa_oaep_${bits}_sha256_mgf1sha256`);
      const spki = createPublicKey(pem(group?.privateKeyPkcs8)).export({ type: "spki", format: "der" });
      const lanes = new KeyLanes(bytes(group?.privateKeyPkcs8), 1);
      for (const label of ["", "apps", "apps/db"].map((text) => Buffer.from(text))) {
        const secret = overNode.randomBytes(32);
        const wrapped = await rsaOaepEncrypt(new Uint8Array(spki), secret, label);
        expect(await lanes.decrypt(wrapped, label)).toEqual(secret);
        expect(await lanes.decrypt(wrapped, Buffer.from("other"))).toBeUndefined();
      }
    }
  });

  test("vectors of other hashes never open as ours", async () => {
    for (const file of ["rsa_oaep_2048_sha256_mgf1sha1", "rsa_oaep_2048_sha512_mgf1sha512"]) {
      for (const group of wycheproof(file)) {
        const lanes = new KeyLanes(bytes(group.privateKeyPkcs8), 1);
        for (const { ct, label } of group.tests) expect(await lanes.decrypt(bytes(ct), bytes(label))).toBeUndefined();
      }
    }
  });
});

describe.skipIf(isSkipped).each([
  { which: "node:crypto", primitives: overNode },
  { which: "the Web form", primitives: overWeb },
])("Project Wycheproof: AES-256-GCM over $which", ({ primitives }) => {
  test("every vector with a tag of 128 bits opens or fails as it says, and seals to the same bytes", () => {
    const failed: string[] = [];
    let seen = 0;
    for (const { keySize, tagSize, ivSize = 0, tests } of wycheproof("aes_gcm")) {
      // Sealed items have 96 bits, SOPS files 256; none has less than 64, or more than the 1024 that OpenSSL takes.
      if (keySize !== 256 || tagSize !== 128 || ivSize < 64 || ivSize > 1024) continue;
      for (const { tcId, comment, result, key, iv, aad, msg, ct, tag } of tests) {
        seen += 1;
        const opened = primitives.aes256GcmOpen(bytes(key), bytes(iv), bytes(`${ct}${tag}`), bytes(aad));
        const got = opened === undefined ? "invalid" : Buffer.from(opened).toString("hex");
        if (got !== (result === "valid" ? msg : "invalid")) failed.push(`open ${tcId} ${comment}`);
        if (result !== "valid") continue;
        const sealed = primitives.aes256GcmSeal(bytes(key), bytes(iv), bytes(msg), bytes(aad));
        if (Buffer.from(sealed).toString("hex") !== `${ct}${tag}`) failed.push(`seal ${tcId} ${comment}`);
      }
    }
    expect(failed).toEqual([]);
    expect(seen).toBeGreaterThan(60);
  });
});
